import { operatorField, usersField } from '@parley/aggregates';
import type { GetMembersRequest, GetMembersResponseInit } from '@parley/contracts/group';
import { groupMemberOf } from '@parley/domain';
import { limits, ParleyError } from '@parley/kernel';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { visibleGroup } from './visible-group.js';

/** Those of the users who are members. */
export function getMembers({ groups, clock }: GroupCalls, request: GetMembersRequest): GetMembersResponseInit {
  const name = groupNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  const { memberPageMax } = limits;
  if (request.users.length > memberPageMax) throw new ParleyError('INVALID_ARGUMENT', `users: at most ${memberPageMax}`);
  const users = usersField('users', request.users);
  const group = visibleGroup(groups.read(name), viewer);
  const nowMs = clock.now();
  return { members: users.flatMap((user) => groupMemberOf(group, user, nowMs) ?? []) };
}
