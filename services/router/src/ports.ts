import type { HistoryService } from '@parley/contracts/history';
import type { RulesBook } from '@parley/domain';
import type { EventLog } from '@parley/eventlog';
import type { Clock, Random } from '@parley/kernel';
import type { PolicyBook } from '@parley/lanes';
import type { OwnerDirectory, RpcDialer, ServiceClient } from '@parley/rpc';
import type { Telemetry } from '@parley/telemetry';

/** What the router needs of history. */
export type HistoryReader = Pick<
  ServiceClient<typeof HistoryService>,
  'getConversation' | 'findSend' | 'getCheckpoint' | 'getTarget' | 'queryHistory'
>;

export interface RouterDeps {
  readonly log: EventLog;
  readonly history: HistoryReader;
  readonly directory: OwnerDirectory;
  readonly dialer: RpcDialer;
  /** Where other processes reach this one. */
  readonly address: string;
  /** Id of this process. */
  readonly peer: string;
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** How much each app's rooms take; the default of all where it is absent. */
  readonly policies?: PolicyBook;
  /** What each app lets its users do; the default of all where it is absent. */
  readonly rules?: RulesBook;
}
