import type { Config } from '@parley/config';
import type { EventLog } from '@parley/eventlog';
import type { Clock, Random } from '@parley/kernel';
import type { RpcDialer, RpcServer } from '@parley/rpc';
import type { HistoryStore, PushStore } from '@parley/store';
import type { Telemetry } from '@parley/telemetry';

/** What adapters are made from. */
export interface AdapterDeps {
  readonly config: Config;
  /** Id of this process. */
  readonly peer: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** The outside world of one mode. Stores are opened when first asked for: most processes of a cluster need none. */
export interface Adapters {
  openLog(): Promise<EventLog>;
  openHistoryStore(): Promise<HistoryStore>;
  openPushStore(): Promise<PushStore>;
  /** Closes the stores that were opened. */
  closeStores(): Promise<void>;
  openRpc(): Promise<{ readonly server: RpcServer; readonly dialer: RpcDialer }>;
}

/** Reports what a handler threw and should not have. */
export const faultReporter =
  ({ telemetry }: AdapterDeps) =>
  (method: string, fault: unknown): void =>
    telemetry.logger.error('a call failed unexpectedly', { method }, fault);
