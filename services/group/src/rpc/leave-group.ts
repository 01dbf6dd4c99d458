import { userField } from '@parley/aggregates';
import type { LeaveGroupRequest, LeaveGroupResponseInit } from '@parley/contracts/group';
import type { Groups } from '../ports.js';
import { groupNameOf } from './group-name.js';

/** Ends a membership; the group goes to the longest member when its owner leaves, and ends with the last one. */
export async function leaveGroup(groups: Groups, request: LeaveGroupRequest): Promise<LeaveGroupResponseInit> {
  const { app, group, conversation } = groupNameOf(request);
  const user = userField('user', request.user);
  await groups.execute({ app, conversation }, ({ timeMs }) => ({ type: 'leave', app, group, timeMs, user }));
  return {};
}
