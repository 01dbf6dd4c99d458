import { operatorField, userField } from '@parley/aggregates';
import type { BanUserRequest, BanUserResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Keeps a user out for a while, or lets him in again. */
export async function banUser({ rooms }: RoomCalls, request: BanUserRequest): Promise<BanUserResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  const user = userField('user', request.user);
  const { durationMs } = request;
  const command = { type: 'ban', app, room, operator, user, durationMs } as const;
  const { events } = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }));
  const banned = events.find(({ change }) => change?.type === 'banned')?.change;
  return { untilMs: banned?.type === 'banned' ? banned.value.untilMs : 0 };
}
