import { operatorField, usersField } from '@parley/aggregates';
import type { KickMembersRequest, KickMembersResponseInit } from '@parley/contracts/room';
import { limits, ParleyError } from '@parley/kernel';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Puts members out; they may come back. */
export async function kickMembers({ rooms }: RoomCalls, request: KickMembersRequest): Promise<KickMembersResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  if (request.users.length > limits.roomKickMax) throw new ParleyError('INVALID_ARGUMENT', `users: at most ${limits.roomKickMax}`);
  const users = usersField('users', request.users);
  const command = { type: 'kick', app, room, operator, users } as const;
  const { events } = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }));
  return { kicked: events.flatMap(({ change }) => (change?.type === 'left' ? change.value.users : [])) };
}
