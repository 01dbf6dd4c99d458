import { LogClosedError, OffsetOutOfRangeError, type OffsetRange, type StoredRecord } from '@parley/eventlog';
import type { Clock } from '@parley/kernel';
import type { Cluster } from '../cluster/cluster.js';
import { operationTimeoutMs, readBytesDefault, sliceBytes } from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import { ConnectionError } from '../wire/connection-error.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode, errorNameOf } from '../wire/error-codes.js';
import type { FetchResult } from '../wire/fetch-request.js';
import { decodeInSlices } from '../wire/record-batch.js';
import { fetchOnce } from './fetch-once.js';
import type { Turns } from './turns.js';

/** What reading works with. */
export interface ReaderOptions {
  readonly cluster: Cluster;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly turns: Turns;
  /** First offset held and the next one, for errors and for second thoughts. */
  readonly rangeOf: (topic: string, partition: number) => Promise<OffsetRange>;
}

/** A place in the log. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
}

/** Reads a partition at once, without waiting for records to come. */
export class PartitionReader {
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** See EventLog.read. */
  async read(place: Place, maxBytes = readBytesDefault): Promise<readonly StoredRecord[]> {
    const pace = this.#options.turns.pace(place.topic);
    let { from } = place;
    for (;;) {
      const found: StoredRecord[] = [];
      let end = from;
      for (const { records, nextOffset, cost } of decodeInSlices(await this.fetch({ ...place, from }, maxBytes), from, sliceBytes)) {
        found.push(...records);
        end = nextOffset;
        await pace(cost);
      }
      if (found.length > 0 || end === from) return found;
      from = end; // compaction has emptied what was there
    }
  }

  /** What one fetch brings; nothing at the end of the log. Tries again when the leader moves or does not answer. */
  async fetch(place: Place, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
    const { cluster, clock } = this.#options;
    const { topic, partition, from } = place;
    const deadline = clock.monotonic() + operationTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#tryFetch(place, maxBytes, signal);
      if (result.errorCode === errorCode.none) return result.batches;
      if (result.errorCode === errorCode.offsetOutOfRange) {
        const range = await this.#options.rangeOf(topic, partition);
        if (from < range.start || from > range.end) throw new OffsetOutOfRangeError(topic, partition, from, range);
      }
      if (clock.monotonic() > deadline) {
        throw new LogUnavailableError(`${topic}[${partition}]: ${errorNameOf(result.errorCode)}`);
      }
      await cluster.pause(attempt, signal);
      await cluster.tryRefresh();
    }
  }

  async #tryFetch({ topic, partition, from }: Place, maxBytes: number, signal?: AbortSignal): Promise<FetchResult> {
    const { cluster, pool } = this.#options;
    const leader = await cluster.waitForLeader(topic, partition, signal);
    const parts = [{ partition, offset: from, maxBytes }];
    try {
      const results = await fetchOnce(pool, { leader, purpose: `read ${topic}` }, { topic, waitMs: 0, maxBytes, parts });
      return results[0] ?? noAnswer(partition);
    } catch (error) {
      if (error instanceof LogClosedError) throw error;
      if (error instanceof ConnectionError && error.isSilence) await cluster.probe(leader);
      return noAnswer(partition);
    }
  }
}

const noAnswer = (partition: number): FetchResult => ({
  partition,
  errorCode: errorCode.leaderNotAvailable,
  batches: Buffer.alloc(0),
});
