import type { Delivery, LaneLoad, LinkRequest, LinkResponseInit, OutcomeInit, SubscribedInit } from '@parley/contracts/router';
import type { Clock } from '@parley/kernel';
import type { BidiStream } from '@parley/rpc';
import { routerLimits } from '../limits.js';
import { WaitingDeliveries } from './waiting-deliveries.js';

export type LinkStream = BidiStream<LinkRequest, LinkResponseInit>;

export interface LinkBufferOptions {
  readonly stream: LinkStream;
  readonly clock: Clock;
  /** Takes what was dropped because the other side did not read. Absent: nothing is ever dropped. */
  readonly onDropped?: (delivery: Delivery) => void;
}

/**
 * What waits for one stream until the end of the tick, or until the other side reads on. It leaves in messages that a call
 * can carry, however much has come together.
 */
export class LinkBuffer {
  readonly stream: LinkStream;
  readonly #clock: Clock;
  readonly #onDropped: ((delivery: Delivery) => void) | undefined;
  readonly #deliveries = new WaitingDeliveries();
  #outcomes: OutcomeInit[] = [];
  #subscribed: SubscribedInit[] = [];
  #loads: LaneLoad[] = [];
  #bytes = 0;
  #isBlocked = false;

  constructor({ stream, clock, onDropped }: LinkBufferOptions) {
    this.stream = stream;
    this.#clock = clock;
    this.#onDropped = onDropped;
  }

  get bytes(): number {
    return this.#bytes + this.#deliveries.bytes;
  }

  /** The other side does not read. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  addOutcome(outcome: OutcomeInit): void {
    this.#outcomes.push(outcome);
    this.#bytes += answerBytes;
  }

  addDelivery(delivery: Delivery): void {
    this.#deliveries.add(delivery);
  }

  addSubscribed(answer: SubscribedInit): void {
    this.#subscribed.push(answer);
    this.#bytes += answerBytes;
  }

  /** The newest load of a lane counts. */
  addLoads(loads: readonly LaneLoad[]): void {
    this.#loads = [...this.#loads.filter(({ priority }) => loads.every((load) => load.priority !== priority)), ...loads];
    this.#bytes += 16;
  }

  flush(): void {
    if (this.#isBlocked) {
      this.#shed();
      return;
    }
    while (this.bytes > 0) {
      if (this.stream.send(this.#nextMessage())) continue;
      this.#isBlocked = true;
      this.#deliveries.block(this.#clock.monotonic());
      void this.stream.drained().then(() => {
        this.#shed();
        this.#isBlocked = false;
        this.flush();
      });
      return;
    }
  }

  #nextMessage(): LinkResponseInit {
    const { linkMessageBytesMax, linkAnswersMax } = routerLimits;
    const deliveries = this.#deliveries.take(linkMessageBytesMax);
    const [outcomes, subscribed, loads] = [this.#outcomes, this.#subscribed, this.#loads];
    this.#outcomes = outcomes.length > linkAnswersMax ? outcomes.splice(linkAnswersMax) : [];
    this.#subscribed = subscribed.length > linkAnswersMax ? subscribed.splice(linkAnswersMax) : [];
    if (loads.length > 0) this.#loads = [];
    this.#bytes = answerBytes * (this.#outcomes.length + this.#subscribed.length);
    return { outcomes, deliveries, subscribed, loads };
  }

  #shed(): void {
    if (this.#onDropped !== undefined) this.#deliveries.shed(this.#clock.monotonic(), this.#onDropped);
  }
}

/** Of an outcome, or of the answer to a subscription; about. */
const answerBytes = 64;
