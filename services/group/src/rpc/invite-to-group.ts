import { operatorField, usersField } from '@parley/aggregates';
import type { InviteToGroupRequest, InviteToGroupResponseInit } from '@parley/contracts/group';
import { ParleyError } from '@parley/kernel';
import { groupLimits } from '../limits.js';
import type { Groups } from '../ports.js';
import { groupInfo } from './group-info.js';
import { groupNameOf } from './group-name.js';

/** Makes users members by the wish of another member or of the back end. */
export async function inviteToGroup(groups: Groups, request: InviteToGroupRequest): Promise<InviteToGroupResponseInit> {
  const { app, group, conversation } = groupNameOf(request);
  const operator = operatorField('operator', request.operator);
  const users = usersField('users', request.users);
  if (users.length === 0) throw new ParleyError('INVALID_ARGUMENT', `users: 1–${groupLimits.inviteMax}`);
  const { state } = await groups.execute({ app, conversation }, ({ timeMs }) => ({
    type: 'invite',
    app,
    group,
    timeMs,
    users,
    operator,
  }));
  return { group: groupInfo(state) };
}
