import { conversationOfUsers, type UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import { Priority, RelationKind, type UserProfile } from '@parley/wire';
import { eachRelation } from './each-relation.js';
import type { UserEvents } from './events.js';
import { userLimits } from './limits.js';
import type { UserDeps } from './ports.js';

/**
 * Tells those who have the user in their list, and whom the user does not block, what the user shows now. The change stands whether
 * they learn of it or not, so nothing is thrown.
 */
export async function tellFriends(
  deps: UserDeps & { readonly events: UserEvents },
  { app, profile }: { readonly app: string; readonly profile: UserProfile },
  call: CallOptions,
): Promise<void> {
  const user = profile.user as UserId;
  const conversation = conversationOfUsers(user, user);
  const body = { type: 'profile', value: { profile } } as const;
  const tell = (onlyTo: readonly string[]) =>
    deps.router.notify({ app, conversation, notice: { priority: Priority.MEDIUM, onlyTo, body } }, call);
  try {
    let friends: string[] = [];
    for await (const { other, isBefriended, isBlocked } of eachRelation(deps, { app, user, kind: RelationKind.UNSPECIFIED }, call)) {
      if (!isBefriended || isBlocked) continue;
      friends.push(other);
      if (friends.length < userLimits.noticeUsers) continue;
      await tell(friends);
      friends = [];
    }
    if (friends.length > 0) await tell(friends);
  } catch (error) {
    deps.events.friendsNotTold(app, error);
  }
}
