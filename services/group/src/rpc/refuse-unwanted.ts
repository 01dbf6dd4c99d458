import { refusalOfKnown } from '@parley/domain';
import { type AppId, limits, ParleyError } from '@parley/kernel';
import type { GroupCalls } from '../ports.js';

export interface BringingIn {
  readonly app: AppId;
  /** Who brings them in; empty for the back end, which nothing of this binds. */
  readonly operator: string;
  readonly users: readonly string[];
}

/**
 * Throws BLOCKED, naming them, when the app lets blocks stop invitations and some of the users are blocked, or block; NOT_FRIENDS where only
 * friends write to each other and some are none: else a group of two would be the way around it.
 */
export async function refuseUnwanted(
  { history, rules }: GroupCalls,
  { app, operator, users }: BringingIn,
  signal: AbortSignal,
): Promise<void> {
  const { blocksInvitations, blocksBothWays, friendsOnly } = rules.rulesOf(app);
  const others = [...new Set(users)].filter((user) => user !== operator);
  // The decider refuses more of them.
  if (operator === '' || others.length === 0 || others.length > limits.groupInviteMax) return;
  if (!blocksInvitations && !friendsOnly) return;
  const { relations } = await history.getRelations({ app, user: operator, others, isCurrent: true }, { signal });
  const known = new Map(relations.map((each) => [each.view?.other ?? '', each]));
  const bound = { blocksBothWays: blocksInvitations && blocksBothWays, friendsOnly };
  const refusalOf = (other: string) => {
    const found = known.get(other);
    return refusalOfKnown(blocksInvitations ? found : { ...found, isBlockedBy: false }, bound);
  };
  for (const error of ['BLOCKED', 'NOT_FRIENDS'] as const) {
    const concerned = others.filter((other) => refusalOf(other) === error);
    if (concerned.length > 0) throw new ParleyError(error, `users: ${concerned.join(', ')}`);
  }
}
