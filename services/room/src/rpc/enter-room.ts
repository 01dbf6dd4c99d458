import { userField } from '@parley/aggregates';
import type { EnterRoomRequest, EnterRoomResponseInit } from '@parley/contracts/room';
import { createRoomOptions } from '@parley/wire';
import type { RoomCalls } from '../ports.js';
import { openRoom, roomInfo } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Lets a user in. `headSeq` is 0 when the router did not answer in time; the subscription tells it then. */
export async function enterRoom({ rooms, clock }: RoomCalls, request: EnterRoomRequest): Promise<EnterRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const user = userField('user', request.user);
  const { name, mustExist } = request;
  const options = request.options ?? createRoomOptions({});
  const command = { type: 'enter', app, room, user, name, mustExist, options } as const;
  const executed = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }), { when: 'head' });
  const { state, version, outcome } = executed;
  const info = roomInfo(openRoom(state), { viewer: user, tallyVersion: version, nowMs: clock.now() });
  return { room: info, headSeq: outcome?.seq ?? 0 };
}
