import { sleep, systemClock } from '@parley/kernel';
import { ParleyClientError } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { SeatChanger, type SeatChangerOptions } from './seat-changer.js';
import type { Worker } from './worker.js';

const pauseMs = 50;

/** Comes into the room, takes a seat that goes with its owner, and leaves; again and again. In the end it is out. */
export class Guest implements Worker {
  readonly actor: Actor;
  readonly #options: SeatChangerOptions;
  readonly #changer: SeatChanger;
  #isOver = false;
  #bursts = 0;

  constructor(options: SeatChangerOptions) {
    this.#options = options;
    this.actor = options.actor;
    this.#changer = new SeatChanger(options);
  }

  /** How many stays it has ended. */
  get bursts(): number {
    return this.#bursts;
  }

  async run(abandoned: AbortSignal): Promise<void> {
    while (!this.#isOver) {
      // Who has no answer may be in all the same.
      if (await this.#tried(() => this.actor.client.rooms.join(this.#options.room))) await this.#stay();
      await this.#leave(abandoned);
      this.#bursts++;
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  get #isIn(): boolean {
    return this.actor.client.rooms.get(this.#options.room) !== undefined;
  }

  async #stay(): Promise<void> {
    this.#changer.watch();
    const changes = 1 + Math.floor(this.#options.random.next() * 3);
    for (let n = 0; n < changes && this.#isIn; n++) await this.#changer.change({ seats: [`of-${this.actor.user}`], deleteOnLeave: true });
  }

  /** Leaving twice is not an error, so that it may be repeated until it is known. */
  async #leave(abandoned: AbortSignal): Promise<void> {
    while (!abandoned.aborted && !(await this.#tried(() => this.actor.client.rooms.leave(this.#options.room))));
  }

  async #tried(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      if (!error.retryable) throw error;
      await sleep(systemClock, Math.max(pauseMs, error.retryAfterMs));
      return false;
    }
  }
}
