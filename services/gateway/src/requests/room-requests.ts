import { conversationOfRoom, isRoomId, randomId, type RoomId } from '@parley/kernel';
import type { CreateRoom, DestroyRoom, EnterRoom, LeaveRoom, ListRoomMembers } from '@parley/wire';
import { type Answer, type Asker, demand, done, type RequestDeps } from './request-handler.js';
import { demandName, demandPage } from './shared-checks.js';

export async function createRoom(deps: RequestDeps, asker: Asker, request: CreateRoom): Promise<Answer> {
  const room = request.room === '' ? randomId(deps.random) : request.room;
  demandRoom(room);
  demandName(request.name);
  const answer = await deps.room.createRoom({ app: asker.app, room, name: request.name, creator: asker.user.id }, asker.call);
  await deps.whenHeard(asker.user, conversationOfRoom(room as RoomId));
  return { type: 'room', value: { ...(answer.room ?? { room }), headSeq: 0 } };
}

export async function enterRoom(deps: RequestDeps, asker: Asker, { room, name, mustExist }: EnterRoom): Promise<Answer> {
  demandRoom(room);
  demandName(name);
  const answer = await deps.room.enterRoom({ app: asker.app, room, user: asker.user.id, name, mustExist }, asker.call);
  await deps.whenHeard(asker.user, conversationOfRoom(room as RoomId));
  return { type: 'room', value: { ...(answer.room ?? { room }), headSeq: answer.headSeq } };
}

export async function leaveRoom(deps: RequestDeps, asker: Asker, { room }: LeaveRoom): Promise<Answer> {
  demandRoom(room);
  await deps.room.leaveRoom({ app: asker.app, room, user: asker.user.id }, asker.call);
  return done;
}

export async function destroyRoom(deps: RequestDeps, asker: Asker, { room }: DestroyRoom): Promise<Answer> {
  demandRoom(room);
  await deps.room.destroyRoom({ app: asker.app, room, operator: asker.user.id }, asker.call);
  return done;
}

export async function listRoomMembers(deps: RequestDeps, asker: Asker, request: ListRoomMembers): Promise<Answer> {
  demandRoom(request.room);
  demandPage(request.limit);
  const { room, page, limit } = request;
  const answer = await deps.room.listMembers({ app: asker.app, room, viewer: asker.user.id, page, limit }, asker.call);
  return { type: 'members', value: answer };
}

function demandRoom(room: string): void {
  demand(isRoomId(room), 'room: 1 to 64 of A-Z a-z 0-9 _ - .');
}
