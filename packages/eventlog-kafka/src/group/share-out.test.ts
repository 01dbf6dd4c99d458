import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeAssignment, decodeHolder, encodeAssignment, encodeSubscription } from './membership-codec.js';
import { type Holder, shareOut } from './share-out.js';

const holders = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 9 }).chain((ids) =>
  fc.tuple(
    ...ids.map((memberId) =>
      fc.record({
        memberId: fc.constant(memberId),
        generation: fc.integer({ min: -1, max: 5 }),
        held: fc.uniqueArray(fc.nat(70)),
      }),
    ),
  ),
);

const holding = (held: Record<string, readonly number[]>): Holder[] =>
  Object.entries(held).map(([memberId, numbers]) => ({ memberId, generation: 1, held: numbers }));

describe('sharing out partition numbers', () => {
  it('gives every number to one member, in shares that differ by at most one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 }), holders, (count, members) => {
        const shares = [...shareOut(count, members).values()];
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, number) => number));
        const sizes = shares.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves nothing when it is shared out evenly already', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), holders, (count, members) => {
        const before = shareOut(count, members);
        const again = members.map(({ memberId }) => ({ memberId, generation: 9, held: before.get(memberId) ?? [] }));
        expect(shareOut(count, again)).toEqual(before);
      }),
    );
  });

  it('takes from a member only what the newcomer needs', () => {
    const shares = shareOut(8, holding({ a: [0, 1, 2, 3], b: [4, 5, 6, 7], c: [] }));
    expect(shares.get('c')).toHaveLength(2);
    const kept = [0, 1, 2, 3].filter((number) => shares.get('a')?.includes(number));
    expect(kept).toHaveLength(3);
    expect([4, 5, 6, 7].filter((number) => shares.get('b')?.includes(number))).toHaveLength(3);
  });

  it('believes the newer of two who claim a number', () => {
    const old = { memberId: 'a', generation: 3, held: [0, 1] };
    const young = { memberId: 'b', generation: 4, held: [0, 1] };
    expect(shareOut(3, [old, young]).get('b')).toEqual([0, 1]);
  });
});

describe('what members tell each other', () => {
  it('comes back as it went', () => {
    const subscription = encodeSubscription(['a', 'b'], { generation: 7, held: [1, 5] });
    expect(decodeHolder('m', subscription)).toEqual({ memberId: 'm', generation: 7, held: [1, 5] });
    expect(decodeAssignment(encodeAssignment(['a', 'b'], [5, 1]))).toEqual([1, 5]);
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
  });

  it('counts as nothing when it is of another program', () => {
    const foreign = encodeSubscription(['a'], { generation: 1, held: [] });
    const garbled = Buffer.from(foreign.toString('latin1').replace('{', '!'), 'latin1');
    expect(decodeHolder('m', garbled)).toEqual({ memberId: 'm', generation: -1, held: [] });
  });
});
