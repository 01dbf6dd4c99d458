import type { EventLog } from '@parley/eventlog';
import type { Clock, Random } from '@parley/kernel';
import type { RouterClient, RouterClientEvents } from '@parley/router-client';
import type { OwnerDirectory } from '@parley/rpc';
import type { Telemetry } from '@parley/telemetry';

/** What a service of aggregates runs on. */
export interface AggregateHostDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly directory: OwnerDirectory;
  /** Of every topic. */
  readonly partitions: number;
  /** Where other processes reach this one, host:port. */
  readonly address: string;
  /** Id of this process. */
  readonly peer: string;
  /** Opens this service's own way to the routers; its peer id must be no other client's. */
  readonly connectRouter: (events: RouterClientEvents) => RouterClient;
  /** Default: aggregateLimits.snapshotEveryRecords. */
  readonly snapshotEveryRecords?: number;
}
