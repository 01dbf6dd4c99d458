import { userField } from '@parley/aggregates';
import type { LeaveRoomRequest, LeaveRoomResponseInit } from '@parley/contracts/room';
import type { Rooms } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Lets a user out; a room that users made ends with the last one. */
export async function leaveRoom(rooms: Rooms, request: LeaveRoomRequest): Promise<LeaveRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const user = userField('user', request.user);
  await rooms.execute({ app, conversation }, (stamp) => ({ type: 'leave', app, room, ...stamp, user }));
  return {};
}
