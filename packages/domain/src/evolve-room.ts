import type { RoomEvent } from '@parley/contracts/events';
import type { Room } from './room.js';

/** The room after the event. Throws on an event that cannot follow: then the log is not what it should be. */
export function evolveRoom(_room: Room, _event: RoomEvent): Room {
  throw new Error('room event of an unknown kind');
}
