import type { Clock } from '@parley/kernel';

/** What a command is stamped with. */
export interface Stamp {
  /** Milliseconds since 1970 (UTC); never goes back within a partition, whoever owns it. */
  readonly timeMs: number;
  /** Greater than every version that was given in the partition before. */
  readonly firstVersion: number;
}

/** Versions per millisecond; ms × 1024 stays below 2^53 until the year 2248. */
const versionsPerMs = 1_024;

/**
 * A clock that also counts (a hybrid logical clock): it follows the machine's clock, but never goes back and
 * never repeats, because it starts behind what the former owner has written down and behind every version seen.
 */
export class PartitionClock {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The newest count: what a record carries, so that the next owner goes on behind it. */
  get last(): number {
    return this.#last;
  }

  stamp(): Stamp {
    this.#last = Math.max(this.#last + 1, this.#clock.now() * versionsPerMs);
    return { timeMs: Math.floor(this.#last / versionsPerMs), firstVersion: this.#last };
  }

  /** Everything given out from now on is greater than `count`. */
  passBy(count: number): void {
    this.#last = Math.max(this.#last, count);
  }
}
