import { type Appended, type NewRecord, QueueFullError } from '@parley/eventlog';
import { batchBytesTarget, pendingBytesMax } from '../limits.js';

/** One call of append that waits for its turn. */
export interface PendingAppend {
  readonly records: readonly NewRecord[];
  /** Upper bound of what it takes in a batch. */
  readonly bytes: number;
  /** Moment after which it is not tried again. */
  readonly deadlineMs: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/** What waits to be appended to one partition. At most one batch of it is on its way. */
export class PartitionQueue {
  readonly partition: number;
  #waiting: PendingAppend[] = [];
  #waitingBytes = 0;
  /** A batch is out, or a pause is running after one came back. */
  isBusy = false;
  /** How often in a row the first in line was not written. */
  failures = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Throws QueueFullError when too much waits already. */
  push(append: PendingAppend): void {
    if (this.#waitingBytes + append.bytes > pendingBytesMax) {
      throw new QueueFullError(`partition ${this.partition}: ${this.#waitingBytes} bytes wait for the broker`);
    }
    this.#waiting.push(append);
    this.#waitingBytes += append.bytes;
  }

  /** Takes as many calls as make a batch of batchBytesTarget, at least one. */
  take(): readonly PendingAppend[] {
    let bytes = 0;
    let count = 0;
    for (const append of this.#waiting) {
      if (count > 0 && bytes + append.bytes > batchBytesTarget) break;
      bytes += append.bytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  /** Puts calls back to the front of the line. */
  putBack(appends: readonly PendingAppend[]): void {
    this.#waiting = [...appends, ...this.#waiting];
    for (const { bytes } of appends) this.#waitingBytes += bytes;
  }

  /** Rejects all that waits. */
  rejectAll(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { reject } of waiting) reject(error);
  }
}
