import type { QueryPresenceRequest, QueryPresenceResponseInit } from '@parley/contracts/router';
import { channelOfUser, isAppId, isUserId, ParleyError, partitionOf } from '@parley/kernel';
import type { Channels } from '../fanout/channels.js';
import { routerLimits } from '../limits.js';

export interface PresenceDeps {
  readonly channels: Channels;
  readonly partitions: number;
  readonly isOwned: (partition: number) => boolean;
}

/** Answers for users whose channels this process owns; one that it does not own fails the call with NOT_OWNER. */
export function queryPresence(deps: PresenceDeps, { app, users }: QueryPresenceRequest): QueryPresenceResponseInit {
  if (users.length > routerLimits.presenceUsersMax) {
    throw new ParleyError('INVALID_ARGUMENT', `users: at most ${routerLimits.presenceUsersMax}`);
  }
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  if (!users.every(isUserId)) throw new ParleyError('INVALID_ARGUMENT', 'users: 1–32 of A-Z a-z 0-9 _ - .');
  for (const user of users) {
    if (!deps.isOwned(partitionOf(app, channelOfUser(user), deps.partitions))) throw new ParleyError('NOT_OWNER');
  }
  return { online: users.filter((user) => deps.channels.isPresent(app, channelOfUser(user))) };
}
