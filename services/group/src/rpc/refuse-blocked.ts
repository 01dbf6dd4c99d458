import { type AppId, limits, ParleyError } from '@parley/kernel';
import type { GroupCalls } from '../ports.js';

export interface BringingIn {
  readonly app: AppId;
  /** Who brings them in; empty for the back end, which no block binds. */
  readonly operator: string;
  readonly users: readonly string[];
}

/** Throws BLOCKED, naming them, when the app lets blocks stop invitations and some of the users are blocked, or block. */
export async function refuseBlocked(
  { history, rules }: GroupCalls,
  { app, operator, users }: BringingIn,
  signal: AbortSignal,
): Promise<void> {
  const { blocksInvitations, blocksBothWays } = rules.rulesOf(app);
  const others = [...new Set(users)].filter((user) => user !== operator);
  // The decider refuses more of them.
  if (operator === '' || !blocksInvitations || others.length === 0 || others.length > limits.groupInviteMax) return;
  const { relations } = await history.getRelations({ app, user: operator, others, isCurrent: true }, { signal });
  const blocked = relations.filter(({ view, isBlockedBy }) => isBlockedBy || (blocksBothWays && view?.isBlocked === true));
  if (blocked.length === 0) return;
  throw new ParleyError('BLOCKED', `users: ${blocked.map(({ view }) => view?.other ?? '').join(', ')}`);
}
