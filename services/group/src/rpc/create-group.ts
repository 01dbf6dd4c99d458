import { userField, usersField } from '@parley/aggregates';
import type { CreateGroupRequest, CreateGroupResponseInit } from '@parley/contracts/group';
import type { Groups } from '../ports.js';
import { groupInfo } from './group-info.js';
import { groupNameOf } from './group-name.js';

/** Creates a group; repeated with the same owner and members it answers with the group as it is. */
export async function createGroup(groups: Groups, request: CreateGroupRequest): Promise<CreateGroupResponseInit> {
  const { app, group, conversation } = groupNameOf(request);
  const owner = userField('owner', request.owner);
  const members = usersField('members', request.members);
  const { name, memberLimit } = request;
  const { state } = await groups.execute({ app, conversation }, ({ timeMs }) => ({
    type: 'create',
    app,
    group,
    timeMs,
    name,
    owner,
    members,
    memberLimit,
  }));
  return { group: groupInfo(state) };
}
