import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecentMap } from './recent-map.js';

describe('a map of what was wanted of late', () => {
  it('never holds more than it may, and always the newest half', () => {
    const map = new RecentMap<number>(10);
    for (let i = 0; i < 100; i++) {
      map.set(`k${i}`, i);
      expect(map.size).toBeLessThanOrEqual(10);
      for (let back = 0; back < Math.min(5, i + 1); back++) expect(map.get(`k${i - back}`)).toBe(i - back);
    }
    expect(map.get('k0')).toBeUndefined();
  });

  it('keeps what is read again and again, however much else comes', () => {
    const map = new RecentMap<number>(10);
    map.set('kept', 1);
    for (let i = 0; i < 100; i++) {
      map.set(`k${i}`, i);
      expect(map.get('kept')).toBe(1);
    }
  });

  it('is empty when it was cleared', () => {
    const map = new RecentMap<number>(4);
    for (let i = 0; i < 4; i++) map.set(`k${i}`, i);
    map.clear();
    expect([map.size, map.get('k0'), map.get('k3')]).toEqual([0, undefined, undefined]);
  });

  it('gives the last value of a key or none, whatever happened before', () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 9 }), isRead: fc.boolean(), isCleared: fc.nat(40).map((n) => n === 0) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (steps, entriesMax) => {
        const map = new RecentMap<number>(entriesMax);
        const model = new Map<number, number>();
        for (const [value, { key, isRead, isCleared }] of steps.entries()) {
          if (isCleared) {
            map.clear();
            model.clear();
          } else if (isRead) {
            const found = map.get(`${key}`);
            if (found !== undefined) expect(found).toBe(model.get(key));
          } else {
            map.set(`${key}`, value);
            model.set(key, value);
            expect(map.get(`${key}`)).toBe(value);
          }
        }
      }),
    );
  });
});
