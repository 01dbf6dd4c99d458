import type { Clock } from '@parley/kernel';
import { sliceBytes, sliceEveryMs } from '../limits.js';

/** Told what was taken in, see recordCostBytes; resolves when it is time for more. */
export type Pace = (cost: number) => Promise<void>;

/**
 * Shares the process between what was fetched and everything else. A large response is taken in slice by slice, and all
 * large responses together have one slice in sliceEveryMs, topic by topic: so a backlog in one lane neither holds up
 * what is sent in another nor takes the processor from it. A small response is taken in at once.
 */
export class Turns {
  readonly #clock: Clock;
  /** By topic; the one that waits longest for its turn is first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isArmed = false;

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
    this.#clock.setTimer(sliceEveryMs, () => {
      this.#isArmed = false;
      for (const [topic, queue] of this.#waiting) {
        this.#waiting.delete(topic);
        queue.shift()?.();
        if (queue.length > 0) this.#waiting.set(topic, queue);
        break;
      }
      if (this.#waiting.size > 0) this.#arm();
    });
  }
}
