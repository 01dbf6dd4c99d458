import type { Origin } from '@parley/contracts/events';
import type { Delivery, LaneLoad, Outcome, OutcomeInit } from '@parley/contracts/router';
import type { Clock } from '@parley/kernel';
import { Priority } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { RouterEvents } from '../events.js';
import { Channels } from './channels.js';
import { PeerLinks, type PeerLinksDeps } from './peer-links.js';
import { type Publication, toDelivery } from './publication.js';
import type { Relays } from './relays.js';

export interface FanOutDeps {
  /** Id of this process. */
  readonly peer: string;
  readonly partitions: number;
  readonly relays: Relays;
  readonly clock: Clock;
  readonly events: RouterEvents;
  /** Outcomes of calls that wait in this process. */
  readonly onOwnOutcome: (connection: number, outcome: OutcomeInit) => void;
}

/** Brings events to the processes that listen, once per process, and outcomes to who waits for them. */
export class FanOut {
  readonly channels: Channels;
  readonly #deps: FanOutDeps;
  readonly #linksDeps: PeerLinksDeps;
  readonly #peers = new Map<string, PeerLinks>();
  readonly #touched = new Set<PeerLinks>();
  #isFlushScheduled = false;

  constructor(deps: FanOutDeps) {
    this.#deps = deps;
    const { clock, events } = deps;
    this.#linksDeps = { clock, events, touch: (links) => this.touch(links) };
    this.channels = new Channels(deps.partitions);
  }

  peer(id: string): PeerLinks {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    const links = new PeerLinks(id, this.#linksDeps);
    this.#peers.set(id, links);
    return links;
  }

  /** Forgets a peer none of whose streams are open. */
  dropPeer(links: PeerLinks): void {
    if (!links.isGone) return;
    this.channels.dropPeer(links);
    this.#touched.delete(links);
    if (this.#peers.get(links.peer) === links) this.#peers.delete(links.peer);
  }

  answer(origin: Origin, outcome: OutcomeInit): void {
    const { connection, request } = origin;
    if (origin.peer === this.#deps.peer) {
      this.#deps.onOwnOutcome(connection, outcome);
      return;
    }
    const links = this.#peers.get(origin.peer);
    if (links === undefined) return;
    links.answer(completeOutcome(connection, request, outcome));
    this.touch(links);
  }

  /** Tells every linked process how long lanes wait here. */
  tellLoads(loads: readonly LaneLoad[]): void {
    for (const links of this.#peers.values()) {
      links.tellLoads(loads);
      this.touch(links);
    }
  }

  publish(publication: Publication): void {
    const { app, channels } = publication;
    const here: string[] = [];
    for (const channel of channels) {
      if (!this.#deps.relays.isElsewhere(app, channel)) here.push(channel);
      else this.#deps.relays.send(app, channel, toDelivery(publication, [channel]));
    }
    if (here.length > 0) this.deliver(toDelivery(publication, here));
  }

  /** Hands a delivery to those who subscribed to its channels here. */
  deliver(delivery: Delivery): void {
    const isUrgent = delivery.priority >= Priority.HIGH;
    const [only] = delivery.channels;
    if (only === undefined) return;
    if (delivery.channels.length === 1) {
      for (const links of this.channels.subscribersOf(delivery.app, only)) this.#deliverTo(links, delivery, isUrgent);
      return;
    }
    const byPeer = new Map<PeerLinks, string[]>();
    for (const channel of delivery.channels) {
      for (const links of this.channels.subscribersOf(delivery.app, channel)) {
        const wanted = byPeer.get(links);
        if (wanted === undefined) byPeer.set(links, [channel]);
        else wanted.push(channel);
      }
    }
    for (const [links, channels] of byPeer) {
      const isWhole = channels.length === delivery.channels.length;
      this.#deliverTo(links, isWhole ? delivery : { ...delivery, channels }, isUrgent);
    }
  }

  #deliverTo(links: PeerLinks, delivery: Delivery, isUrgent: boolean): void {
    links.deliver(delivery, isUrgent);
    this.touch(links);
  }

  /** Everything of one tick leaves together. */
  touch(links: PeerLinks): void {
    this.#touched.add(links);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      for (const each of this.#touched) this.#flush(each);
      this.#touched.clear();
    });
  }

  #flush(links: PeerLinks): void {
    links.flush();
    if (!links.isOverfull) return;
    this.#deps.events.linkBroken(links.peer, `more than ${routerLimits.linkBytesMax} bytes wait`);
    links.break();
  }
}

/** Spelled out: one shape for all outcomes, on the path of every message. */
function completeOutcome(connection: number, request: number, outcome: OutcomeInit): Outcome {
  const { error = 0, retryAfterMs = 0, seq = 0, messageId = '', timeMs = 0, detail = '', version = 0 } = outcome;
  return { connection, request, error, retryAfterMs, seq, messageId, timeMs, detail, version };
}
