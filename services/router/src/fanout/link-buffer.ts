import type { Delivery, LaneLoad, LinkRequest, LinkResponseInit, OutcomeInit, SubscribedInit } from '@parley/contracts/router';
import type { Clock } from '@parley/kernel';
import type { BidiStream } from '@parley/rpc';
import { WaitingDeliveries } from './waiting-deliveries.js';

export type LinkStream = BidiStream<LinkRequest, LinkResponseInit>;

export interface LinkBufferOptions {
  readonly stream: LinkStream;
  readonly clock: Clock;
  /** Takes what was dropped because the other side did not read. Absent: nothing is ever dropped. */
  readonly onDropped?: (delivery: Delivery) => void;
}

/** What waits for one stream until the end of the tick, or until the other side reads on. */
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
    this.#bytes += 64;
  }

  addDelivery(delivery: Delivery): void {
    this.#deliveries.add(delivery);
  }

  addSubscribed(answer: SubscribedInit): void {
    this.#subscribed.push(answer);
    this.#bytes += 64;
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
    if (this.bytes === 0) return;
    const deliveries = this.#deliveries.take();
    const message = { outcomes: this.#outcomes, deliveries, subscribed: this.#subscribed, loads: this.#loads };
    this.#outcomes = [];
    this.#subscribed = [];
    if (this.#loads.length > 0) this.#loads = [];
    this.#bytes = 0;
    if (this.stream.send(message)) return;
    this.#isBlocked = true;
    this.#deliveries.block(this.#clock.monotonic());
    void this.stream.drained().then(() => {
      this.#shed();
      this.#isBlocked = false;
      this.flush();
    });
  }

  #shed(): void {
    if (this.#onDropped !== undefined) this.#deliveries.shed(this.#clock.monotonic(), this.#onDropped);
  }
}
