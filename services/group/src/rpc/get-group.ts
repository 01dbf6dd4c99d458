import { operatorField } from '@parley/aggregates';
import type { GetGroupRequest, GetGroupResponseInit } from '@parley/contracts/group';
import { groupInfoOf } from '@parley/domain';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { visibleGroup } from './visible-group.js';

/** A group as its members see it. */
export function getGroup({ groups }: GroupCalls, request: GetGroupRequest): GetGroupResponseInit {
  const name = groupNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  return { group: groupInfoOf(visibleGroup(groups.read(name), viewer), viewer) };
}
