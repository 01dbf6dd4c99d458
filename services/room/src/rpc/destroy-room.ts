import { operatorField } from '@parley/aggregates';
import type { DestroyRoomRequest, DestroyRoomResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Ends a room; it may be made again. */
export async function destroyRoom({ rooms }: RoomCalls, request: DestroyRoomRequest): Promise<DestroyRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  await rooms.execute({ app, conversation }, (stamp) => ({ type: 'destroy', app, room, ...stamp, operator }));
  return {};
}
