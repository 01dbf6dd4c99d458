import { operatorField } from '@parley/aggregates';
import type { CreateRoomRequest, CreateRoomResponseInit } from '@parley/contracts/room';
import type { Rooms } from '../ports.js';
import { roomInfo } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Makes a room; its creator is the first one in. */
export async function createRoom(rooms: Rooms, request: CreateRoomRequest): Promise<CreateRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const creator = operatorField('creator', request.creator);
  const { name, memberLimit } = request;
  const { state } = await rooms.execute({ app, conversation }, (stamp) => ({
    type: 'create',
    app,
    room,
    ...stamp,
    name,
    creator,
    memberLimit,
  }));
  return { room: roomInfo(state) };
}
