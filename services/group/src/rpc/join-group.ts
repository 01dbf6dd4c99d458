import { userField } from '@parley/aggregates';
import type { JoinGroupRequest, JoinGroupResponseInit } from '@parley/contracts/group';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { operate } from './operate.js';
import { visibleInfo } from './visible-group.js';

/** Makes a user a member by their own wish; where somebody must say yes first, the answer holds no group. */
export async function joinGroup({ groups }: GroupCalls, request: JoinGroupRequest): Promise<JoinGroupResponseInit> {
  const name = groupNameOf(request);
  const operator = userField('user', request.user);
  const { state } = await operate(groups, { name, operator, kind: { type: 'join', value: { text: '' } } });
  return { group: visibleInfo(state, operator) };
}
