import { limits } from '@parley/kernel';
import type { GetRoom, ListRoomMembers, ListRooms } from '@parley/wire';
import { type Answer, type Asker, demand, type RequestDeps } from './request-handler.js';
import { demandRoom } from './room-checks.js';
import { readRoom, roomInfo } from './room-state.js';
import { demandBytes, demandPage, demandUsers } from './shared-checks.js';

export async function getRoom(deps: RequestDeps, asker: Asker, { room }: GetRoom): Promise<Answer> {
  demandRoom(room);
  return { type: 'room', value: roomInfo(await readRoom(deps, asker, room)) };
}

export async function listRooms(deps: RequestDeps, asker: Asker, request: ListRooms): Promise<Answer> {
  const { namePrefix, attributeKey, attributeValue, page, limit } = request;
  demandPage(limit);
  demand([...namePrefix].length <= limits.nameCharsMax, `name_prefix: at most ${limits.nameCharsMax} characters`);
  demandBytes('attribute_key', attributeKey, limits.roomAttributeKeyBytesMax);
  demandBytes('attribute_value', attributeValue, limits.roomAttributeValueBytesMax);
  demand(attributeKey !== '' || attributeValue === '', 'attribute_value: only with attribute_key');
  const filter = { namePrefix, attributeKey, attributeValue };
  const { rooms, nextPage } = await deps.room.listRooms({ app: asker.app, filter, page, limit, viewer: asker.user.id }, asker.call);
  return { type: 'rooms', value: { rooms: rooms.map(roomInfo), nextPage } };
}

export async function listRoomMembers(deps: RequestDeps, asker: Asker, request: ListRoomMembers): Promise<Answer> {
  const { room, page, limit, users } = request;
  demandRoom(room);
  demandPage(limit);
  demandUsers('users', users, limits.memberPageMax);
  demand(users.length === 0 || page === '', 'page: not with users');
  const answer = await deps.room.listMembers({ app: asker.app, room, viewer: asker.user.id, page, limit, users }, asker.call);
  return { type: 'members', value: answer };
}
