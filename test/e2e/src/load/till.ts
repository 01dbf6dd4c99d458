import { sleep, systemClock } from '@parley/kernel';
import type { BackEnd } from '../world/back-end.js';
import type { Worker } from './worker.js';

const pauseMs = 20;

export interface TillOptions {
  readonly backEnd: BackEnd;
  readonly room: string;
  readonly counter: string;
}

/** The back end's only contributor to a counter: tells a growing total, each until it is confirmed. */
export class Till implements Worker {
  readonly #options: TillOptions;
  /** Confirmed values that were not the total, in words. */
  readonly faults: string[] = [];
  #isOver = false;
  #total = 0;
  #bursts = 0;

  constructor(options: TillOptions) {
    this.#options = options;
  }

  get bursts(): number {
    return this.#bursts;
  }

  get total(): number {
    return this.#total;
  }

  async run(abandoned: AbortSignal): Promise<void> {
    while (!this.#isOver) {
      this.#total += 1 + (this.#bursts % 5);
      const value = await this.#told(abandoned);
      if (value !== this.#total && !abandoned.aborted)
        this.faults.push(`${this.#options.counter} is ${value} after ${this.#total} were added`);
      this.#bursts++;
      await sleep(systemClock, pauseMs);
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  /** The value of the counter; asks again, with the same total, until the server says what it is. */
  async #told(abandoned: AbortSignal): Promise<number> {
    const { backEnd, room, counter } = this.#options;
    while (!abandoned.aborted) {
      try {
        const { value } = await backEnd.call('room/incrementCounter', { room, counter, nonce: 'till', total: `${this.#total}` });
        return Number(value);
      } catch {
        await sleep(systemClock, pauseMs);
      }
    }
    return Number.NaN;
  }
}
