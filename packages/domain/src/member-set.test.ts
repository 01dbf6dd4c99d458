import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemberSet } from './member-set.js';

/** Join order as a plain array: what MemberSet must agree with. */
type Model = readonly string[];

const step = fc.tuple(
  fc.boolean(),
  fc.integer({ min: 0, max: 60 }).map((n) => `user-${n}`),
);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `user-${(i * 7919) % count}`);

function pagesOf(set: MemberSet, limit: number): string[] {
  const all: string[] = [];
  for (let after = ''; ; ) {
    const page = set.page(after, limit);
    all.push(...page);
    const last = page.at(-1);
    if (page.length < limit || last === undefined) return all;
    after = last;
  }
}

describe('MemberSet', () => {
  it('agrees with a plain list over any sequence of joins and leaves', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let set = MemberSet.empty;
        let model: Model = [];
        for (const [joins, user] of steps) {
          set = joins ? set.with(user) : set.without(user);
          if (joins) model = model.includes(user) ? model : [...model, user];
          else model = model.filter((other) => other !== user);
          expect(set.has(user)).toBe(joins);
        }
        expect(set.inJoinOrder()).toEqual(model);
        expect(set.size).toBe(model.length);
        expect(set.longest()).toBe(model[0]);
        expect(pagesOf(set, 7)).toEqual([...model].sort());
      }),
    );
  });

  it('leaves earlier versions as they were', () => {
    const before = MemberSet.of(['b', 'a']);
    before.with('c');
    before.without('a');
    expect(before.inJoinOrder()).toEqual(['b', 'a']);
  });

  it('returns itself when nothing changes', () => {
    const set = MemberSet.of(['a']);
    expect(set.with('a')).toBe(set);
    expect(set.without('b')).toBe(set);
  });

  it('keeps order and membership over many leaves, growing and shrinking', () => {
    const users = numbered(5_003);
    const grown = users.reduce<MemberSet>((set, user) => set.with(user), MemberSet.empty);
    expect(grown.inJoinOrder()).toEqual(users);
    expect(pagesOf(grown, 100)).toEqual([...users].sort());
    const gone = users.filter((_, i) => i % 10 !== 0);
    const rest = grown.withoutAll(gone);
    expect(rest.inJoinOrder()).toEqual(users.filter((_, i) => i % 10 === 0));
    expect(gone.some((user) => rest.has(user))).toBe(false);
    expect(pagesOf(rest, 33)).toEqual([...rest.inJoinOrder()].sort());
  });

  it('is rebuilt from its join order', () => {
    const users = numbered(1_009);
    const rebuilt = MemberSet.of(users).with('zz');
    expect(rebuilt.inJoinOrder()).toEqual([...users, 'zz']);
  });

  it('continues a page behind a user who has left meanwhile', () => {
    const set = MemberSet.of(['a', 'b', 'c', 'd']).without('b');
    expect(set.page('b', 10)).toEqual(['c', 'd']);
  });
});
