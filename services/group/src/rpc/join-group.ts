import { userField } from '@parley/aggregates';
import type { JoinGroupRequest, JoinGroupResponseInit } from '@parley/contracts/group';
import type { Groups } from '../ports.js';
import { groupInfo } from './group-info.js';
import { groupNameOf } from './group-name.js';

/** Makes a user a member by their own wish. */
export async function joinGroup(groups: Groups, request: JoinGroupRequest): Promise<JoinGroupResponseInit> {
  const { app, group, conversation } = groupNameOf(request);
  const user = userField('user', request.user);
  const { state } = await groups.execute({ app, conversation }, ({ timeMs }) => ({
    type: 'join',
    app,
    group,
    timeMs,
    user,
  }));
  return { group: groupInfo(state) };
}
