import { memberPage, operatorField } from '@parley/aggregates';
import type { ListMembersRequest, ListMembersResponseInit } from '@parley/contracts/group';
import { groupMemberOf, groupMembersPage } from '@parley/domain';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { visibleGroup } from './visible-group.js';

/** Members of a group, or of a role in it, in the order of their ids, page by page; nothing where the caller is up to date. */
export function listMembers({ groups, clock }: GroupCalls, request: ListMembersRequest): ListMembersResponseInit {
  const name = groupNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  const group = visibleGroup(groups.read(name), viewer);
  const { version } = group;
  if (request.ifChangedSince === version) return { version, memberCount: group.members.size };
  const page = memberPage(groupMembersPage(group, request.role), request);
  const nowMs = clock.now();
  return { ...page, members: page.users.flatMap((user) => groupMemberOf(group, user, nowMs) ?? []), version };
}
