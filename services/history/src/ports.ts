import type { RulesBook } from '@parley/domain';
import type { EventLog } from '@parley/eventlog';
import type { Clock, Random } from '@parley/kernel';
import type { OwnerDirectory } from '@parley/rpc';
import type { HistoryStore } from '@parley/store';
import type { Telemetry } from '@parley/telemetry';

export interface HistoryDeps {
  readonly log: EventLog;
  readonly store: HistoryStore;
  readonly directory: OwnerDirectory;
  /** Where other processes reach this one. */
  readonly address: string;
  /** Id of this process. */
  readonly peer: string;
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** What each app lets its users do. */
  readonly rules: RulesBook;
}
