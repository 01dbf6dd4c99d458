import type { CancelTimer, Clock } from '@parley/kernel';

/** Rows of one partition that wait to be written, or are being written. */
export interface PendingChanges {
  readonly rowCount: number;
  readonly byteCount: number;
}

export interface WriteBehindOptions<Changes extends PendingChanges> {
  readonly clock: Clock;
  /** Longest time that changes wait, in milliseconds. */
  readonly flushDelayMs: number;
  /** Rows after which a partition is written at once, and a transaction takes no further partition. */
  readonly flushRowsMax: number;
  /** Bytes of all waiting changes beyond which `room` waits. */
  readonly pendingBytesMax: number;
  /** Pause before a failed write is repeated, in milliseconds. */
  readonly retryMs: number;
  /** Changes leave the waiting rows: from now on they are complete. */
  readonly freeze: (changes: Changes) => void;
  /** Writes several partitions in one transaction; resolves when it is on disk. May be repeated with the same. */
  readonly write: (changes: ReadonlyMap<number, Changes>) => Promise<void>;
  /** Changes are on disk and can be forgotten. */
  readonly settle: (changes: Changes) => void;
}

/**
 * Collects changes per partition and writes them later, so that a row that changes often and rows that
 * lie on one page are written once. One transaction is out at a time; each takes whole partitions,
 * because the checkpoint of a partition has to go with its rows.
 */
export class WriteBehind<Changes extends PendingChanges> {
  readonly #options: WriteBehindOptions<Changes>;
  readonly #waiting = new Map<number, Changes>();
  readonly #due = new Set<number>();
  #writing: ReadonlyMap<number, Changes> = new Map();
  #isRunning = false;
  #run: Promise<void> = Promise.resolve();
  #cancelTimer: CancelTimer | undefined;
  #failure: unknown;
  #isAbandoned = false;
  #wake: (() => void)[] = [];

  constructor(options: WriteBehindOptions<Changes>) {
    this.#options = options;
  }

  /** The waiting changes of a partition; what is added to them must be reported with `added`. */
  waiting(partition: number, make: () => Changes): Changes {
    let changes = this.#waiting.get(partition);
    if (changes === undefined) {
      changes = make();
      this.#waiting.set(partition, changes);
    }
    return changes;
  }

  /** Sees to it that a partition's changes are written: soon, or at once when there are many. */
  added(partition: number): void {
    const changes = this.#waiting.get(partition);
    if (changes !== undefined && changes.rowCount >= this.#options.flushRowsMax) {
      this.#due.add(partition);
      this.#start();
      return;
    }
    this.#cancelTimer ??= this.#options.clock.setTimer(this.#options.flushDelayMs, () => {
      this.#cancelTimer = undefined;
      this.#allDue();
      this.#start();
    });
  }

  /** Resolves when there is room for more; rejects while the database cannot be written. */
  async room(): Promise<void> {
    while (this.#failure === undefined && this.#pendingBytes() > this.#options.pendingBytesMax) {
      this.#allDue();
      this.#start();
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes everything that waits; rejects when that fails. */
  async flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#failure = undefined;
    this.#allDue();
    this.#start();
    await this.#run;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Stops the timer; what still waits is given up. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Gives up everything that waits and refuses the rest; resolves when nothing is being written any more. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.stop();
    this.#waiting.clear();
    this.#due.clear();
    this.#failure = new Error('the store was wiped');
    this.#wakeAll();
    await this.#run;
  }

  #allDue(): void {
    for (const partition of this.#waiting.keys()) this.#due.add(partition);
  }

  #pendingBytes(): number {
    let bytes = 0;
    for (const changes of this.#waiting.values()) bytes += changes.byteCount;
    for (const changes of this.#writing.values()) bytes += changes.byteCount;
    return bytes;
  }

  #start(): void {
    if (this.#isRunning || this.#failure !== undefined) return;
    this.#isRunning = true;
    this.#run = this.#writeAllDue();
  }

  async #writeAllDue(): Promise<void> {
    try {
      while (this.#writing.size > 0 || this.#due.size > 0) {
        if (this.#writing.size === 0) this.#takeDue();
        if (this.#writing.size > 0) await this.#options.write(this.#writing);
        for (const changes of this.#writing.values()) this.#options.settle(changes);
        this.#writing = new Map();
        this.#wakeAll();
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isRunning = false;
    }
  }

  #takeDue(): void {
    const taken = new Map<number, Changes>();
    let rows = 0;
    for (const partition of this.#due) {
      if (rows >= this.#options.flushRowsMax) break;
      this.#due.delete(partition);
      const changes = this.#waiting.get(partition);
      if (changes === undefined) continue;
      this.#waiting.delete(partition);
      this.#options.freeze(changes);
      taken.set(partition, changes);
      rows += changes.rowCount;
    }
    this.#writing = taken;
  }

  /** Refuses further rows until a repeated write succeeds: better a service that stops than one that forgets. */
  #failed(error: unknown): void {
    if (this.#isAbandoned) return;
    this.#failure = error;
    this.#wakeAll();
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.setTimer(this.#options.retryMs, () => {
      this.#cancelTimer = undefined;
      this.#failure = undefined;
      this.#start();
    });
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
