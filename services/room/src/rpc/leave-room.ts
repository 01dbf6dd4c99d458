import { userField } from '@parley/aggregates';
import type { LeaveRoomRequest, LeaveRoomResponseInit } from '@parley/contracts/room';
import { ParleyError } from '@parley/kernel';
import { MembershipCause } from '@parley/wire';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Lets a user out; a room that users made ends with the last one, unless it was made to stay for a while. */
export async function leaveRoom({ rooms }: RoomCalls, request: LeaveRoomRequest): Promise<LeaveRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const user = userField('user', request.user);
  const { cause } = request;
  if (cause !== MembershipCause.UNSPECIFIED && cause !== MembershipCause.SWITCHED) {
    throw new ParleyError('INVALID_ARGUMENT', 'cause: unspecified or SWITCHED');
  }
  const command = { type: 'leave', app, room, users: [user], cause } as const;
  await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }));
  return {};
}
