import { memberPage, operatorField } from '@parley/aggregates';
import type { ListMembersRequest, ListMembersResponseInit } from '@parley/contracts/group';
import type { Groups } from '../ports.js';
import { visibleGroup } from './group-info.js';
import { groupNameOf } from './group-name.js';

/** Members of a group in the order of their ids, page by page. */
export function listMembers(groups: Groups, request: ListMembersRequest): ListMembersResponseInit {
  const name = groupNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  return memberPage(visibleGroup(groups.read(name), viewer).members, request);
}
