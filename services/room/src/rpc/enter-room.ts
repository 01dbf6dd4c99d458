import { userField } from '@parley/aggregates';
import type { EnterRoomRequest, EnterRoomResponseInit } from '@parley/contracts/room';
import type { Rooms } from '../ports.js';
import { roomInfo } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Lets a user in. `headSeq` is 0 when the router did not answer in time; the subscription tells it then. */
export async function enterRoom(rooms: Rooms, request: EnterRoomRequest): Promise<EnterRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const user = userField('user', request.user);
  const { name, mustExist } = request;
  const { state, outcome } = await rooms.execute(
    { app, conversation },
    (stamp) => ({ type: 'enter', app, room, ...stamp, user, name, mustExist }),
    { asksForHead: true },
  );
  return { room: roomInfo(state), headSeq: outcome?.seq ?? 0 };
}
