import type { Clock } from '@parley/kernel';
import { aggregateLimits } from './limits.js';

/** What there is since the last snapshot. */
export interface Unsnapshotted {
  readonly records: number;
  /** When the first of them that says something was written, milliseconds since 1970 (UTC). */
  readonly sinceMs: number | undefined;
}

export interface SnapshotScheduleOptions {
  /** Records between two snapshots. */
  readonly every: number;
  /** What recovery had to read. */
  readonly recovered: Unsnapshotted;
  readonly clock: Clock;
  /** Takes a snapshot; must not reject. */
  readonly take: () => Promise<void>;
}

/** Says when a snapshot is due, of many records or of old ones, and lets one run at a time. */
export class SnapshotSchedule {
  readonly #options: SnapshotScheduleOptions;
  #records: number;
  #sinceMs: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: SnapshotScheduleOptions) {
    this.#options = options;
    this.#records = options.recovered.records;
    this.#sinceMs = options.recovered.sinceMs;
  }

  /** Resolves when none is running. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** `isEmpty`: they carry positions only. */
  count(records: number, isEmpty: boolean): void {
    this.#records += records;
    if (!isEmpty) this.#sinceMs ??= this.#options.clock.now();
  }

  startWhenDue(): void {
    if (this.#running !== undefined || !this.#isDue) return;
    this.#records = 0;
    this.#sinceMs = undefined;
    this.#running = this.#options.take().finally(() => {
      this.#running = undefined;
    });
  }

  get #isDue(): boolean {
    const { every, clock } = this.#options;
    if (this.#records >= every) return true;
    return this.#sinceMs !== undefined && clock.now() - this.#sinceMs >= aggregateLimits.snapshotAfterMs;
  }
}
