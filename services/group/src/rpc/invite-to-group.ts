import { operatorField } from '@parley/aggregates';
import type { InviteToGroupRequest, InviteToGroupResponseInit } from '@parley/contracts/group';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { operate } from './operate.js';
import { someUsersField } from './operation-field.js';
import { refuseUnwanted } from './refuse-unwanted.js';
import { isVisible, visibleInfo } from './visible-group.js';

/** Makes users members, or asks them, by the wish of a member or of the back end. */
export async function inviteToGroup(
  calls: GroupCalls,
  request: InviteToGroupRequest,
  signal: AbortSignal,
): Promise<InviteToGroupResponseInit> {
  const { groups } = calls;
  const name = groupNameOf(request);
  const operator = operatorField('operator', request.operator);
  const users = someUsersField('users', request.users, 1);
  if (isVisible(groups.read(name), operator)) await refuseUnwanted(calls, { app: name.app, operator, users }, signal);
  const { state } = await operate(groups, { name, operator, kind: { type: 'invite', value: { users, text: '' } } });
  return { group: visibleInfo(state, operator) };
}
