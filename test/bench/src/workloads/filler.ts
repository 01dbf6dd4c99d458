import { type Clock, sleep } from '@parley/kernel';
import type { ChatEvents } from '../chat/chat-server.js';
import type { Sender } from './message-run.js';
import { forEachBounded } from './open-clients.js';

/** A machine that others use as well may be too slow for a while. */
const triesMax = 120;
const againAfterMs = 50;
const againAfterMsMax = 500;

/** Fills conversations before something is measured: as fast as the server takes it, refused messages once more. */
export class Filler {
  readonly events: ChatEvents;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, { stored(): void; refused(error: string): void }>();
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.events = {
      stored: (_, index) => this.#take(index)?.stored(),
      arrived: () => undefined,
      refused: (_, index, error) => this.#take(index)?.refused(error),
      dropped: () => undefined,
      trouble: () => undefined,
    };
  }

  /** Sends one message each, so many at a time. Resolves with their indices; throws when the server keeps refusing one. */
  async fill(messages: Iterable<Sender>, concurrency = 128): Promise<readonly number[]> {
    const indices: number[] = [];
    await forEachBounded(messages, concurrency, async (sender) => {
      for (let tries = 1; ; tries++) {
        const index = this.#next;
        const error = await this.send(sender);
        if (error === undefined) return void indices.push(index);
        if (tries === triesMax) throw new Error(`the server does not take a message: ${error}`);
        await sleep(this.#clock, Math.min(againAfterMsMax, againAfterMs * tries));
      }
    });
    return indices;
  }

  /** Sends one message; resolves with undefined when it is stored, with the name of the error when it is refused. */
  send({ client, template }: Sender): Promise<string | undefined> {
    const index = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(index, { stored: () => resolve(undefined), refused: resolve });
      client.send(template, index);
      client.flush();
    });
  }

  #take(index: number): { stored(): void; refused(error: string): void } | undefined {
    const waiting = this.#waiting.get(index);
    this.#waiting.delete(index);
    return waiting;
  }
}
