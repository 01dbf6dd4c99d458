import type { RoomEvent } from '@parley/contracts/events';
import { type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { Room } from './room.js';
import type { RoomCommand } from './room-command.js';

/** What happens to the room when the command is carried out; no events when it already is as asked for. */
export function decideRoom(_room: Room, _command: RoomCommand): Result<readonly RoomEvent[], Refusal> {
  return refused(refusal('UNSUPPORTED'));
}
