import { type Delivery, type LaneLoad, LinkClass, type OutcomeInit, type SubscribedInit } from '@parley/contracts/router';
import { type Clock, emptyBytes } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import type { RouterEvents } from '../events.js';
import { routerLimits } from '../limits.js';
import { DropNotices } from '../overload/drop-notices.js';
import { LinkBuffer, type LinkStream } from './link-buffer.js';
import { toDelivery } from './publication.js';

export interface PeerLinksDeps {
  readonly clock: Clock;
  readonly events: RouterEvents;
  /** Something was put into a buffer outside of a tick's work: flush it. */
  readonly touch: (links: PeerLinks) => void;
}

/** The streams of one linked process. */
export class PeerLinks {
  readonly peer: string;
  #urgent: LinkBuffer | undefined;
  #normal: LinkBuffer | undefined;

  readonly #deps: PeerLinksDeps;
  readonly #dropNotices: DropNotices;

  constructor(peer: string, deps: PeerLinksDeps) {
    this.peer = peer;
    this.#deps = deps;
    this.#dropNotices = new DropNotices({ clock: deps.clock, tell: (notice) => this.#tellDropped(toDelivery(notice, notice.channels)) });
  }

  attach(linkClass: LinkClass, stream: LinkStream): void {
    const { clock } = this.#deps;
    if (linkClass === LinkClass.NORMAL) {
      this.#normal = new LinkBuffer({ stream, clock, onDropped: (delivery) => this.#drop(delivery) });
    } else this.#urgent = new LinkBuffer({ stream, clock });
  }

  /** False when the stream has been replaced by a newer one. */
  detach(stream: LinkStream): boolean {
    if (this.#urgent?.stream === stream) this.#urgent = undefined;
    else if (this.#normal?.stream === stream) this.#normal = undefined;
    else return false;
    if (this.isGone) this.#dropNotices.close();
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

  tellLoads(loads: readonly LaneLoad[]): void {
    this.#urgent?.addLoads(loads);
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
    if (delivery.control !== undefined) this.#normal?.addDelivery({ ...delivery, event: emptyBytes });
  }

  flush(): void {
    this.#urgent?.flush();
    this.#normal?.flush();
  }

  #drop({ app, channels, conversation, priority }: Delivery): void {
    const lane = laneOf(priority);
    this.#deps.events.shed('fanout', lane, 1);
    for (const channel of channels) this.#dropNotices.note({ app, channel, conversation }, lane);
  }

  /** Once the other side reads again: before, one notice per second would only add to what waits. */
  #tellDropped(notice: Delivery): boolean {
    if (this.#normal === undefined || this.#normal.isBlocked) return false;
    this.#normal.addDelivery(notice);
    this.#deps.touch(this);
    return true;
  }
}
