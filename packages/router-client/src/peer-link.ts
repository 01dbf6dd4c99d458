import {
  type LinkClass,
  LinkClass as Class,
  type LinkRequestInit,
  type LinkResponse,
  RouterService,
  type SubscribeInit,
} from '@parley/contracts/router';
import type { BidiStream, RpcDialer } from '@parley/rpc';

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

/** The pair of streams to one router process, one per link class. They live and die together. */
export class PeerLink {
  readonly address: string;
  readonly #options: PeerLinkOptions;
  readonly #urgent: Stream;
  readonly #normal: Stream;
  readonly #ended = new AbortController();
  #openStreams = 0;
  #subscribe: SubscribeInit[] = [];
  #unsubscribe: SubscribeInit[] = [];
  #isFlushScheduled = false;

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
    this.#subscribe.push(subscription);
    this.#scheduleFlush();
  }

  unsubscribe(app: string, channel: string): void {
    this.#unsubscribe.push({ app, channel });
    this.#scheduleFlush();
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

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      if (this.#ended.signal.aborted) return;
      this.#urgent.send({ subscribe: this.#subscribe, unsubscribe: this.#unsubscribe });
      this.#subscribe = [];
      this.#unsubscribe = [];
    });
  }
}
