import type { Clock } from '@parley/kernel';
import type { MessageIds } from '../message-id.js';

/** When an event was accepted, and its id. */
export interface Stamp {
  readonly timeMs: number;
  readonly messageId: string;
}

/** Stamps the events of one owner of a partition; their times never go back, not behind those of earlier owners either. */
export class Stamps {
  readonly #clock: Clock;
  readonly #ids: MessageIds;
  #timeMs: number;

  constructor(clock: Clock, ids: MessageIds, lastTimeMs: number) {
    this.#clock = clock;
    this.#ids = ids;
    this.#timeMs = lastTimeMs + 1;
  }

  next(): Stamp {
    this.#timeMs = Math.max(this.#timeMs, this.#clock.now());
    return { timeMs: this.#timeMs, messageId: this.#ids.next(this.#timeMs) };
  }
}
