import { describe, expect, it } from '@jest/globals';
import { createPendingForward, encodeNoticeCommand, type PendingForward, type PendingForwardInit } from '@parley/contracts/events';
import { createMembershipChange, HistoryAccess, MembershipCause, type MembershipChange } from '@parley/wire';
import fc from 'fast-check';
import { aggregateLimits } from './limits.js';
import { type Merged, mergeForwards } from './merge-forwards.js';

function apply(members: ReadonlySet<string>, change: MembershipChange): ReadonlySet<string> {
  if (change.closed) return new Set();
  const next = new Set(members);
  for (const user of change.left) next.delete(user);
  for (const user of change.joined) next.add(user);
  return next;
}

const forward = (init: PendingForwardInit): PendingForward => createPendingForward(init);
const noticeOf = (stateVersion: number, bytes = 0): PendingForwardInit => ({
  notices: [{ body: { type: 'roomChange', value: { stateVersion, operator: 'x'.repeat(bytes) } } }],
});

const user = fc.constantFrom('ann', 'bob', 'cid', 'dan');
const cause = fc.constantFrom(MembershipCause.UNSPECIFIED, MembershipCause.OFFLINE, MembershipCause.KICKED);
const body = fc.oneof(
  user.map((joined) => ({ joined: [joined] })),
  fc.record({ left: user.map((left) => [left]), cause, operator: fc.constantFrom('', 'ann') }),
  fc.constant({}),
  fc.record({ closed: fc.constant(true), operator: fc.constantFrom('', 'ann') }),
);
const forwards = fc
  .array(body, { minLength: 1, maxLength: 40 })
  .map((bodies) => bodies.map((init, i) => forward({ index: i + 1, change: { ...init, version: i + 1 } })));

/** Changes mixed with notices and rules, each numbered by its place. */
const mixed = fc
  .array(fc.tuple(body, fc.constantFrom('change', 'notice', 'both', 'speaking')), { minLength: 1, maxLength: 150 })
  .map((kinds) =>
    kinds.map(([init, kind], i): PendingForward => {
      const change = { ...init, version: i + 1 };
      if (kind === 'notice') return forward({ index: i + 1, ...noticeOf(i + 1) });
      if (kind === 'both') return forward({ index: i + 1, change, ...noticeOf(i + 1) });
      if (kind === 'speaking') return forward({ index: i + 1, change: { version: i + 1 }, speaking: { allMutedUntilMs: i + 1 } });
      return forward({ index: i + 1, change });
    }),
  );

function mergedAll(waiting: readonly PendingForward[]): readonly Merged[] {
  const merged: Merged[] = [];
  for (let rest = waiting; rest.length > 0; ) {
    const next = mergeForwards(rest);
    expect(next.count).toBeGreaterThan(0);
    merged.push(next);
    rest = rest.slice(next.count);
  }
  return merged;
}

const changesOf = (merged: readonly { readonly change: MembershipChange | undefined }[]): readonly MembershipChange[] =>
  merged.map(({ change }) => change ?? createMembershipChange({}));

describe('merged changes', () => {
  it('lead to the same members, whichever of them were known before', () => {
    fc.assert(
      fc.property(forwards, fc.nat(40), fc.uniqueArray(user), (waiting, known, start) => {
        const changes = changesOf(waiting);
        const expected = changes.reduce(apply, new Set(start));
        // A router that had the first few from an earlier owner, and now gets all of them merged.
        const before = changes.slice(0, known).reduce(apply, new Set<string>(start));
        const after = changesOf(mergedAll(waiting))
          .filter((change) => change.version > known)
          .reduce(apply, before);
        expect(after).toEqual(expected);
      }),
    );
  });

  it('keep growing versions, and an end stays alone', () => {
    fc.assert(
      fc.property(forwards, (waiting) => {
        const merged = changesOf(mergedAll(waiting));
        const versions = merged.map((change) => change.version);
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        expect(versions.at(-1)).toBe(waiting.length);
        const ends = waiting.filter(({ change }) => change?.closed).length;
        expect(merged.filter((change) => change.closed)).toHaveLength(ends);
      }),
    );
  });

  it('never name a user with the operator or cause of another', () => {
    fc.assert(
      fc.property(forwards, (waiting) => {
        let from = 0;
        for (const { count, change } of mergedAll(waiting)) {
          const parts = changesOf(waiting.slice(from, from + count));
          from += count;
          for (const part of parts) {
            if (part.joined.length + part.left.length > 0) expect(part.operator).toBe(change?.operator);
            if (part.left.length > 0) expect(part.cause).toBe(change?.cause);
          }
        }
      }),
    );
  });

  it('tell how many members there are after the last of them', () => {
    const waiting = [1, 2, 3].map((n) => forward({ change: { version: n, joined: [`u${n}`], memberCount: n } }));
    expect(mergeForwards(waiting).change).toMatchObject({ joined: ['u1', 'u2', 'u3'], memberCount: 3 });
  });

  it('are bounded', () => {
    const crowd = Array.from({ length: 1_000 }, (_, i) => forward({ index: i + 1, change: { joined: [`u${i}`], version: i + 1 } }));
    const { count, change } = mergeForwards(crowd);
    expect(count).toBe(aggregateLimits.mergedUsersMax);
    expect(change?.joined).toHaveLength(aggregateLimits.mergedUsersMax);
  });
});

describe('merged notices and rules', () => {
  it('keep every notice in its order and the last of the rules, and invent no change', () => {
    fc.assert(
      fc.property(mixed, (waiting) => {
        const merged = mergedAll(waiting);
        expect(merged.flatMap(({ notices }) => notices)).toEqual(waiting.flatMap(({ notices }) => notices));
        let from = 0;
        for (const { count, change, speaking } of merged) {
          const parts = waiting.slice(from, from + count);
          from += count;
          expect(change?.version).toBe(parts.findLast((part) => part.change !== undefined)?.change?.version);
          expect(speaking).toEqual(parts.findLast((part) => part.speaking !== undefined)?.speaking);
        }
      }),
    );
  });

  it('take the last rules of keeping messages', () => {
    const waiting = [5, 7].map((destroyAfterMs) => forward({ rules: { destroyAfterMs } }));
    expect(mergeForwards([...waiting, forward(noticeOf(1))])).toMatchObject({ count: 3, rules: { destroyAfterMs: 7 } });
  });

  it('take the last access to what was said before', () => {
    const waiting = [
      forward({ historyAccess: HistoryAccess.FROM_JOIN }),
      forward({ historyAccess: HistoryAccess.RECENT }),
      forward(noticeOf(1)),
    ];
    expect(mergeForwards(waiting)).toMatchObject({ count: 3, change: undefined, historyAccess: HistoryAccess.RECENT });
  });

  it('are bounded in number and in bytes, but for a single large one', () => {
    const many = Array.from({ length: 200 }, (_, i) => forward(noticeOf(i + 1)));
    expect(mergeForwards(many).notices).toHaveLength(aggregateLimits.mergedNoticesMax);
    const large = Array.from({ length: 20 }, (_, i) => forward(noticeOf(i + 1, 5_000)));
    const { notices } = mergeForwards(large);
    expect(notices.length).toBe(6);
    expect(notices.reduce((sum, notice) => sum + encodeNoticeCommand(notice).length, 0)).toBeLessThan(aggregateLimits.mergedNoticeBytesMax);
    expect(mergeForwards([forward(noticeOf(1, 40_000)), forward(noticeOf(2))])).toMatchObject({ count: 1 });
  });

  it('do not follow an end in one command', () => {
    const end = forward({ change: { version: 5, closed: true } });
    expect(mergeForwards([end, forward(noticeOf(1))])).toMatchObject({ count: 1, notices: [] });
    expect(mergeForwards([forward(noticeOf(1)), end])).toMatchObject({ count: 1, change: undefined });
  });
});
