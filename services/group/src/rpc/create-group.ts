import { operatorField, userField, usersField } from '@parley/aggregates';
import type { CreateGroupRequest, CreateGroupResponseInit } from '@parley/contracts/group';
import { ParleyError } from '@parley/kernel';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { refuseUnwanted } from './refuse-unwanted.js';
import { visibleInfo } from './visible-group.js';

/** Creates a group; repeated with the same owner and members it answers with the group as it is. */
export async function createGroup(calls: GroupCalls, request: CreateGroupRequest, signal: AbortSignal): Promise<CreateGroupResponseInit> {
  const { app, group, conversation } = groupNameOf(request);
  const owner = userField('owner', request.owner);
  const operator = operatorField('operator', request.operator);
  if (operator !== '' && operator !== owner) throw new ParleyError('INVALID_ARGUMENT', 'operator: the owner, or empty');
  const members = usersField('members', request.members);
  await refuseUnwanted(calls, { app, operator, users: members }, signal);
  const { name, memberLimit, options, avatar, notice, attributes } = request;
  const command = { type: 'create', app, group, name, owner, members, memberLimit, options, avatar, notice, attributes } as const;
  const { state } = await calls.groups.execute({ app, conversation }, ({ timeMs }) => ({ ...command, timeMs }));
  return { group: visibleInfo(state, owner) };
}
