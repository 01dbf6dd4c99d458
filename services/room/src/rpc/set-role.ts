import { operatorField, userField } from '@parley/aggregates';
import type { SetRoleRequest, SetRoleResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Names a moderator, an owner or a plain member. */
export async function setRole({ rooms }: RoomCalls, request: SetRoleRequest): Promise<SetRoleResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  const user = userField('user', request.user);
  const command = { type: 'setRole', app, room, operator, user, role: request.role } as const;
  await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }));
  return {};
}
