import type { RoomExistsRequest, RoomExistsResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Whether there is such a room; for callers who may know. */
export function roomExists({ rooms }: RoomCalls, request: RoomExistsRequest): RoomExistsResponseInit {
  return { exists: rooms.read(roomNameOf(request)).type === 'open' };
}
