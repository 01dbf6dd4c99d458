import { userField } from '@parley/aggregates';
import type { LeaveGroupRequest, LeaveGroupResponseInit } from '@parley/contracts/group';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { operate } from './operate.js';

/** Ends a membership; the group goes to the longest admin or member when its owner leaves, and ends with the last one. */
export async function leaveGroup({ groups }: GroupCalls, request: LeaveGroupRequest): Promise<LeaveGroupResponseInit> {
  const name = groupNameOf(request);
  await operate(groups, { name, operator: userField('user', request.user), kind: { type: 'leave', value: {} } });
  return {};
}
