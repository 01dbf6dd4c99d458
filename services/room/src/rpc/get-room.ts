import { operatorField } from '@parley/aggregates';
import type { GetRoomRequest, GetRoomResponseInit } from '@parley/contracts/room';
import type { Rooms } from '../ports.js';
import { roomInfo, visibleRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** A room as those in it see it. */
export function getRoom(rooms: Rooms, request: GetRoomRequest): GetRoomResponseInit {
  const name = roomNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  return { room: roomInfo(visibleRoom(rooms.read(name), viewer)) };
}
