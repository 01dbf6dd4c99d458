import { appField, operatorField } from '@parley/aggregates';
import type { GetPartitionGroupsRequest, GetPartitionGroupsResponseInit } from '@parley/contracts/group';
import { ParleyError } from '@parley/kernel';
import { groupLimits } from '../limits.js';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { visibleInfo } from './visible-group.js';

/** Groups of one partition; those that the viewer may not know are left out. */
export function getPartitionGroups({ groups }: GroupCalls, request: GetPartitionGroupsRequest): GetPartitionGroupsResponseInit {
  const app = appField(request.app);
  const viewer = operatorField('viewer', request.viewer);
  const { groupsAtOnceMax } = groupLimits;
  if (request.groups.length > groupsAtOnceMax) throw new ParleyError('INVALID_ARGUMENT', `groups: at most ${groupsAtOnceMax}`);
  return { groups: request.groups.flatMap((group) => visibleInfo(groups.read(groupNameOf({ app, group })), viewer) ?? []) };
}
