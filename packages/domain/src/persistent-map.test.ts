import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PersistentMap } from './persistent-map.js';

const key = fc.integer({ min: 0, max: 60 }).map((n) => `key-${n}`);
const step = fc.tuple(key, fc.option(fc.nat(9), { nil: undefined }));
const sortedEntries = <Value>(map: ReadonlyMap<string, Value>): unknown => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe('PersistentMap', () => {
  it('agrees with a Map over any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let map = PersistentMap.empty<number>();
        const model = new Map<string, number>();
        for (const [at, value] of steps) {
          map = value === undefined ? map.without(at) : map.with(at, value);
          if (value === undefined) model.delete(at);
          else model.set(at, value);
          expect(map.get(at)).toBe(value);
          expect(map.has(at)).toBe(value !== undefined);
        }
        expect([...map.entries()]).toEqual(sortedEntries(model));
        expect(map.size).toBe(model.size);
        expect([...PersistentMap.of(model).entries()]).toEqual(sortedEntries(model));
      }),
    );
  });

  it('keeps every earlier version as it was, over many leaves', () => {
    const count = 3_001;
    const keys = Array.from({ length: count }, (_, i) => `key-${(i * 7919) % count}`);
    const grown = keys.reduce((map, at, i) => map.with(at, i), PersistentMap.empty<number>());
    const before = [...grown.entries()];
    const raised = keys.reduce((map, at, i) => map.with(at, count + i), grown);
    const shrunk = keys.slice(10).reduce((map, at) => map.without(at), raised);
    expect([...grown.entries()]).toEqual(before);
    expect(keys.every((at, i) => grown.get(at) === i && raised.get(at) === count + i)).toBe(true);
    expect(new Map(shrunk.entries())).toEqual(new Map(keys.slice(0, 10).map((at, i) => [at, count + i])));
  });

  it('takes the last value of a key that is given twice', () => {
    const map = PersistentMap.of([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    expect([map.size, map.get('a')]).toEqual([2, 3]);
  });

  it('returns itself when there is nothing to take out', () => {
    const map = PersistentMap.of([['a', 1]]);
    expect(map.without('b')).toBe(map);
  });
});
