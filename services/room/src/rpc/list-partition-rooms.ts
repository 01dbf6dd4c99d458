import { appField } from '@parley/aggregates';
import type { ListPartitionRoomsRequest, ListPartitionRoomsResponseInit, RoomFilter, RoomInit } from '@parley/contracts/room';
import type { OpenRoom } from '@parley/domain';
import { conversationOfRoom, ParleyError, type RoomId } from '@parley/kernel';
import { roomLimits } from '../limits.js';
import type { RoomPartitions } from '../partition/room-partitions.js';
import { filterField } from './room-filter.js';
import { listedRoom } from './room-info.js';

/** Rooms of one partition in the order of their ids. Looks at a bounded number of them, so an answer may be short. */
export function listPartitionRooms(partitions: RoomPartitions, request: ListPartitionRoomsRequest): ListPartitionRoomsResponseInit {
  const app = appField(request.app);
  const filter = filterField(request.filter);
  const limit = request.limit === 0 ? roomLimits.listPageDefault : request.limit;
  if (limit > roomLimits.listPageMax) throw new ParleyError('INVALID_ARGUMENT', `limit: at most ${roomLimits.listPageMax}`);
  const { index, view } = partitions.at(request.partition);
  const ids = index.page(app, request.after, roomLimits.listScannedMax);
  const rooms: RoomInit[] = [];
  let last = '';
  for (const id of ids) {
    if (rooms.length === limit) return { rooms, nextAfter: last };
    last = id;
    const room = view.read({ app, conversation: conversationOfRoom(id as RoomId) });
    if (room.type !== 'open' || !matches(room, filter) || (room.options.isUnlisted && !request.hasUnlisted)) continue;
    rooms.push(listedRoom(room, view.version));
  }
  return { rooms, nextAfter: ids.length === roomLimits.listScannedMax ? last : '' };
}

function matches({ name, attributes }: OpenRoom, { namePrefix, attributeKey, attributeValue }: RoomFilter): boolean {
  if (!name.startsWith(namePrefix)) return false;
  if (attributeKey === '') return true;
  const value = attributes.get(attributeKey)?.value;
  return value !== undefined && (attributeValue === '' || value === attributeValue);
}
