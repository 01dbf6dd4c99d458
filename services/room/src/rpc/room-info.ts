import type { RoomInit } from '@parley/contracts/room';
import type { OpenRoom, Room } from '@parley/domain';
import { ParleyError } from '@parley/kernel';

/** What callers learn about a room. Throws ROOM_NOT_FOUND where there is none. */
export function roomInfo(room: Room): RoomInit {
  const { room: id, name, members, version } = openRoom(room);
  return { room: id, name, memberCount: members.size, version };
}

/** The room as who is in it (or, with an empty viewer, the back end) may see it. Throws ROOM_NOT_FOUND for others. */
export function visibleRoom(room: Room, viewer: string): OpenRoom {
  const open = openRoom(room);
  if (viewer !== '' && !open.members.has(viewer)) throw new ParleyError('ROOM_NOT_FOUND');
  return open;
}

function openRoom(room: Room): OpenRoom {
  if (room.type !== 'open') throw new ParleyError('ROOM_NOT_FOUND');
  return room;
}
