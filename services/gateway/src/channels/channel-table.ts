import type { Clock } from '@parley/kernel';
import type { RouterClient } from '@parley/router-client';
import type { GatewayLimits } from '../limits.js';
import type { LocalUser } from '../sessions/local-user.js';
import { Channel } from './channel.js';

export interface ChannelTableDeps {
  readonly router: RouterClient;
  readonly clock: Clock;
  readonly limits: GatewayLimits;
}

/** The group and room channels that this gateway is subscribed to. */
export class ChannelTable {
  readonly #deps: ChannelTableDeps;
  readonly #channels = new Map<string, Channel>();
  #stamp = 0;

  constructor(deps: ChannelTableDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#channels.size;
  }

  get(app: string, id: string): Channel | undefined {
    return this.#channels.get(`${app}/${id}`);
  }

  /** The channel; subscribes to it when it is new. */
  open(app: string, id: string): Channel {
    const nowMs = this.#deps.clock.monotonic();
    const known = this.get(app, id);
    if (known !== undefined) {
      if (known.members.size === 0) known.unusedSinceMs = nowMs;
      return known;
    }
    const channel = new Channel(app, id, nowMs);
    this.#channels.set(`${app}/${id}`, channel);
    this.#deps.router.subscribe(app, id, false);
    return channel;
  }

  /** A moment, for comparing with `Channel.activeSince`. */
  nextStamp(): number {
    return ++this.#stamp;
  }

  /** The subscription is active from here on. */
  activated(channel: Channel): void {
    channel.activeSince = this.nextStamp();
    const waiters = channel.waiters ?? [];
    channel.waiters = undefined;
    for (const wake of waiters) wake();
  }

  /** Takes a user out of all channels. */
  removeUser(user: LocalUser): void {
    const nowMs = this.#deps.clock.monotonic();
    for (const channel of user.channels) channel.remove(user, nowMs);
  }

  /** Ends the subscriptions that nobody has needed for a while. */
  sweep(nowMs: number): void {
    const { limits, router } = this.#deps;
    for (const [key, channel] of this.#channels) {
      if (channel.members.size > 0 || nowMs - channel.unusedSinceMs < limits.unusedKeptMs) continue;
      this.#channels.delete(key);
      router.unsubscribe(channel.app, channel.id);
    }
  }
}
