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
    if (this.#position < partition.start || this.#position > partition.end) {
      this.#reject(this.#outOfRange());
      return;
    }
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
    const { partition } = this.#target;
    let bytes = 0;
    while (!this.#isOver()) {
      if (this.#position >= partition.end) return;
      const records = partition.slice(this.#position, followBytesMax);
      const last = records.at(-1);
      // Only compaction leaves nothing between a position and the end.
      this.#position = last === undefined ? partition.end : last.offset + 1;
      if (last === undefined) return;
      const pending = this.#options.onRecords(records);
      if (pending !== undefined) {
        this.#waitFor(pending);
        return;
      }
      bytes += bytesOf(records);
      if (bytes > followTurnBytesMax) {
        this.#letOthersRun();
        return;
      }
    }
  }

  /** Stops, and says so, when there is a reason to. */
  #isOver(): boolean {
    const { partition, closed } = this.#target;
    if (this.#options.signal.aborted) this.#stop();
    else if (closed.aborted) this.#stop(new LogClosedError());
    else if (this.#position < partition.start) this.#stop(this.#outOfRange());
    return this.#isStopped;
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
