import { LogClosedError, OffsetOutOfRangeError } from '../errors.js';
import { followBytesMax, followTurnBytesMax } from '../limits.js';
import type { FollowOptions, StoredRecord } from '../port.js';
import type { Partition } from './partition.js';

interface FollowTarget {
  readonly topic: string;
  readonly number: number;
  readonly partition: Partition;
  /** Aborted when the log closes. */
  readonly closed: AbortSignal;
}

/** Feeds one follower; resolves on abort, rejects when it cannot go on. */
export function followPartition(target: FollowTarget, options: FollowOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    new Follower(target, options, resolve, reject).start();
  });
}

/**
 * One follower. It sleeps until the partition changes, is woken at most once per microtask turn, and hands
 * over everything that came meanwhile as one batch.
 */
class Follower {
  readonly #target: FollowTarget;
  readonly #options: FollowOptions;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  #position: number;
  /** Waking now would be too early (a callback is running) or too late (a turn is due already). */
  #isBusy = false;
  #isStopped = false;
  #unwatch: () => void = () => {};

  constructor(target: FollowTarget, options: FollowOptions, resolve: () => void, reject: (error: unknown) => void) {
    this.#target = target;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#position = options.from;
  }

  start(): void {
    const { signal } = this.#options;
    const { partition, closed } = this.#target;
    if (closed.aborted) return this.#reject(new LogClosedError());
    if (signal.aborted) return this.#resolve();
    if (this.#position < partition.start || this.#position > partition.end) return this.#reject(this.#outOfRange());
    signal.addEventListener('abort', this.#wake, { once: true });
    closed.addEventListener('abort', this.#wake, { once: true });
    this.#unwatch = partition.watch(this.#wake);
    this.#wake();
  }

  readonly #wake = (): void => {
    if (this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    queueMicrotask(this.#turn);
  };

  readonly #turn = (): void => {
    this.#isBusy = false;
    try {
      this.#handOver();
    } catch (error) {
      this.#stop(error);
    }
  };

  #handOver(): void {
    const { partition, closed } = this.#target;
    let bytes = 0;
    for (;;) {
      if (this.#options.signal.aborted) return this.#stop();
      if (closed.aborted) return this.#stop(new LogClosedError());
      if (this.#position < partition.start) return this.#stop(this.#outOfRange());
      if (this.#position >= partition.end) return;
      const records = partition.slice(this.#position, followBytesMax);
      const last = records.at(-1);
      // Only compaction leaves nothing between a position and the end.
      this.#position = last === undefined ? partition.end : last.offset + 1;
      if (last === undefined) return;
      const pending = this.#options.onRecords(records);
      if (pending !== undefined) return this.#waitFor(pending);
      bytes += bytesOf(records);
      if (bytes > followTurnBytesMax) return this.#letOthersRun();
    }
  }

  #waitFor(pending: Promise<void>): void {
    this.#isBusy = true;
    pending.then(this.#turn, (error: unknown) => {
      // What a callback throws because it was told to stop is not a failure of the log.
      this.#stop(this.#options.signal.aborted ? undefined : error);
    });
  }

  #letOthersRun(): void {
    this.#isBusy = true;
    setImmediate(this.#turn);
  }

  #stop(error?: unknown): void {
    this.#isStopped = true;
    this.#unwatch();
    this.#options.signal.removeEventListener('abort', this.#wake);
    this.#target.closed.removeEventListener('abort', this.#wake);
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }

  #outOfRange(): OffsetOutOfRangeError {
    const { topic, number, partition } = this.#target;
    return new OffsetOutOfRangeError(topic, number, this.#position, { start: partition.start, end: partition.end });
  }
}

function bytesOf(records: readonly StoredRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += record.value.byteLength;
  return bytes;
}
