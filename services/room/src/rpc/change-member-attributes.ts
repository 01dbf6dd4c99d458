import { operatorField, userField } from '@parley/aggregates';
import type { ChangeMemberAttributesRequest, ChangeMemberAttributesResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { openRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Sets and deletes attributes of a member together; answered once it is durable, members are told after that. */
export async function changeMemberAttributes(
  { rooms }: RoomCalls,
  request: ChangeMemberAttributesRequest,
): Promise<ChangeMemberAttributesResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  const user = userField('user', request.user);
  const { set, deleted } = request;
  const command = { type: 'changeMemberAttributes', app, room, operator, user, set, deleted } as const;
  const { state } = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }), { when: 'committed' });
  return { version: openRoom(state).memberAttributes.get(user)?.version ?? 0 };
}
