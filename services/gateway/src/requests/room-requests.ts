import { conversationOfRoom, limits, ParleyError, randomId, type RoomId } from '@parley/kernel';
import { type CreateRoom, type DestroyRoom, type EnterRoom, type LeaveRoom, MembershipCause, type SwitchRoom } from '@parley/wire';
import { type Answer, type Asker, demand, done, type RequestDeps } from './request-handler.js';
import { demandAttributes, demandOptions, demandRoom, roomAttributeLimits } from './room-checks.js';
import { enteredRoom } from './room-state.js';
import { demandName } from './shared-checks.js';

export async function createRoom(deps: RequestDeps, asker: Asker, request: CreateRoom): Promise<Answer> {
  const room = request.room === '' ? randomId(deps.random) : request.room;
  const { name, options, attributes, memberLimit } = request;
  demandRoom(room);
  demandName(name);
  demandOptions(options);
  demandAttributes(attributes, [], roomAttributeLimits);
  demand(memberLimit <= limits.roomMembersCeiling, `member_limit: at most ${limits.roomMembersCeiling}`);
  const command = { app: asker.app, room, name, creator: asker.user.id, memberLimit, options, attributes };
  await deps.rooms.enter(asker.user, channelOf(room), () => deps.room.createRoom(command, asker.call));
  return enteredRoom(deps, asker, room, 0);
}

export async function enterRoom(deps: RequestDeps, asker: Asker, request: EnterRoom): Promise<Answer> {
  demandEnter(request);
  return enter(deps, asker, request);
}

export async function leaveRoom(deps: RequestDeps, asker: Asker, { room }: LeaveRoom): Promise<Answer> {
  demandRoom(room);
  await leave(deps, asker, room, MembershipCause.UNSPECIFIED);
  return done;
}

/** Leaves every room that the user is in. Rejects when one could not be left; repeating it leaves the rest. */
export async function leaveAllRooms(deps: RequestDeps, asker: Asker): Promise<Answer> {
  await deps.rooms.whenKnown(asker.user);
  const rooms = deps.rooms.of(asker.user).map(roomOf);
  const answers = await Promise.allSettled(rooms.map((room) => leave(deps, asker, room, MembershipCause.UNSPECIFIED)));
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [ParleyError.from(answer.reason)] : []));
  // Whoever has been put out of a room meanwhile is out of it.
  const failure = failures.find(({ error }) => error !== 'ROOM_NOT_FOUND');
  if (failure !== undefined) throw failure;
  return { type: 'roomNames', value: { rooms: rooms.filter((_, i) => answers[i]?.status === 'fulfilled') } };
}

/** For a user who logs out for good. Nobody waits: whoever cannot be let out now goes for being offline. */
export function abandonRooms(deps: RequestDeps, { app, user, call }: Asker): void {
  const cause = MembershipCause.UNSPECIFIED;
  for (const room of deps.rooms.of(user).map(roomOf)) {
    void deps.room.leaveRoom({ app, room, user: user.id, cause }, call).catch(() => undefined);
  }
}

/** First out of the one, then into the other, so that the user is never in both. */
export async function switchRoom(deps: RequestDeps, asker: Asker, { from, to }: SwitchRoom): Promise<Answer> {
  demandRoom(from, 'from');
  demand(to !== undefined, 'to: the room to enter');
  if (to === undefined) throw new ParleyError('INVALID_ARGUMENT');
  demandEnter(to, 'to.room');
  demand(to.room !== from, 'to.room: another room than from');
  // What can be known before is refused before: then the user stays where it is.
  await deps.rooms.whenKnown(asker.user);
  deps.rooms.demandRoomFor(asker.user, channelOf(to.room), channelOf(from));
  await leave(deps, asker, from, MembershipCause.SWITCHED);
  try {
    return await enter(deps, asker, to);
  } catch (thrown) {
    const { error, detail, retryAfterMs } = ParleyError.from(thrown);
    const isOut = `the user has left ${from}`;
    throw new ParleyError(error, detail === '' ? isOut : `${detail}; ${isOut}`, { retryAfterMs, cause: thrown });
  }
}

export async function destroyRoom(deps: RequestDeps, asker: Asker, { room }: DestroyRoom): Promise<Answer> {
  demandRoom(room);
  await deps.room.destroyRoom({ app: asker.app, room, operator: asker.user.id }, asker.call);
  return done;
}

function demandEnter({ room, name, options }: EnterRoom, field?: string): void {
  demandRoom(room, field);
  demandName(name);
  demandOptions(options);
}

async function enter(deps: RequestDeps, asker: Asker, { room, name, mustExist, options }: EnterRoom): Promise<Answer> {
  const command = { app: asker.app, room, user: asker.user.id, name, mustExist, options };
  const { headSeq } = await deps.rooms.enter(asker.user, channelOf(room), () => deps.room.enterRoom(command, asker.call));
  return enteredRoom(deps, asker, room, headSeq);
}

async function leave(deps: RequestDeps, { app, user, call }: Asker, room: string, cause: MembershipCause): Promise<void> {
  await deps.room.leaveRoom({ app, room, user: user.id, cause }, call);
  deps.rooms.left(user, channelOf(room));
}

const channelOf = (room: string): string => conversationOfRoom(room as RoomId);
const roomOf = (channel: string): string => channel.slice(channelOf('').length);
