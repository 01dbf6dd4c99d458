import { operatorField } from '@parley/aggregates';
import type { GetRoomRequest, GetRoomResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomInfo, visibleRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** A room as those in it see it. */
export function getRoom({ rooms, clock }: RoomCalls, request: GetRoomRequest): GetRoomResponseInit {
  const name = roomNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  const room = visibleRoom(rooms.read(name), viewer);
  return { room: roomInfo(room, { viewer, tallyVersion: rooms.versionOf(name), nowMs: clock.now() }) };
}
