import type { UpdateUserRequest, UpdateUserResponseInit } from '@parley/contracts/user';
import { type AppId, conversationOfUsers, ParleyError, type UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { UserProfile } from '@parley/wire';
import type { UserEvents } from '../events.js';
import type { UserDeps } from '../ports.js';
import { tellFriends } from '../tell-friends.js';
import { appField, userField } from './fields.js';

/** Changes what a user shows, and tells the user's friends. Repeating it changes nothing and tells nobody. */
export async function updateUser(
  deps: UserDeps & { readonly events: UserEvents },
  request: UpdateUserRequest,
  call: CallOptions,
): Promise<UpdateUserResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const { change } = request;
  if (change === undefined) throw new ParleyError('INVALID_ARGUMENT', 'change: missing');
  if (change.isErased) throw new ParleyError('INVALID_ARGUMENT', 'change.is_erased: EraseUser does that');
  const before = await profileOf(deps, { app, user, isCurrent: false }, call);
  const { version } = await deps.router.act(
    { app, conversation: conversationOfUsers(user, user), sender: user, act: { kind: { type: 'profile', value: change } } },
    call,
  );
  const after = await profileOf(deps, { app, user, isCurrent: true }, call);
  const isNews = version !== (before?.version ?? 0);
  if (isNews && after !== undefined) await tellFriends(deps, { app, profile: after }, call);
  return { user: after };
}

async function profileOf(
  { history }: UserDeps,
  { app, user, isCurrent }: { readonly app: AppId; readonly user: UserId; readonly isCurrent: boolean },
  call: CallOptions,
): Promise<UserProfile | undefined> {
  const { profiles } = await history.getProfiles({ app, users: [user], isCurrent }, call);
  return profiles[0];
}
