import { type Delivery, type RelayRequestInit, type RelayResponse, RouterService } from '@parley/contracts/router';
import { partitionOf } from '@parley/kernel';
import type { BidiStream, Owner, OwnerDirectory, RpcDialer } from '@parley/rpc';
import { routerLimits } from '../limits.js';
import type { RouterEvents } from '../events.js';

export interface RelaysDeps {
  readonly peer: string;
  readonly address: string;
  readonly partitions: number;
  readonly directory: OwnerDirectory;
  readonly dialer: RpcDialer;
  /** Whether this process owns the partition now. */
  readonly isOwned: (partition: number) => boolean;
  readonly events: RouterEvents;
}

/** Hands events to the routers that own their channels. */
export class Relays {
  readonly #deps: RelaysDeps;
  readonly #relays = new Map<string, Relay>();
  #isClosed = false;

  constructor(deps: RelaysDeps) {
    this.#deps = deps;
  }

  /** Whether another process owns the channel. A channel without a known owner counts as ours: nobody listens then. */
  isElsewhere(app: string, channel: string): boolean {
    if (this.#deps.isOwned(partitionOf(app, channel, this.#deps.partitions))) return false;
    const owner = this.ownerOf(app, channel);
    return owner !== undefined && owner.peer !== this.#deps.peer;
  }

  ownerOf(app: string, channel: string): Owner | undefined {
    return this.#deps.directory.ownerOf('router', partitionOf(app, channel, this.#deps.partitions));
  }

  send(app: string, channel: string, delivery: Delivery): void {
    const owner = this.ownerOf(app, channel);
    if (owner === undefined || owner.peer === this.#deps.peer) return;
    let relay = this.#relays.get(owner.address);
    if (relay === undefined) {
      relay = new Relay(this.#deps, owner.address, (unsent) => this.#reroute(owner.address, unsent));
      this.#relays.set(owner.address, relay);
    }
    relay.send(delivery);
  }

  close(): void {
    this.#isClosed = true;
    for (const relay of this.#relays.values()) relay.close();
    this.#relays.clear();
  }

  /**
   * The stream broke: what was not confirmed goes to the owner that the directory names by then. Where it
   * still names the lost one, the events are dropped; whoever listened there subscribes anew and syncs.
   */
  #reroute(address: string, unsent: readonly Delivery[]): void {
    this.#relays.delete(address);
    if (this.#isClosed) return;
    for (const delivery of unsent) {
      for (const channel of delivery.channels) {
        if (this.ownerOf(delivery.app, channel)?.address !== address)
          this.send(delivery.app, channel, { ...delivery, channels: [channel] });
      }
    }
  }
}

/** The stream to one other router. */
class Relay {
  readonly #stream: BidiStream<RelayResponse, RelayRequestInit>;
  readonly #deps: RelaysDeps;
  #waiting: Delivery[] = [];
  readonly #unconfirmed: Delivery[] = [];
  #confirmed = 0;
  #isFlushScheduled = false;
  #isBlocked = false;

  constructor(deps: RelaysDeps, address: string, onBroken: (unsent: readonly Delivery[]) => void) {
    this.#deps = deps;
    this.#stream = deps.dialer.client(RouterService, address).relay();
    this.#stream.send({ peer: deps.peer });
    void this.#receive().then(() => onBroken([...this.#unconfirmed, ...this.#waiting]));
  }

  send(delivery: Delivery): void {
    if (this.#waiting.length + this.#unconfirmed.length >= routerLimits.relayDeliveriesMax) {
      this.close();
      return;
    }
    this.#waiting.push(delivery);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => this.#flush());
  }

  close(): void {
    this.#stream.end();
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    if (this.#isBlocked || this.#waiting.length === 0) return;
    const deliveries = this.#waiting;
    this.#waiting = [];
    for (const delivery of deliveries) this.#unconfirmed.push(delivery);
    this.#deps.events.relayed(deliveries.length);
    if (this.#stream.send({ deliveries })) return;
    this.#isBlocked = true;
    void this.#stream.drained().then(() => {
      this.#isBlocked = false;
      this.#flush();
    });
  }

  async #receive(): Promise<void> {
    try {
      for await (const { received } of this.#stream.incoming) {
        this.#unconfirmed.splice(0, received - this.#confirmed);
        this.#confirmed = received;
      }
    } catch {
      // The caller sends elsewhere what was not confirmed.
    }
  }
}
