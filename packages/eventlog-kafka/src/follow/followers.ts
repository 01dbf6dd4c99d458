import { LogClosedError } from '@parley/eventlog';
import type { Logger } from '@parley/telemetry';
import type { Cluster } from '../cluster/cluster.js';
import { fetchPartitionBytes } from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import type { Address } from '../wire/address.js';
import { ConnectionError } from '../wire/connection-error.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode } from '../wire/error-codes.js';
import { FetchLoop, type LossReason } from './fetch-loop.js';
import { Follower, type FollowerOptions } from './follower.js';
import type { PartitionReader } from './partition-reader.js';
import type { Turns } from './turns.js';

/** What followers work with. */
export interface FollowersOptions {
  readonly cluster: Cluster;
  readonly pool: ConnectionPool;
  readonly reader: PartitionReader;
  readonly turns: Turns;
  readonly logger: Logger;
}

/**
 * All calls of EventLog.follow. Each first reads up to the end of the log by itself and then shares a fetch loop
 * with the other followers of the topic at the same broker. When a partition moves, its follower moves with it.
 */
export class Followers {
  readonly #options: FollowersOptions;
  readonly #loops = new Map<string, FetchLoop>();
  readonly #active = new Set<Follower>();

  constructor(options: FollowersOptions) {
    this.#options = options;
  }

  /** See EventLog.follow. */
  async follow(options: FollowerOptions): Promise<void> {
    const follower = new Follower(options);
    this.#active.add(follower);
    void this.#place(follower);
    try {
      await follower.ended;
    } finally {
      this.#active.delete(follower);
    }
  }

  /** Ends all with LogClosedError. */
  close(): void {
    for (const follower of this.#active) follower.end(new LogClosedError());
  }

  /** Brings a follower to the end of the log and into a loop, however long the cluster is away; ends it when it cannot go on. */
  async #place(follower: Follower): Promise<void> {
    const { topic, partition, signal } = follower.options;
    try {
      await this.#catchUp(follower);
      if (follower.isEnded) return;
      const leader = await this.#options.cluster.waitForLeader(topic, partition, signal);
      if (!follower.isEnded) this.#loopFor(topic, partition, leader).add(follower);
    } catch (error) {
      if (signal.aborted || !(error instanceof LogUnavailableError)) return follower.end(signal.aborted ? undefined : error);
      this.#options.logger.warn('a partition cannot be followed for now', { topic, partition }, error);
      void this.#place(follower);
    }
  }

  async #catchUp(follower: Follower): Promise<void> {
    const { topic, partition, signal } = follower.options;
    const { turns } = this.#options;
    while (!follower.isEnded) {
      const from = follower.nextOffset;
      const place = { topic, partition, from };
      await follower.take(await this.#options.reader.fetch(place, fetchPartitionBytes, signal), turns.pace(topic));
      if (follower.nextOffset === from) return;
      while (!follower.isReady && !follower.isEnded) await nextReady(follower);
    }
  }

  /** The first loop of that topic and broker that has no follower of the partition yet. */
  #loopFor(topic: string, partition: number, leader: Address): FetchLoop {
    for (let number = 0; ; number += 1) {
      const key = `${leader} ${topic} ${number}`;
      const known = this.#loops.get(key);
      if (known && !known.has(partition)) return known;
      if (known) continue;
      const loop = new FetchLoop({
        pool: this.#options.pool,
        turns: this.#options.turns,
        leader,
        topic,
        purpose: `fetch ${topic} ${number}`,
        onLost: (follower, reason) => void this.#move(follower, leader, reason),
        onIdle: () => {
          if (this.#loops.get(key) === loop) this.#loops.delete(key);
          this.#options.pool.drop(leader, `fetch ${topic} ${number}`, 'nobody follows');
        },
      });
      this.#loops.set(key, loop);
      return loop;
    }
  }

  async #move(follower: Follower, leader: Address, reason: LossReason): Promise<void> {
    const { topic, partition, signal } = follower.options;
    const { cluster, logger } = this.#options;
    try {
      if (reason.type === 'broker') {
        if (reason.error instanceof LogClosedError) throw reason.error;
        if (!(reason.error instanceof ConnectionError)) logger.warn('a fetch failed', { topic, partition }, reason.error);
        else if (reason.error.isSilence) await cluster.probe(leader);
      }
      // Whether an offset is truly out of range is found out, and told, by the read in #place.
      if (reason.type === 'broker' || reason.errorCode !== errorCode.offsetOutOfRange) {
        await cluster.pause(0, signal);
        await cluster.tryRefresh();
      }
      await this.#place(follower);
    } catch (error) {
      follower.end(signal.aborted ? undefined : error);
    }
  }
}

const nextReady = (follower: Follower): Promise<void> =>
  new Promise((resolve) => {
    follower.onReady = resolve;
  });
