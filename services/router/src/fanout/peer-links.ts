import {
  LinkClass,
  type LinkRequest,
  type LinkResponseInit,
  type Delivery,
  type OutcomeInit,
  type SubscribedInit,
} from '@parley/contracts/router';
import type { BidiStream } from '@parley/rpc';
import { routerLimits } from '../limits.js';

export type LinkStream = BidiStream<LinkRequest, LinkResponseInit>;

/** What waits for one stream until the end of the tick, or until the other side reads on. */
class LinkBuffer {
  readonly stream: LinkStream;
  #outcomes: OutcomeInit[] = [];
  #deliveries: Delivery[] = [];
  #subscribed: SubscribedInit[] = [];
  #bytes = 0;
  #isBlocked = false;

  constructor(stream: LinkStream) {
    this.stream = stream;
  }

  get bytes(): number {
    return this.#bytes;
  }

  addOutcome(outcome: OutcomeInit): void {
    this.#outcomes.push(outcome);
    this.#bytes += 64;
  }

  addDelivery(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    this.#bytes += delivery.event.length + 64;
  }

  addSubscribed(answer: SubscribedInit): void {
    this.#subscribed.push(answer);
    this.#bytes += 64;
  }

  flush(): void {
    if (this.#isBlocked || this.#bytes === 0) return;
    const message = { outcomes: this.#outcomes, deliveries: this.#deliveries, subscribed: this.#subscribed };
    this.#outcomes = [];
    this.#deliveries = [];
    this.#subscribed = [];
    this.#bytes = 0;
    if (this.stream.send(message)) return;
    this.#isBlocked = true;
    void this.stream.drained().then(() => {
      this.#isBlocked = false;
      this.flush();
    });
  }
}

/** The streams of one linked process. */
export class PeerLinks {
  readonly peer: string;
  #urgent: LinkBuffer | undefined;
  #normal: LinkBuffer | undefined;

  constructor(peer: string) {
    this.peer = peer;
  }

  attach(linkClass: LinkClass, stream: LinkStream): void {
    const buffer = new LinkBuffer(stream);
    if (linkClass === LinkClass.NORMAL) this.#normal = buffer;
    else this.#urgent = buffer;
  }

  /** False when the stream has been replaced by a newer one. */
  detach(stream: LinkStream): boolean {
    if (this.#urgent?.stream === stream) this.#urgent = undefined;
    else if (this.#normal?.stream === stream) this.#normal = undefined;
    else return false;
    return true;
  }

  get isGone(): boolean {
    return this.#urgent === undefined && this.#normal === undefined;
  }

  get isOverfull(): boolean {
    return (this.#urgent?.bytes ?? 0) > routerLimits.linkBytesMax || (this.#normal?.bytes ?? 0) > routerLimits.linkBytesMax;
  }

  /** Ends both streams: the peer makes new ones and subscribes again. */
  break(): void {
    this.#urgent?.stream.end();
    this.#normal?.stream.end();
  }

  answer(outcome: OutcomeInit): void {
    this.#urgent?.addOutcome(outcome);
  }

  subscribed(answer: SubscribedInit): void {
    this.#urgent?.addSubscribed(answer);
  }

  /**
   * HIGH and SYSTEM have a stream of their own. A membership change is told on both, so that on each of them
   * what was said before it comes before it and what was said after it comes after it.
   */
  deliver(delivery: Delivery, isUrgent: boolean): void {
    if (!isUrgent) {
      this.#normal?.addDelivery(delivery);
      return;
    }
    this.#urgent?.addDelivery(delivery);
    if (delivery.control !== undefined) this.#normal?.addDelivery({ ...delivery, event: noEvent });
  }

  flush(): void {
    this.#urgent?.flush();
    this.#normal?.flush();
  }
}

const noEvent = new Uint8Array(0);
