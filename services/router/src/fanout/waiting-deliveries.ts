import type { Delivery } from '@parley/contracts/router';
import { Priority } from '@parley/wire';
import { routerLimits } from '../limits.js';
import { sheddableOf } from './sheddable.js';

/**
 * Deliveries that wait for one stream, in order. Once the stream has been blocked for a while, transient messages
 * that have waited as long are dropped, LOW first, and of the tallies of a room only the newest is kept. Who types is
 * dropped without a word. What is stored, changes a membership or is for other reasons not to be missed stays.
 */
export class WaitingDeliveries {
  #waiting: Delivery[] = [];
  #bytes = 0;
  #blockedMs = 0;
  /** When was looked last, and how many waited then: those have waited at least since. */
  #lookedMs = 0;
  #lookedCount = 0;
  /** So many at the front have been sifted at this level and stay. */
  #siftedCount = 0;
  #siftedLevel = 0;
  /** Newest tally among those, by conversation. */
  readonly #tallies = new Map<string, Delivery>();

  get bytes(): number {
    return this.#bytes;
  }

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#bytes += deliveryBytes(delivery);
  }

  /** The first ones of so many bytes together, and at least one. */
  take(bytesMax = Number.POSITIVE_INFINITY): readonly Delivery[] {
    if (this.#bytes <= bytesMax) {
      const all = this.#waiting;
      this.#waiting = [];
      this.#bytes = 0;
      return all;
    }
    const taken = firstOf(this.#waiting, bytesMax);
    for (const delivery of taken) this.#bytes -= deliveryBytes(delivery);
    return taken;
  }

  /** The stream does not take more for now: what waits by now, and what comes, waits from here on. */
  block(nowMs: number): void {
    this.#blockedMs = nowMs;
    this.#lookedMs = nowMs;
    this.#lookedCount = 0;
    this.#siftedCount = 0;
    this.#siftedLevel = 0;
    this.#tallies.clear();
  }

  /** To be called now and then while the stream is blocked, and when it no longer is before anything is taken. */
  shed(nowMs: number, onDropped: (delivery: Delivery) => void): void {
    if (nowMs - this.#lookedMs < routerLimits.linkShedAfterMs) return;
    const level = nowMs - this.#blockedMs < routerLimits.linkShedMediumAfterMs ? Priority.LOW : Priority.MEDIUM;
    this.#sift(level, onDropped);
    this.#lookedMs = nowMs;
    this.#lookedCount = this.#waiting.length;
  }

  /** Drops transient messages of this priority and below among those that waited when was looked last. */
  #sift(level: number, onDropped: (delivery: Delivery) => void): void {
    const first = level === this.#siftedLevel ? this.#siftedCount : 0;
    const gone = new Set<Delivery>();
    for (let i = first; i < this.#lookedCount; i++) {
      const delivery = this.#waiting[i];
      if (delivery === undefined) break;
      if (delivery.isForLookers) {
        gone.add(delivery);
        continue;
      }
      const kind = sheddableOf(delivery);
      if (kind === 'message' && delivery.priority <= level) {
        gone.add(delivery);
        onDropped(delivery);
      } else if (kind === 'tally') this.#replaceTally(delivery, gone);
    }
    this.#siftedLevel = level;
    this.#siftedCount = this.#lookedCount - gone.size;
    if (gone.size === 0) return;
    for (const delivery of gone) this.#bytes -= deliveryBytes(delivery);
    this.#waiting = this.#waiting.filter((delivery) => !gone.has(delivery));
  }

  #replaceTally(tally: Delivery, gone: Set<Delivery>): void {
    const key = `${tally.app}/${tally.conversation}`;
    const older = this.#tallies.get(key);
    if (older !== undefined && older !== tally) gone.add(older);
    this.#tallies.set(key, tally);
  }
}

/** Takes the first deliveries of so many bytes together off a list, and at least one. */
export function firstOf(deliveries: Delivery[], bytesMax: number): readonly Delivery[] {
  let bytes = 0;
  const end = deliveries.findIndex((delivery, i) => {
    bytes += deliveryBytes(delivery);
    return i > 0 && bytes > bytesMax;
  });
  return deliveries.splice(0, end < 0 ? deliveries.length : end);
}

/** What a delivery takes on its way, about. */
function deliveryBytes({ event, withheld, channels, onlyTo, control }: Delivery): number {
  const names = channels.length + onlyTo.length + (control === undefined ? 0 : control.joined.length + control.left.length);
  return event.length + withheld.length + 64 + nameBytes * names;
}

/** Of a channel or user. */
const nameBytes = 40;
