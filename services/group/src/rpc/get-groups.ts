import { appField, groupField, operatorField } from '@parley/aggregates';
import type { GetGroupsRequest, GetGroupsResponseInit } from '@parley/contracts/group';
import { conversationOfGroup, type GroupId, ParleyError, partitionOf } from '@parley/kernel';
import type { GroupInfo } from '@parley/wire';
import { groupLimits } from '../limits.js';
import type { GroupOwners } from '../ports.js';

export interface GetGroupsDeps {
  readonly owners: GroupOwners;
  readonly partitions: number;
}

/** Groups of any partitions, in the order in which they are asked for; those that the viewer may not know are left out. */
export async function getGroups(
  { owners, partitions }: GetGroupsDeps,
  request: GetGroupsRequest,
  signal: AbortSignal,
): Promise<GetGroupsResponseInit> {
  const app = appField(request.app);
  const viewer = operatorField('viewer', request.viewer);
  const { groupsAtOnceMax } = groupLimits;
  if (request.groups.length > groupsAtOnceMax) throw new ParleyError('INVALID_ARGUMENT', `groups: at most ${groupsAtOnceMax}`);
  const groups = [...new Set(request.groups.map(groupField))];
  const byPartition = new Map<number, GroupId[]>();
  for (const group of groups) {
    const partition = partitionOf(app, conversationOfGroup(group), partitions);
    const known = byPartition.get(partition);
    if (known === undefined) byPartition.set(partition, [group]);
    else known.push(group);
  }
  const asking = [...byPartition].map(([partition, part]) =>
    owners.getPartitionGroups({ app, partition, groups: part, viewer }, { signal }),
  );
  const found = new Map<string, GroupInfo>();
  for (const answer of await Promise.all(asking)) for (const info of answer.groups) found.set(info.group, info);
  return { groups: groups.flatMap((group) => found.get(group) ?? []) };
}
