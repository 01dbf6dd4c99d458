import type { AggregateHost, AggregateHostDeps } from '@parley/aggregates';
import type { GroupEvent } from '@parley/contracts/events';
import type { Group, GroupCommand } from '@parley/domain';

/** What the group service runs on. */
export type GroupServiceDeps = AggregateHostDeps;

/** The groups of the partitions that this process owns. */
export type Groups = AggregateHost<Group, GroupCommand, GroupEvent>;
