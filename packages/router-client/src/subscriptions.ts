import { partitionOf } from '@parley/kernel';
import type { PeerLink } from './peer-link.js';

/** One channel that this process wants to hear. */
export interface Subscription {
  readonly app: string;
  readonly channel: string;
  readonly partition: number;
  isConnected: boolean;
  /** The link it was announced on last. */
  link: PeerLink | undefined;
  isActive: boolean;
  /** Whether it was active before: then events may have been missed in between. */
  wasActive: boolean;
}

/** All subscriptions of a process, by channel and by partition. */
export class SubscriptionTable {
  readonly #partitions: number;
  readonly #byKey = new Map<string, Subscription>();
  readonly #byPartition = new Map<number, Set<Subscription>>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(app: string, channel: string): Subscription | undefined {
    return this.#byKey.get(`${app}/${channel}`);
  }

  add(app: string, channel: string, isConnected: boolean): Subscription {
    const partition = partitionOf(app, channel, this.#partitions);
    const subscription = { app, channel, partition, isConnected, link: undefined, isActive: false, wasActive: false };
    this.#byKey.set(`${app}/${channel}`, subscription);
    const siblings = this.#byPartition.get(partition);
    if (siblings === undefined) this.#byPartition.set(partition, new Set([subscription]));
    else siblings.add(subscription);
    return subscription;
  }

  remove(subscription: Subscription): void {
    this.#byKey.delete(`${subscription.app}/${subscription.channel}`);
    this.#byPartition.get(subscription.partition)?.delete(subscription);
  }

  inPartition(partition: number): Iterable<Subscription> {
    return this.#byPartition.get(partition) ?? [];
  }

  all(): Iterable<Subscription> {
    return this.#byKey.values();
  }
}
