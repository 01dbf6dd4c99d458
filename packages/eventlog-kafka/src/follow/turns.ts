import { decodeSliceBytes } from '../limits.js';

/** Told how much work was done; resolves when it is time for more. */
export type Pace = (bytes: number) => Promise<void>;

/**
 * Shares the event loop between what was fetched and everything else. A large response is taken in slice by slice, with
 * one turn of the loop between them, and all large responses together have one slice per turn: so a backlog in
 * one lane does not hold up what is sent in another. A small response is taken in at once.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** For one response. */
  pace(): Pace {
    let done = 0;
    return async (bytes) => {
      done += bytes;
      if (done < decodeSliceBytes) return;
      done = 0;
      await this.#next();
    };
  }

  #next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => void setImmediate(resolve)));
    return this.#last;
  }
}
