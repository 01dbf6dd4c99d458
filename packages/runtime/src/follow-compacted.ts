import { AppendUnknownError, type EventLog, type NewRecord, type StoredRecord } from '@parley/eventlog';
import { backoffMs, type Clock, type Random, sleep } from '@parley/kernel';
import type { Logger } from '@parley/telemetry';
import { runtimeLimits } from './limits.js';

/** What following works with. */
export interface FollowingOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** One compacted topic of one partition, and what is done with its records. */
export interface FollowCompactedOptions extends FollowingOptions {
  readonly topic: string;
  /** Called for one record after the other; a record for which it throws is logged and passed over. */
  readonly onRecord: (record: StoredRecord) => void;
}

/** A compacted topic that is followed until it is disposed. */
export interface CompactedTopic extends AsyncDisposable {
  /** The offset behind the last record that was taken in. */
  readonly nextOffset: number;
  /**
   * Appends a record and answers its offset. Of a compacted topic only the newest record of a key counts, so
   * an unknown outcome is settled by appending it again.
   */
  append(record: NewRecord): Promise<number>;
  /** Resolves once the record at that offset was taken in; rejects with the signal's reason, or on disposal. */
  taken(offset: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Keeps what a compacted topic says in memory. Resolves once everything is known that it held; goes on by itself
 * after failures of the log, and meanwhile what is known may be out of date.
 */
export async function followCompacted(options: FollowCompactedOptions): Promise<CompactedTopic> {
  const followed = new Followed(options);
  await followed.start();
  return followed;
}

interface Waiting {
  readonly offset: number;
  readonly resolve: () => void;
}

class Followed implements CompactedTopic {
  readonly #options: FollowCompactedOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<Waiting>();
  #nextOffset = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(options: FollowCompactedOptions) {
    this.#options = options;
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  async start(): Promise<void> {
    const { log, topic } = this.#options;
    const { start, end } = await log.range(topic, 0);
    this.#nextOffset = start;
    while (this.#nextOffset < end) {
      const records = await log.read(topic, 0, this.#nextOffset);
      if (records.length === 0) break;
      this.#take(records);
    }
    this.#following = this.#follow();
  }

  async append(record: NewRecord): Promise<number> {
    const { log, topic } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return (await log.append(topic, 0, [record])).firstOffset;
      } catch (error) {
        if (!(error instanceof AppendUnknownError) || attempt === runtimeLimits.publishAttemptsMax) throw error;
      }
    }
  }

  taken(offset: number, signal?: AbortSignal): Promise<void> {
    if (this.#nextOffset > offset) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const signals = [this.#stop.signal, ...(signal === undefined ? [] : [signal])];
      const forget = (): void => {
        this.#waiting.delete(waiting);
        for (const each of signals) each.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        forget();
        reject(signals.find(({ aborted }) => aborted)?.reason);
      };
      const waiting: Waiting = {
        offset,
        resolve: () => {
          forget();
          resolve();
        },
      };
      this.#waiting.add(waiting);
      for (const each of signals) each.addEventListener('abort', giveUp);
      if (signals.some(({ aborted }) => aborted)) giveUp();
    });
  }

  async #follow(): Promise<void> {
    const { log, clock, random, logger, topic } = this.#options;
    const { signal } = this.#stop;
    const policy = { firstMs: runtimeLimits.followRetryFirstMs, longestMs: runtimeLimits.followRetryLongestMs };
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const { start } = await log.range(topic, 0);
        const onRecords = (records: readonly StoredRecord[]): void => {
          attempt = 0;
          this.#take(records);
        };
        await log.follow(topic, 0, { from: Math.max(start, this.#nextOffset), signal, onRecords });
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('a topic is lost sight of and tried again', { topic, attempt }, error);
        await sleep(clock, 1 + backoffMs(policy, attempt, random), signal).catch(() => {});
      }
    }
  }

  #take(records: readonly StoredRecord[]): void {
    const { onRecord, logger, topic } = this.#options;
    for (const record of records) {
      this.#nextOffset = record.offset + 1;
      try {
        onRecord(record);
      } catch (error) {
        logger.warn('skipped a record that cannot be used', { topic, offset: record.offset }, error);
      }
    }
    for (const waiting of [...this.#waiting]) if (this.#nextOffset > waiting.offset) waiting.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
