import { operatorField } from '@parley/aggregates';
import type { CreateRoomRequest, CreateRoomResponseInit } from '@parley/contracts/room';
import { createRoomOptions } from '@parley/wire';
import type { RoomCalls } from '../ports.js';
import { openRoom, roomInfo } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Makes a room; its creator is the first one in and its owner. */
export async function createRoom({ rooms, clock }: RoomCalls, request: CreateRoomRequest): Promise<CreateRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const creator = operatorField('creator', request.creator);
  const { name, memberLimit, attributes } = request;
  const options = request.options ?? createRoomOptions({});
  const command = { type: 'create', app, room, name, creator, memberLimit, options, attributes } as const;
  const { state, version } = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }));
  return { room: roomInfo(openRoom(state), { viewer: creator, tallyVersion: version, nowMs: clock.now() }) };
}
