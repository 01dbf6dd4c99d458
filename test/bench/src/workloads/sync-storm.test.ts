import { describe, expect, it } from '@jest/globals';
import { directPairs, membersOf } from './sync-storm.js';

const users = Array.from({ length: 100 }, (_, index) => ({ index, user: `u${index}`, token: '' }));

describe('lists of users who come back at once', () => {
  it('hold as many conversations for each', () => {
    const counts = new Map<number, number>();
    const pairs = [...directPairs(users.length, 18)];
    for (const pair of pairs) for (const index of pair) counts.set(index, (counts.get(index) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([18]));
    expect(counts.size).toBe(100);
    expect(new Set(pairs.map((pair) => [...pair].sort().join())).size).toBe(pairs.length);
  });

  it('never pair a user with themselves, however few they are', () => {
    expect([...directPairs(3, 18)]).toEqual([
      [0, 1],
      [1, 2],
      [2, 0],
    ]);
    expect([...directPairs(1, 18)]).toEqual([]);
  });

  it('put everybody into two groups, one of neighbours and one of users who are far from each other', () => {
    const groups = Array.from({ length: 10 }, (_, number) => membersOf(users, number));
    const groupsOf = users.map(({ user }) => groups.filter((members) => members.includes(user)).length);
    expect(new Set(groupsOf)).toEqual(new Set([2]));
    expect(groups[0]?.slice(0, 3)).toEqual(['u0', 'u1', 'u2']);
    expect(groups[1]?.slice(0, 3)).toEqual(['u0', 'u5', 'u10']);
  });
});
