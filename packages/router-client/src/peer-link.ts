import {
  type LinkClass,
  LinkClass as Class,
  type LinkRequestInit,
  type LinkResponse,
  RouterService,
  type SubscribeInit,
} from '@parley/contracts/router';
import type { BidiStream, RpcDialer } from '@parley/rpc';
import { linkLimits } from './limits.js';

export interface PeerLinkEvents {
  /** Both streams are open: subscriptions may be sent. */
  opened(link: PeerLink): void;
  received(link: PeerLink, response: LinkResponse, linkClass: LinkClass): void;
  /** Called once; the link is of no use any more. */
  closed(link: PeerLink): void;
}

export interface PeerLinkOptions {
  readonly dialer: RpcDialer;
  /** The router's address. */
  readonly address: string;
  /** Id of this process. */
  readonly peer: string;
  readonly events: PeerLinkEvents;
}

type Stream = BidiStream<LinkResponse, LinkRequestInit>;

interface Wish {
  readonly type: 'subscribe' | 'unsubscribe';
  readonly subscription: SubscribeInit;
}

/** The pair of streams to one router process, one per link class. They live and die together. */
export class PeerLink {
  readonly address: string;
  readonly #options: PeerLinkOptions;
  readonly #urgent: Stream;
  readonly #normal: Stream;
  readonly #ended = new AbortController();
  #openStreams = 0;
  /**
   * What is asked for in this tick, by channel: the last wish counts. The router hears all unsubscribes of a
   * request before its subscribes, so each channel may be in one of them only.
   */
  readonly #wishes = new Map<string, Wish>();

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.address = options.address;
    this.#urgent = this.#open(Class.URGENT);
    this.#normal = this.#open(Class.NORMAL);
    void this.#receive(this.#urgent, Class.URGENT);
    void this.#receive(this.#normal, Class.NORMAL);
  }

  get isOpen(): boolean {
    return this.#openStreams === 2 && !this.#ended.signal.aborted;
  }

  /** What is asked for in one tick travels together. */
  subscribe(subscription: SubscribeInit): void {
    this.#wish({ type: 'subscribe', subscription });
  }

  unsubscribe(app: string, channel: string): void {
    this.#wish({ type: 'unsubscribe', subscription: { app, channel } });
  }

  close(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#urgent.end();
    this.#normal.end();
    this.#options.events.closed(this);
  }

  #open(linkClass: LinkClass): Stream {
    const client = this.#options.dialer.client(RouterService, this.#options.address);
    const stream = client.link({ signal: this.#ended.signal });
    stream.send({ hello: { peer: this.#options.peer, linkClass } });
    return stream;
  }

  /** The router answers the hello with an empty response. */
  async #receive(stream: Stream, linkClass: LinkClass): Promise<void> {
    let isGreeted = false;
    try {
      for await (const response of stream.incoming) {
        if (this.#ended.signal.aborted) return;
        if (isGreeted) this.#options.events.received(this, response, linkClass);
        else {
          isGreeted = true;
          if (++this.#openStreams === 2) this.#options.events.opened(this);
        }
      }
    } catch {
      // A broken stream is answered below like one that ended: a new link is made.
    }
    this.close();
  }

  #wish(wish: Wish): void {
    if (this.#wishes.size === 0) setImmediate(() => this.#flush());
    this.#wishes.set(`${wish.subscription.app}/${wish.subscription.channel}`, wish);
  }

  #flush(): void {
    const wishes = [...this.#wishes.values()];
    this.#wishes.clear();
    if (this.#ended.signal.aborted) return;
    for (let from = 0; from < wishes.length; from += linkLimits.wishesMax) {
      const subscribe: SubscribeInit[] = [];
      const unsubscribe: SubscribeInit[] = [];
      for (const { type, subscription } of wishes.slice(from, from + linkLimits.wishesMax)) {
        (type === 'subscribe' ? subscribe : unsubscribe).push(subscription);
      }
      this.#urgent.send({ subscribe, unsubscribe });
    }
  }
}
