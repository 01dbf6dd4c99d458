import { busyFetchWaitMs, fetchBytesMax, fetchPartitionBytes, fetchWaitMs } from '../limits.js';
import type { Address } from '../wire/address.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode } from '../wire/error-codes.js';
import type { FetchResult } from '../wire/fetch-request.js';
import { fetchOnce } from './fetch-once.js';
import type { Follower } from './follower.js';
import type { Turns } from './turns.js';

/** What a loop works with. */
export interface FetchLoopOptions {
  readonly pool: ConnectionPool;
  readonly turns: Turns;
  readonly leader: Address;
  readonly topic: string;
  /** Names the connection; loops that may run at the same time have different ones. */
  readonly purpose: string;
  /** Gets followers that this loop cannot serve: their partition has moved, or the broker is gone. */
  readonly onLost: (follower: Follower, reason: LossReason) => void;
  /** The loop has nobody left and has ended. */
  readonly onIdle: () => void;
}

/** Why a loop gives a follower back. */
export type LossReason = { readonly type: 'partition'; readonly errorCode: number } | { readonly type: 'broker'; readonly error: unknown };

/**
 * Fetches from one broker for the followers of one topic, at most one follower per partition: one request after
 * the other, over all partitions whose handlers are not too far behind.
 */
export class FetchLoop {
  readonly #options: FetchLoopOptions;
  readonly #followers = new Map<number, Follower>();
  #isRunning = false;
  #first = 0;
  #wake: () => void = () => {};

  constructor(options: FetchLoopOptions) {
    this.#options = options;
  }

  /** Whether a follower of the partition is here already. */
  has(partition: number): boolean {
    return this.#followers.get(partition)?.isEnded === false;
  }

  add(follower: Follower): void {
    this.#followers.set(follower.options.partition, follower);
    follower.onReady = () => this.#wake();
    this.#wake();
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    await Promise.resolve(); // others may be added in this turn
    while (this.#dropEnded() > 0) {
      const ready = this.#inTurn().filter((follower) => follower.isReady);
      if (ready.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      try {
        await this.#handOut(ready, await this.#fetch(ready));
      } catch (error) {
        for (const follower of [...this.#followers.values()]) this.#lose(follower, { type: 'broker', error });
      }
    }
    this.#isRunning = false;
    this.#options.onIdle();
  }

  #fetch(ready: readonly Follower[]): Promise<readonly FetchResult[]> {
    const { pool, topic, leader, purpose } = this.#options;
    return fetchOnce(
      pool,
      { leader, purpose },
      {
        topic,
        waitMs: ready.length < this.#followers.size ? busyFetchWaitMs : fetchWaitMs,
        maxBytes: fetchBytesMax,
        parts: ready.map(({ options, nextOffset }) => ({
          partition: options.partition,
          offset: nextOffset,
          maxBytes: fetchPartitionBytes,
        })),
      },
    );
  }

  async #handOut(asked: readonly Follower[], results: readonly FetchResult[]): Promise<void> {
    const pace = this.#options.turns.pace(this.#options.topic);
    const byPartition = new Map(results.map((result) => [result.partition, result]));
    for (const follower of asked) {
      const result = byPartition.get(follower.options.partition);
      if (follower.isEnded || !result) continue;
      if (result.errorCode !== errorCode.none) {
        this.#lose(follower, { type: 'partition', errorCode: result.errorCode });
      } else if (result.batches.length > 0) {
        await follower.take(result.batches, pace);
      }
    }
  }

  #lose(follower: Follower, reason: LossReason): void {
    this.#followers.delete(follower.options.partition);
    follower.onReady = () => {};
    if (!follower.isEnded) this.#options.onLost(follower, reason);
  }

  #dropEnded(): number {
    for (const [partition, follower] of this.#followers) if (follower.isEnded) this.#followers.delete(partition);
    return this.#followers.size;
  }

  /** A response is filled in the order of the request, so every partition is first at some time. */
  #inTurn(): readonly Follower[] {
    const followers = [...this.#followers.values()];
    this.#first = (this.#first + 1) % followers.length;
    return [...followers.slice(this.#first), ...followers.slice(0, this.#first)];
  }
}
