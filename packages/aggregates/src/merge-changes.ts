import type { PendingForward } from '@parley/contracts/events';
import { createMembershipChange, type MembershipChange } from '@parley/wire';
import { aggregateLimits } from './limits.js';

/** How many of the first changes become one, and what that one is. */
export interface Merged {
  readonly count: number;
  readonly change: MembershipChange;
}

/**
 * Merges changes from the front as far as they allow. For each user the last word counts, and the version is
 * that of the last change: whoever knows an earlier one comes to the same members. An end (`closed`) stays alone.
 */
export function mergeChanges(forwards: readonly PendingForward[]): Merged {
  const first = changeOf(forwards[0]);
  if (first.closed) return { count: 1, change: first };
  const joined = new Set<string>();
  const left = new Set<string>();
  let count = 0;
  let version = 0;
  for (const forward of forwards) {
    const change = changeOf(forward);
    const users = change.joined.length + change.left.length;
    const isTooMany = joined.size + left.size + users > aggregateLimits.mergedUsersMax;
    if (count > 0 && (change.closed || change.operator !== first.operator || isTooMany)) break;
    for (const user of change.left) move(user, joined, left);
    for (const user of change.joined) move(user, left, joined);
    version = change.version;
    count++;
  }
  return { count, change: { joined: [...joined], left: [...left], operator: first.operator, version, closed: false } };
}

function move(user: string, from: Set<string>, to: Set<string>): void {
  from.delete(user);
  to.add(user);
}

const nothing = createMembershipChange({});
const changeOf = (forward: PendingForward | undefined): MembershipChange => forward?.change ?? nothing;
