import { type Delivery, type RelayRequestInit, type RelayResponse, RouterService } from '@parley/contracts/router';
import { type BackoffPolicy, backoffMs, type CancelTimer, type Clock, type Random } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import type { BidiStream, RpcDialer } from '@parley/rpc';
import type { RouterEvents } from '../events.js';
import { routerLimits } from '../limits.js';
import { sheddableOf } from './sheddable.js';
import { firstOf } from './waiting-deliveries.js';

export interface RelayDeps {
  /** Id of this process. */
  readonly peer: string;
  readonly dialer: RpcDialer;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: RouterEvents;
  /** The stream broke before these were confirmed: answers those to try again; undefined: none, and never again. */
  readonly onBroken: (unsent: readonly Delivery[]) => readonly Delivery[] | undefined;
}

type RelayStream = BidiStream<RelayResponse, RelayRequestInit>;

const reconnect: BackoffPolicy = { firstMs: 50, longestMs: 2_000 };

/** The way to one other router: a stream, and another one when it breaks. What the other side has not confirmed goes again. */
export class Relay {
  readonly #address: string;
  readonly #deps: RelayDeps;
  #stream: RelayStream | undefined;
  #waiting: Delivery[] = [];
  #unconfirmed: Delivery[] = [];
  /** Of what went by the present stream. */
  #confirmed = 0;
  #failures = 0;
  #isFlushScheduled = false;
  #isBlocked = false;
  #isClosed = false;
  #cancelRetry: CancelTimer = () => {};

  constructor(address: string, deps: RelayDeps) {
    this.#address = address;
    this.#deps = deps;
    this.#open();
  }

  send(delivery: Delivery): void {
    if (this.#waiting.length + this.#unconfirmed.length >= routerLimits.relayDeliveriesMax) {
      this.#deps.events.linkBroken(this.#address, `more than ${routerLimits.relayDeliveriesMax} deliveries wait`);
      this.#waiting = [];
      this.#unconfirmed = [];
      this.#stream?.end();
      // Its end leads to another one.
      this.#stream = undefined;
      return;
    }
    this.#waiting.push(delivery);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => this.#flush());
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry();
    this.#stream?.end();
  }

  #open(): void {
    const { dialer, peer } = this.#deps;
    const stream: RelayStream = dialer.client(RouterService, this.#address).relay();
    this.#stream = stream;
    this.#confirmed = 0;
    this.#isBlocked = false;
    stream.send({ peer });
    void this.#receive(stream).then(() => this.#broken());
    this.#flush();
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    const stream = this.#stream;
    while (stream !== undefined && !this.#isBlocked && this.#waiting.length > 0) {
      const deliveries = firstOf(this.#waiting, routerLimits.linkMessageBytesMax);
      for (const delivery of deliveries) this.#unconfirmed.push(delivery);
      this.#deps.events.relayed(deliveries.length);
      if (stream.send({ deliveries })) continue;
      this.#isBlocked = true;
      void stream.drained().then(() => {
        if (this.#stream !== stream) return;
        this.#isBlocked = false;
        this.#flush();
      });
    }
  }

  async #receive(stream: RelayStream): Promise<void> {
    try {
      for await (const { received } of stream.incoming) {
        if (this.#stream !== stream) continue;
        this.#unconfirmed.splice(0, received - this.#confirmed);
        this.#confirmed = received;
        this.#failures = 0;
      }
    } catch {
      // What was not confirmed goes again.
    }
  }

  #broken(): void {
    this.#stream = undefined;
    if (this.#isClosed) return;
    // Nobody is to hear transient messages twice, or late.
    const unsent = [...this.#unconfirmed, ...this.#waiting].filter((delivery) => !this.#isShed(delivery));
    this.#unconfirmed = [];
    const left = this.#deps.onBroken(unsent);
    this.#waiting = left === undefined ? [] : [...left];
    if (left === undefined) return;
    this.#cancelRetry = this.#deps.clock.setTimer(backoffMs(reconnect, this.#failures++, this.#deps.random), () => this.#open());
  }

  #isShed(delivery: Delivery): boolean {
    const kind = delivery.isForLookers ? 'tally' : sheddableOf(delivery);
    if (kind === 'message') this.#deps.events.shed('fanout', laneOf(delivery.priority), 1);
    return kind !== undefined;
  }
}
