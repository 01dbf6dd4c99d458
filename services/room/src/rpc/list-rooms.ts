import { appField, operatorField, pageTokenOf, readPageToken } from '@parley/aggregates';
import type { ListPartitionRoomsResponse, ListRoomsRequest, ListRoomsResponseInit, Room } from '@parley/contracts/room';
import { isRoomId, ParleyError } from '@parley/kernel';
import { roomLimits } from '../limits.js';
import type { RoomOwners } from '../ports.js';
import { forEachAtOnce } from './for-each-at-once.js';
import { filterField } from './room-filter.js';

export interface ListRoomsDeps {
  readonly owners: Pick<RoomOwners, 'listPartitionRooms'>;
  readonly partitions: number;
}

/**
 * Rooms of all partitions in the order of their ids. Every partition is asked for a few rooms behind the token; what
 * all of them have shown so far is the page. So a page may be short, and each call does a bounded amount of work.
 */
export async function listRooms(
  { owners, partitions }: ListRoomsDeps,
  request: ListRoomsRequest,
  signal: AbortSignal,
): Promise<ListRoomsResponseInit> {
  const app = appField(request.app);
  const viewer = operatorField('viewer', request.viewer);
  const filter = filterField(request.filter);
  const limit = request.limit === 0 ? roomLimits.listPageDefault : request.limit;
  if (limit > roomLimits.listPageMax) throw new ParleyError('INVALID_ARGUMENT', `limit: at most ${roomLimits.listPageMax}`);
  const after = request.page === '' ? '' : readPageToken(request.page, tokenRules);
  const question = { app, filter, after, limit: shareOf(limit, partitions), hasUnlisted: viewer === '' };
  const answers: ListPartitionRoomsResponse[] = [];
  await forEachAtOnce(roomLimits.listPartitionsAtOnce, partitions, async (partition) => {
    answers.push(await owners.listPartitionRooms({ ...question, partition }, { signal }));
  });
  return pageOf(answers, limit);
}

/** Rooms are spread evenly, so that twice the even share and a few fill a page nearly always. */
const shareOf = (limit: number, partitions: number): number => Math.min(limit, Math.ceil((2 * limit) / partitions) + 3);

function pageOf(answers: readonly ListPartitionRoomsResponse[], limit: number): ListRoomsResponseInit {
  // Behind the shortest answer there may be rooms that were not shown.
  const shown = answers.map(({ nextAfter }) => nextAfter).filter((nextAfter) => nextAfter !== '');
  const end = shown.sort()[0];
  const rooms = answers.flatMap((answer) => answer.rooms).filter(({ room }) => end === undefined || room <= end);
  rooms.sort(byId);
  if (rooms.length > limit) return { rooms: rooms.slice(0, limit), nextPage: pageTokenOf(rooms[limit - 1]?.room ?? '') };
  return { rooms, nextPage: end === undefined ? '' : pageTokenOf(end) };
}

const byId = (a: Room, b: Room): number => (a.room < b.room ? -1 : 1);

const tokenRules = { charsMax: 128, isId: isRoomId };
