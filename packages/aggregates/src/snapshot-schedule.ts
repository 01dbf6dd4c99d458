export interface SnapshotScheduleOptions {
  /** Records between two snapshots. */
  readonly every: number;
  /** Records that recovery had to read. */
  readonly records: number;
  /** Takes a snapshot; must not reject. */
  readonly take: () => Promise<void>;
}

/** Says when a snapshot is due, and lets one run at a time. */
export class SnapshotSchedule {
  readonly #options: SnapshotScheduleOptions;
  #records: number;
  #running: Promise<void> | undefined;

  constructor(options: SnapshotScheduleOptions) {
    this.#options = options;
    this.#records = options.records;
  }

  /** Resolves when none is running. */
  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  count(records: number): void {
    this.#records += records;
  }

  startWhenDue(): void {
    if (this.#running !== undefined || this.#records < this.#options.every) return;
    this.#records = 0;
    this.#running = this.#options.take().finally(() => {
      this.#running = undefined;
    });
  }
}
