import type { Clock } from '@parley/kernel';
import type { Partition } from '../embedded/partition.js';
import { RecordBuffer, recordCost } from '../embedded/record-buffer.js';
import { QueueFullError } from '../errors.js';
import type { Appended, NewRecord, StoredRecord, TopicSpec } from '../port.js';

export interface MemoryPartitionOptions {
  readonly clock: Clock;
  readonly spec: TopicSpec;
  readonly number: number;
  /** Bound of a queue partition; the other kinds take what they are given. */
  readonly queueBytesMax: number;
  /** First offset. */
  readonly start: number;
}

/** One partition kept in memory. An append is done, and may be read, before the call returns. */
export class MemoryPartition implements Partition {
  readonly #options: MemoryPartitionOptions;
  readonly #bytesMax: number;
  readonly #records = new RecordBuffer();
  readonly #watchers = new Set<() => void>();
  /** The newest offset per key of a compacted topic. */
  readonly #newest: Map<string, number> | undefined;
  #start: number;
  #end: number;

  constructor(options: MemoryPartitionOptions) {
    this.#options = options;
    this.#start = options.start;
    this.#end = options.start;
    this.#bytesMax = options.spec.kind === 'queue' ? options.queueBytesMax : Number.POSITIVE_INFINITY;
    this.#newest = options.spec.kind === 'compacted' ? new Map() : undefined;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  append(records: readonly NewRecord[]): Promise<Appended> {
    const firstOffset = this.#end;
    let cost = 0;
    for (const record of records) cost += recordCost(record);
    if (this.#records.bytes + cost > this.#bytesMax) return Promise.reject(this.#full());
    const timeMs = this.#options.clock.now();
    for (const { key = '', value } of records) {
      const offset = this.#end;
      this.#records.push({ offset, timeMs, key, value });
      this.#newest?.set(key, offset);
      this.#end = offset + 1;
    }
    this.#compact();
    for (const wake of this.#watchers) wake();
    return Promise.resolve({ firstOffset });
  }

  slice(from: number, bytesMax: number): readonly StoredRecord[] {
    return this.#records.slice(from, bytesMax);
  }

  async trim(before: number): Promise<void> {
    this.#dropBefore(before);
  }

  /** Drops records taken before that time. */
  expire(beforeMs: number): void {
    let first = this.#records.first;
    while (first !== undefined && first.timeMs < beforeMs) {
      this.#dropBefore(first.offset + 1);
      first = this.#records.first;
    }
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  #dropBefore(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = offset;
    this.#records.dropBefore(offset);
    for (const wake of this.#watchers) wake();
  }

  /** Done when older records are in the majority, so that an append costs a constant on average. */
  #compact(): void {
    const newest = this.#newest;
    if (newest === undefined || this.#records.length < 2 * newest.size + 16) return;
    this.#records.keep((record) => newest.get(record.key) === record.offset);
  }

  #full(): QueueFullError {
    const { spec, number } = this.#options;
    return new QueueFullError(`${spec.name}[${number}] holds ${this.#records.bytes} of ${this.#bytesMax} bytes`);
  }
}
