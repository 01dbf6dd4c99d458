import type { RoomEvent } from '@parley/contracts/events';
import { initialRoom, type OpenRoom, type Room } from './room.js';
import { foldAttributes } from './room/attributes.js';
import { counted } from './room/counters.js';
import { foldLeft } from './room/departure.js';
import type { RoomFold } from './room/draft.js';
import { foldEntered, roomMade } from './room/life-cycle.js';
import { foldMemberAttributes } from './room/member-attributes.js';
import { foldBanned } from './room/moderation.js';
import { foldMute } from './room/mutes.js';
import { foldRole } from './room/roles.js';

/** The room after the event. Throws on an event that cannot follow: then the log is not what it should be. */
export function evolveRoom(room: Room, event: RoomEvent): Room {
  const { change, version, stateVersion } = event;
  if (change?.type === 'created') return roomMade(event, change.value);
  if (room.type !== 'open') throw new Error(`room event '${change?.type}' without a room`);
  if (change?.type === 'destroyed') return initialRoom;
  return { ...room, ...foldOf(room, event), version, stateVersion };
}

function foldOf(room: OpenRoom, { change, timeMs }: RoomEvent): RoomFold {
  switch (change?.type) {
    case 'entered':
      return foldEntered(room, change.value.users);
    case 'left':
      return foldLeft(room, change.value, timeMs);
    case 'attributes':
      return foldAttributes(room, change.value);
    case 'role':
      return foldRole(room, change.value, timeMs);
    case 'mute':
      return foldMute(room, change.value, timeMs);
    case 'banned':
      return foldBanned(room, change.value, timeMs);
    case 'counted':
      return counted(room, change.value.contributions);
    case 'memberAttributes':
      return foldMemberAttributes(room, change.value);
    case 'renamed':
      return { name: change.value.name };
    default:
      // A change of a newer version of the program: what it means is unknown, going on would be a guess.
      throw new Error('room event of an unknown kind');
  }
}
