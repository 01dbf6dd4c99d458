import type { Delivery } from '@parley/contracts/router';
import { type Clock, partitionOf, type Random } from '@parley/kernel';
import type { Owner, OwnerDirectory, RpcDialer } from '@parley/rpc';
import type { RouterEvents } from '../events.js';
import { Relay } from './relay.js';

export interface RelaysDeps {
  readonly peer: string;
  readonly address: string;
  readonly partitions: number;
  readonly directory: OwnerDirectory;
  readonly dialer: RpcDialer;
  /** Whether this process owns the partition now. */
  readonly isOwned: (partition: number) => boolean;
  readonly clock: Clock;
  readonly random: Random;
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
      relay = new Relay(owner.address, { ...this.#deps, onBroken: (unsent) => this.#sort(owner.address, unsent) });
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
   * A stream broke. What has another owner by now goes there; what is left is answered, to be tried again. It may be
   * that only the stream was lost: then nobody who listens there would notice that something is missing. Undefined where
   * the router at the address owns nothing any more: whoever listened there subscribes anew and syncs.
   */
  #sort(address: string, unsent: readonly Delivery[]): readonly Delivery[] | undefined {
    if (this.#isClosed) return undefined;
    const left: Delivery[] = [];
    for (const delivery of unsent) {
      const stays = delivery.channels.filter((channel) => this.ownerOf(delivery.app, channel)?.address === address);
      if (stays.length > 0) left.push({ ...delivery, channels: stays });
      for (const channel of delivery.channels) {
        if (!stays.includes(channel)) this.send(delivery.app, channel, { ...delivery, channels: [channel] });
      }
    }
    if (this.#deps.directory.peersOf('router').some((owner) => owner.address === address)) return left;
    this.#relays.delete(address);
    return undefined;
  }
}
