import { setMaxListeners } from 'node:events';
import type { FollowOptions, StoredRecord } from '@parley/eventlog';
import { followBufferBytes, sliceBytes } from '../limits.js';
import { decodeInSlices } from '../wire/record-batch.js';
import type { Pace } from './turns.js';

/** What a follower is told of its surroundings. */
export interface FollowerOptions extends FollowOptions {
  /** What the broker calls the topic. */
  readonly topic: string;
  readonly partition: number;
  /** Whether offsets may be missing, as they are in compacted topics. */
  readonly mayHaveGaps: boolean;
}

/**
 * One call of EventLog.follow: keeps its position, checks that nothing is missing, and hands records over one
 * call of the handler at a time. What comes while the handler is busy is handed over together.
 */
export class Follower {
  readonly options: FollowerOptions;
  /** Resolves when the signal is aborted, rejects when the log or the handler cannot go on. */
  readonly ended: Promise<void>;
  #nextOffset: number;
  #buffer: StoredRecord[] = [];
  #bufferedBytes = 0;
  #isHandling = false;
  #isEnded = false;
  #onEnd: (error?: unknown) => void = () => {};
  #unlisten: () => void = () => {};
  /** Called when records were handed over, so that fetches may go on. */
  onReady: () => void = () => {};

  constructor(options: FollowerOptions) {
    this.options = options;
    this.#nextOffset = options.from;
    this.ended = new Promise((resolve, reject) => {
      this.#onEnd = (error) => (error === undefined ? resolve() : reject(error));
    });
    const stop = (): void => {
      if (!this.#isHandling) this.end();
      else this.#isEnded = true; // the handler's end is waited for
    };
    setMaxListeners(0, options.signal); // one signal often ends the followers of all partitions
    options.signal.addEventListener('abort', stop, { once: true });
    this.#unlisten = () => options.signal.removeEventListener('abort', stop);
    if (options.signal.aborted) this.end();
  }

  /** Of the next record to fetch. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether more may be fetched. */
  get isReady(): boolean {
    return !this.#isEnded && this.#bufferedBytes < followBufferBytes;
  }

  /** Takes what was fetched from `nextOffset` on, slice by slice; rejects with BadBatchError. */
  async take(batches: Buffer, pace: Pace): Promise<void> {
    for (const { records, nextOffset, cost } of decodeInSlices(batches, this.#nextOffset, sliceBytes)) {
      if (this.#isEnded) return;
      this.#push(records, nextOffset);
      await pace(cost);
    }
  }

  #push(records: readonly StoredRecord[], nextOffset: number): void {
    const gap = this.options.mayHaveGaps ? undefined : findGap(records, this.#nextOffset, nextOffset);
    if (gap !== undefined) {
      const { topic, partition } = this.options;
      this.end(new Error(`${topic}[${partition}]: offset ${gap.wanted} was asked for and ${gap.got} came`));
      return;
    }
    this.#nextOffset = nextOffset;
    for (const record of records) {
      this.#buffer.push(record);
      this.#bufferedBytes += record.value.length + 64;
    }
    if (!this.#isHandling && this.#buffer.length > 0) void this.#handOver();
  }

  /** Ends the follower; without an error, as if it had been aborted. */
  end(error?: unknown): void {
    this.#isEnded = true;
    this.#unlisten();
    this.#buffer = [];
    this.#onEnd(error);
    this.onReady();
  }

  async #handOver(): Promise<void> {
    this.#isHandling = true;
    try {
      while (this.#buffer.length > 0 && !this.#isEnded) {
        const records = this.#buffer;
        this.#buffer = [];
        this.#bufferedBytes = 0;
        this.onReady();
        await this.options.onRecords(records);
      }
      this.#isHandling = false;
      if (this.#isEnded) this.end();
    } catch (error) {
      this.#isHandling = false;
      // What a handler throws because it was told to stop is no failure.
      this.end(this.options.signal.aborted ? undefined : error);
    }
  }
}

function findGap(
  records: readonly StoredRecord[],
  from: number,
  to: number,
): { readonly wanted: number; readonly got: number } | undefined {
  let wanted = from;
  for (const { offset } of records) {
    if (offset !== wanted) return { wanted, got: offset };
    wanted += 1;
  }
  return wanted === to ? undefined : { wanted, got: to };
}
