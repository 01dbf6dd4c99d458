import { describe, expect, it } from '@jest/globals';
import type { PendingForward } from '@parley/contracts/events';
import { createMembershipChange, type MembershipChange } from '@parley/wire';
import fc from 'fast-check';
import { aggregateLimits } from './limits.js';
import { mergeChanges } from './merge-changes.js';

function apply(members: ReadonlySet<string>, change: MembershipChange): ReadonlySet<string> {
  if (change.closed) return new Set();
  const next = new Set(members);
  for (const user of change.left) next.delete(user);
  for (const user of change.joined) next.add(user);
  return next;
}

const user = fc.constantFrom('ann', 'bob', 'cid', 'dan');
const body = fc.oneof(
  user.map((joined) => ({ joined: [joined] })),
  user.map((left) => ({ left: [left] })),
  fc.record({ closed: fc.constant(true), operator: fc.constantFrom('', 'ann') }),
);
const forwards = fc
  .array(body, { minLength: 1, maxLength: 40 })
  .map((bodies) =>
    bodies.map((init, i): PendingForward => ({ index: i + 1, change: createMembershipChange({ ...init, version: i + 1 }) })),
  );

function mergedAll(waiting: readonly PendingForward[]): readonly MembershipChange[] {
  const changes: MembershipChange[] = [];
  for (let rest = waiting; rest.length > 0; ) {
    const { count, change } = mergeChanges(rest);
    expect(count).toBeGreaterThan(0);
    changes.push(change);
    rest = rest.slice(count);
  }
  return changes;
}

describe('merged changes', () => {
  it('lead to the same members, whichever of them were known before', () => {
    fc.assert(
      fc.property(forwards, fc.nat(40), fc.uniqueArray(user), (waiting, known, start) => {
        const changes = waiting.map((forward) => forward.change ?? createMembershipChange({}));
        const expected = changes.reduce(apply, new Set(start));
        // A router that had the first few from an earlier owner, and now gets all of them merged.
        const before = changes.slice(0, known).reduce(apply, new Set<string>(start));
        const after = mergedAll(waiting)
          .filter((change) => change.version > known)
          .reduce(apply, before);
        expect(after).toEqual(expected);
      }),
    );
  });

  it('keep growing versions, and an end stays alone', () => {
    fc.assert(
      fc.property(forwards, (waiting) => {
        const merged = mergedAll(waiting);
        const versions = merged.map((change) => change.version);
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        expect(versions.at(-1)).toBe(waiting.length);
        const ends = waiting.filter((forward) => forward.change?.closed).length;
        expect(merged.filter((change) => change.closed)).toHaveLength(ends);
      }),
    );
  });

  it('are bounded', () => {
    const crowd = Array.from(
      { length: 1_000 },
      (_, i): PendingForward => ({
        index: i + 1,
        change: createMembershipChange({ joined: [`u${i}`], version: i + 1 }),
      }),
    );
    const { count, change } = mergeChanges(crowd);
    expect(count).toBe(aggregateLimits.mergedUsersMax);
    expect(change.joined).toHaveLength(aggregateLimits.mergedUsersMax);
  });
});
