import { operatorField } from '@parley/aggregates';
import type { RenameRoomRequest, RenameRoomResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

export async function renameRoom({ rooms }: RoomCalls, request: RenameRoomRequest): Promise<RenameRoomResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  const command = { type: 'rename', app, room, operator, name: request.name } as const;
  await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }), { when: 'committed' });
  return {};
}
