import type { HistoryService } from '@parley/contracts/history';
import type { RouterService } from '@parley/contracts/router';
import type { EventLog } from '@parley/eventlog';
import type { Clock, Random } from '@parley/kernel';
import type { OwnerDirectory, ServiceClient } from '@parley/rpc';
import type { PushStore } from '@parley/store';
import type { Telemetry } from '@parley/telemetry';

export interface PushDeps {
  readonly log: EventLog;
  readonly store: PushStore;
  /** Says who is in a group, what a user has not read, and where to begin in a log that has lost its beginning. */
  readonly history: Pick<ServiceClient<typeof HistoryService>, 'getConversation' | 'queryConversations' | 'getCheckpoint'>;
  /** Says who is connected. */
  readonly router: Pick<ServiceClient<typeof RouterService>, 'queryPresence'>;
  readonly directory: OwnerDirectory;
  readonly address: string;
  readonly peer: string;
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}
