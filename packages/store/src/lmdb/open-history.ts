import type { Clock } from '@parley/kernel';
import type { HistoryCheckpoint } from '../history-store.js';
import { storeLimits } from '../limits.js';
import { type HistoryChanges, PendingRows } from './history-changes.js';
import { HistoryDatabase } from './history-database.js';
import type { LmdbEnvironment } from './lmdb-environment.js';
import { WriteBehind } from './write-behind.js';

export interface OpenHistoryOptions {
  readonly clock: Clock;
  readonly flushDelayMs?: number;
  readonly pendingBytesMax?: number;
}

/** One life of a history: a file and what waits to be written to it. A wipe ends it and begins another. */
export class OpenHistory {
  readonly environment: LmdbEnvironment;
  readonly database: HistoryDatabase;
  readonly pending = new PendingRows();
  /** What reads see; the disk may be behind. */
  readonly checkpoints: Map<number, HistoryCheckpoint>;
  readonly behind: WriteBehind<HistoryChanges>;

  constructor(environment: LmdbEnvironment, options: OpenHistoryOptions) {
    this.environment = environment;
    this.database = new HistoryDatabase(environment, options.clock);
    this.checkpoints = this.database.checkpoints();
    this.behind = new WriteBehind({
      clock: options.clock,
      flushDelayMs: options.flushDelayMs ?? storeLimits.flushDelayMs,
      pendingBytesMax: options.pendingBytesMax ?? storeLimits.pendingBytesMax,
      flushRowsMax: storeLimits.flushRowsMax,
      retryMs: storeLimits.flushRetryMs,
      freeze: (changes) => this.pending.freeze(changes),
      write: (changes) => this.database.write(changes),
      settle: (changes) => this.pending.settle(changes),
    });
  }
}
