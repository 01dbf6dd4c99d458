import { operatorField } from '@parley/aggregates';
import type { MuteRequest, MuteResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { roomNameOf } from './room-name.js';

/** Keeps a user, a role or everyone from speaking for a while, or lifts that. */
export async function mute({ rooms }: RoomCalls, request: MuteRequest): Promise<MuteResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  const user = operatorField('user', request.user);
  const { role, isEveryone, durationMs } = request;
  const command = { type: 'mute', app, room, operator, user, role, isEveryone, durationMs } as const;
  const { events } = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }));
  const muted = events.find(({ change }) => change?.type === 'mute')?.change;
  return { untilMs: muted?.type === 'mute' ? muted.value.untilMs : 0 };
}
