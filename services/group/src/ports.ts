import type { AggregateHost, AggregateHostDeps } from '@parley/aggregates';
import type { GroupEvent } from '@parley/contracts/events';
import type { GroupService } from '@parley/contracts/group';
import type { HistoryService } from '@parley/contracts/history';
import type { Group, GroupCommand, RulesBook } from '@parley/domain';
import type { Clock } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import type { RequestIndexes } from './request-index.js';

/** What the group service runs on. */
export interface GroupServiceDeps extends AggregateHostDeps {
  /** Knows who blocks whom. */
  readonly history: Relations;
  readonly rules: RulesBook;
  /** The owners of all partitions, this process included. */
  readonly owners: GroupOwners;
}

/** What users are to each other. */
export type Relations = Pick<ServiceClient<typeof HistoryService>, 'getRelations'>;

/** The calls that concern one partition, each to be sent to its owner. */
export type GroupOwners = Pick<ServiceClient<typeof GroupService>, 'getPartitionGroups' | 'listPartitionRequests'>;

/** The groups of the partitions that this process owns. */
export type Groups = AggregateHost<Group, GroupCommand, GroupEvent>;

/** What calls about one group work with. */
export interface GroupCalls {
  readonly groups: Groups;
  readonly requests: RequestIndexes;
  readonly clock: Clock;
  readonly history: Relations;
  readonly rules: RulesBook;
}
