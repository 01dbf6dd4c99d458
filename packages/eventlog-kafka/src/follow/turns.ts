import type { Clock } from '@parley/kernel';
import { sliceBytes, sliceEveryMs, slicesAtOnceMax } from '../limits.js';

/** Told what was taken in, see recordCostBytes; resolves when it is time for more. */
export type Pace = (cost: number) => Promise<void>;

/**
 * Shares the process between what was fetched and everything else. A large response is taken in slice by slice, and all
 * large responses together have one slice in sliceEveryMs, topic by topic: so a backlog in one lane neither holds up
 * what is sent in another nor takes the processor from it. When everything is late, so that turns are, several slices go
 * together: the share stays. A small response is taken in at once.
 */
export class Turns {
  readonly #clock: Clock;
  /** By topic; the one that waits longest for its turn is first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isArmed = false;
  /** Slices that are due and that nobody waited for. */
  #credit = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For one response. */
  pace(topic: string): Pace {
    let done = 0;
    return async (cost) => {
      done += cost;
      if (done < sliceBytes) return;
      done = 0;
      await this.#next(topic);
    };
  }

  #next(topic: string): Promise<void> {
    if (this.#credit > 0) {
      this.#credit -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const queue = this.#waiting.get(topic);
      if (queue === undefined) this.#waiting.set(topic, [resolve]);
      else queue.push(resolve);
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    const armedAt = this.#clock.monotonic();
    this.#clock.setTimer(sliceEveryMs, () => {
      this.#isArmed = false;
      const due = Math.floor((this.#clock.monotonic() - armedAt) / sliceEveryMs);
      this.#credit = Math.min(slicesAtOnceMax, Math.max(1, due));
      while (this.#credit > 0 && this.#waiting.size > 0) this.#serve();
      if (this.#waiting.size > 0) this.#arm();
    });
  }

  #serve(): void {
    this.#credit -= 1;
    for (const [topic, queue] of this.#waiting) {
      this.#waiting.delete(topic);
      queue.shift()?.();
      if (queue.length > 0) this.#waiting.set(topic, queue);
      return;
    }
  }
}
