import { limits } from '@parley/kernel';
import { type BanFromRoom, type KickFromRoom, type MuteInRoom, RoomRole, type SetRoomRole } from '@parley/wire';
import { type Answer, type Asker, demand, done, newValue, type RequestDeps } from './request-handler.js';
import { demandDuration, demandRoom } from './room-checks.js';
import { demandUser, demandUsers } from './shared-checks.js';

export async function kickFromRoom(deps: RequestDeps, asker: Asker, { room, users }: KickFromRoom): Promise<Answer> {
  demandRoom(room);
  demandUsers('users', users, limits.roomKickMax);
  demand(users.length > 0, 'users: at least 1');
  const { kicked } = await deps.room.kickMembers({ app: asker.app, room, operator: asker.user.id, users }, asker.call);
  return { type: 'kickedUsers', value: { users: kicked } };
}

export async function banFromRoom(deps: RequestDeps, asker: Asker, { room, user, durationMs }: BanFromRoom): Promise<Answer> {
  demandRoom(room);
  demandUser('user', user);
  demandDuration(durationMs);
  const { untilMs } = await deps.room.banUser({ app: asker.app, room, operator: asker.user.id, user, durationMs }, asker.call);
  return newValue(untilMs);
}

export async function muteInRoom(deps: RequestDeps, asker: Asker, request: MuteInRoom): Promise<Answer> {
  const { room, user, role, isEveryone, durationMs } = request;
  demandRoom(room);
  const targets = Number(user !== '') + Number(role !== RoomRole.UNSPECIFIED) + Number(isEveryone);
  demand(targets === 1, 'user, role, is_everyone: one of them');
  if (user !== '') demandUser('user', user);
  demand(role <= RoomRole.MODERATOR, 'role: MEMBER or MODERATOR');
  demandDuration(durationMs);
  const mute = { app: asker.app, room, operator: asker.user.id, user, role, isEveryone, durationMs };
  return newValue((await deps.room.mute(mute, asker.call)).untilMs);
}

export async function setRoomRole(deps: RequestDeps, asker: Asker, { room, user, role }: SetRoomRole): Promise<Answer> {
  demandRoom(room);
  demandUser('user', user);
  demand(role === RoomRole.MEMBER || role === RoomRole.MODERATOR || role === RoomRole.OWNER, 'role: MEMBER, MODERATOR or OWNER');
  await deps.room.setRole({ app: asker.app, room, operator: asker.user.id, user, role }, asker.call);
  return done;
}
