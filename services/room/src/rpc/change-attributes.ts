import { operatorField } from '@parley/aggregates';
import type { ChangeAttributesRequest, ChangeAttributesResponseInit } from '@parley/contracts/room';
import type { RoomCalls } from '../ports.js';
import { openRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Sets and deletes attributes of a room together; answered once it is durable, members are told after that. */
export async function changeAttributes({ rooms }: RoomCalls, request: ChangeAttributesRequest): Promise<ChangeAttributesResponseInit> {
  const { app, room, conversation } = roomNameOf(request);
  const operator = operatorField('operator', request.operator);
  const { set, deleted, force, updateOwner, deleteOnLeave, ifVersion } = request;
  const batch = { set, deleted, force, updateOwner, deleteOnLeave, ifVersion };
  const command = { type: 'changeAttributes', app, room, operator, ...batch } as const;
  const { state } = await rooms.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }), { when: 'committed' });
  return { stateVersion: openRoom(state).stateVersion };
}
