import { partitionOf } from '@parley/kernel';
import type { PeerLinks } from './peer-links.js';

interface Channel {
  readonly partition: number;
  readonly subscribers: Map<PeerLinks, { isConnected: boolean }>;
}

/** Who listens where: channels, and the linked processes that subscribed to them. */
export class Channels {
  readonly #partitions: number;
  readonly #channels = new Map<string, Channel>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  get size(): number {
    return this.#channels.size;
  }

  subscribe(links: PeerLinks, app: string, channel: string, isConnected: boolean): void {
    const key = `${app}/${channel}`;
    let known = this.#channels.get(key);
    if (known === undefined) {
      known = { partition: partitionOf(app, channel, this.#partitions), subscribers: new Map() };
      this.#channels.set(key, known);
    }
    known.subscribers.set(links, { isConnected });
  }

  unsubscribe(links: PeerLinks, app: string, channel: string): void {
    const key = `${app}/${channel}`;
    const known = this.#channels.get(key);
    if (known?.subscribers.delete(links) === true && known.subscribers.size === 0) this.#channels.delete(key);
  }

  subscribersOf(app: string, channel: string): Iterable<PeerLinks> {
    return this.#channels.get(`${app}/${channel}`)?.subscribers.keys() ?? [];
  }

  /** Whether a session behind the channel is connected now. */
  isPresent(app: string, channel: string): boolean {
    const subscribers = this.#channels.get(`${app}/${channel}`)?.subscribers.values() ?? [];
    return [...subscribers].some((subscription) => subscription.isConnected);
  }

  /** Forgets a process that is no longer linked. */
  dropPeer(links: PeerLinks): void {
    this.#dropWhere((channel) => channel.subscribers.delete(links) && channel.subscribers.size === 0);
  }

  /** Forgets the channels of a partition that another process owns. */
  dropPartition(partition: number): void {
    this.#dropWhere((channel) => channel.partition === partition);
  }

  #dropWhere(isToGo: (channel: Channel) => boolean): void {
    for (const [key, channel] of this.#channels) if (isToGo(channel)) this.#channels.delete(key);
  }
}
