import { operatorField } from '@parley/aggregates';
import type { GetGroupRequest, GetGroupResponseInit } from '@parley/contracts/group';
import type { Groups } from '../ports.js';
import { groupInfo, visibleGroup } from './group-info.js';
import { groupNameOf } from './group-name.js';

/** A group as its members see it. */
export function getGroup(groups: Groups, request: GetGroupRequest): GetGroupResponseInit {
  const name = groupNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  return { group: groupInfo(visibleGroup(groups.read(name), viewer)) };
}
