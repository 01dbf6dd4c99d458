import type { RoomInit } from '@parley/contracts/room';
import { type OpenRoom, type Room, roleOf } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import { type RoomMute, RoomRole } from '@parley/wire';

export interface RoomInfoOptions {
  /** Empty for the back end. */
  readonly viewer: string;
  /** Of the numbers: the state is this new or newer. */
  readonly tallyVersion: number;
  readonly nowMs: number;
}

/** What callers learn about a room. */
export function roomInfo(room: OpenRoom, { viewer, tallyVersion, nowMs }: RoomInfoOptions): RoomInit {
  const seesAll = viewer === '' || roleOf(room, viewer) >= RoomRole.MODERATOR;
  const mutes = room.mutes.filter((mute) => isRunning(mute, nowMs) && (seesAll || mute.user === '' || mute.user === viewer));
  return { ...listedRoom(room, tallyVersion), mutes };
}

/** What lists say about a room: all but who is muted. */
export function listedRoom(room: OpenRoom, tallyVersion: number): RoomInit {
  const { name, version, stateVersion, owner, options, createdMs } = room;
  return {
    room: room.room,
    name,
    memberCount: room.members.size,
    version,
    stateVersion,
    attributes: [...room.attributes.values()],
    counters: [...room.counters].map(([counter, value]) => ({ name: counter, value })),
    tallyVersion,
    owner,
    moderators: [...room.moderators].sort(),
    options,
    createdMs,
  };
}

/** The room as who is in it (or, with an empty viewer, the back end) may see it. Throws ROOM_NOT_FOUND for others. */
export function visibleRoom(room: Room, viewer: string): OpenRoom {
  const open = openRoom(room);
  if (viewer !== '' && !open.members.has(viewer)) throw new ParleyError('ROOM_NOT_FOUND');
  return open;
}

/** Throws ROOM_NOT_FOUND where there is none. */
export function openRoom(room: Room): OpenRoom {
  if (room.type !== 'open') throw new ParleyError('ROOM_NOT_FOUND');
  return room;
}

/** Also an exception from the mute of a role, which has no end of its own. */
const isRunning = (mute: RoomMute, nowMs: number): boolean => mute.untilMs > nowMs || (mute.untilMs === 0 && mute.user !== '');
