import type { Clock } from '@parley/kernel';
import type { Partition } from '../embedded/partition.js';
import { RecordBuffer } from '../embedded/record-buffer.js';
import { AppendUnknownError } from '../errors.js';
import { tailBytesMax } from '../limits.js';
import type { Appended, NewRecord, StoredRecord, TopicSpec } from '../port.js';
import type { CommitJob, GroupCommit } from './group-commit.js';
import { encodeOffset, newestKey, recordBytes, recordKey, writeRecord } from './layout.js';
import { type PartitionAddress, startKey, type Tables } from './tables.js';

export interface LmdbPartitionOptions extends PartitionAddress {
  readonly clock: Clock;
  readonly spec: TopicSpec;
  readonly tables: Tables;
  readonly commits: GroupCommit;
}

/** What a sweep has let go of. */
export interface Swept {
  readonly count: number;
  readonly bytes: number;
  /** There may be more to let go of. */
  readonly hasMore: boolean;
}

const nothingSwept: Swept = { count: 0, bytes: 0, hasMore: false };

/**
 * One durable partition. Offsets are given out when a commit is put together, so a failed commit leaves no
 * hole. Followers see a record only after its commit, and get the newest from memory.
 */
export class LmdbPartition implements Partition {
  readonly #options: LmdbPartitionOptions;
  readonly #watchers = new Set<() => void>();
  readonly #tail = new RecordBuffer();
  /** The tail holds everything from here to the end. */
  #tailStart: number;
  #start: number;
  #end: number;
  /** The offset that the next record of the commit in the making gets. */
  #nextOffset: number;
  /** Records below the start that may be on disk still begin here. */
  #floor: number;
  /** The newest offset per key within the commit in the making. */
  readonly #uncommitted = new Map<string, number>();

  constructor(options: LmdbPartitionOptions) {
    this.#options = options;
    const range = options.tables.rangeOf(options);
    this.#start = range.start;
    this.#end = range.end;
    this.#nextOffset = range.end;
    this.#tailStart = range.end;
    this.#floor = options.tables.firstOffset(options) ?? range.start;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  append(records: readonly NewRecord[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#options.commits.submit(new AppendJob(this, records, resolve, reject));
    });
  }

  slice(from: number, bytesMax: number): readonly StoredRecord[] {
    if (from >= this.#tailStart) return this.#tail.slice(from, bytesMax);
    return this.#options.tables.slice(this.#options, from, { end: this.#end, bytesMax });
  }

  trim(before: number): Promise<void> {
    const { tables, commits } = this.#options;
    return new Promise((resolve, reject) => {
      commits.submit({
        bytes: 0,
        write: () => void tables.meta.put(startKey(this.#options), before),
        committed: () => {
          this.#startAt(before);
          resolve();
        },
        isVisible: () => false,
        failed: reject,
      });
    });
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Trims what is older than the topic's retention, no more than `countMax` records. */
  async expire(countMax: number): Promise<Swept> {
    const { spec, clock, tables } = this.#options;
    if (spec.retentionMs === undefined || this.#start === this.#end) return nothingSwept;
    const wanted = { end: this.#end, countMax, beforeMs: clock.now() - spec.retentionMs };
    const { records, hasMore } = tables.oldest(this.#options, this.#start, wanted);
    const last = records.at(-1);
    if (last !== undefined) await this.trim(last.offset + 1);
    return { count: records.length, bytes: bytesOf(records), hasMore };
  }

  /** Deletes records below the start, no more than `countMax`. */
  async purge(countMax: number): Promise<Swept> {
    if (this.#floor >= this.#start) return nothingSwept;
    const { tables, commits } = this.#options;
    const end = this.#start;
    const { records, hasMore } = tables.oldest(this.#options, this.#floor, { end, countMax });
    await new Promise<void>((resolve, reject) => {
      commits.submit({
        bytes: 0,
        write: () => {
          for (const record of records) this.#remove(record);
        },
        committed: resolve,
        isVisible: () => false,
        failed: reject,
      });
    });
    this.#floor = hasMore ? (records.at(-1)?.offset ?? end - 1) + 1 : end;
    return { count: records.length, bytes: bytesOf(records), hasMore };
  }

  /** Gives the records their offsets and issues their writes. */
  write(records: readonly NewRecord[]): StoredRecord[] {
    const { clock, tables, topicId, partition, spec } = this.#options;
    const timeMs = clock.now();
    let bytes = 0;
    for (const { key = '', value } of records) bytes += recordBytes(key, value);
    const target = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    return records.map(({ key = '', value }) => {
      const record = { offset: this.#nextOffset, timeMs, key, value };
      this.#nextOffset += 1;
      const from = at;
      at = writeRecord(target, from, record);
      void tables.records.put(recordKey(topicId, partition, record.offset), target.subarray(from, at));
      if (spec.kind === 'compacted') this.#supersede(record);
      return record;
    });
  }

  /** Makes committed records readable. */
  publish(records: readonly StoredRecord[]): void {
    for (const record of records) this.#tail.push(record);
    this.#end += records.length;
    this.#tail.shrinkTo(tailBytesMax);
    this.#tailStart = this.#tail.firstOffset ?? this.#end;
    this.#uncommitted.clear();
    for (const wake of this.#watchers) wake();
  }

  /** Takes back the offsets of a commit that failed. */
  takeBack(): void {
    this.#nextOffset = this.#end;
    this.#uncommitted.clear();
  }

  isOnDisk(offset: number): boolean {
    return this.#options.tables.hasRecord(this.#options, offset);
  }

  /** Deletes the older record with the same key in the commit that brings the newer one: nothing is left to sweep. */
  #supersede(record: StoredRecord): void {
    const { tables, topicId, partition } = this.#options;
    const older = this.#uncommitted.get(record.key) ?? tables.newestOffset(this.#options, record.key);
    if (older !== undefined) void tables.records.remove(recordKey(topicId, partition, older));
    void tables.newest.put(newestKey(topicId, partition, record.key), encodeOffset(record.offset));
    this.#uncommitted.set(record.key, record.offset);
  }

  #remove(record: StoredRecord): void {
    const { tables, topicId, partition, spec } = this.#options;
    void tables.records.remove(recordKey(topicId, partition, record.offset));
    if (spec.kind !== 'compacted' || this.#uncommitted.has(record.key)) return;
    if (tables.newestOffset(this.#options, record.key) === record.offset) {
      void tables.newest.remove(newestKey(topicId, partition, record.key));
    }
  }

  #startAt(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = offset;
    this.#tail.dropBefore(offset);
    this.#tailStart = Math.max(this.#tailStart, offset);
    for (const wake of this.#watchers) wake();
  }
}

const bytesOf = (records: readonly StoredRecord[]): number =>
  records.reduce((sum, record) => sum + recordBytes(record.key, record.value), 0);

/** An append that waits for, or is part of, a commit. */
class AppendJob implements CommitJob {
  readonly bytes: number;
  readonly #partition: LmdbPartition;
  readonly #records: readonly NewRecord[];
  readonly #resolve: (appended: Appended) => void;
  readonly #reject: (error: Error) => void;
  #stored: readonly StoredRecord[] = [];

  constructor(
    partition: LmdbPartition,
    records: readonly NewRecord[],
    resolve: (appended: Appended) => void,
    reject: (error: Error) => void,
  ) {
    this.#partition = partition;
    this.#records = records;
    this.#resolve = resolve;
    this.#reject = reject;
    let bytes = 0;
    for (const { key = '', value } of records) bytes += recordBytes(key, value);
    this.bytes = bytes;
  }

  write(): void {
    this.#stored = this.#partition.write(this.#records);
  }

  committed(): void {
    const firstOffset = this.#stored[0]?.offset ?? this.#partition.end;
    this.#partition.publish(this.#stored);
    this.#resolve({ firstOffset });
  }

  isVisible(): boolean {
    const first = this.#stored[0];
    return first !== undefined && this.#partition.isOnDisk(first.offset);
  }

  failed(error: Error): void {
    // Their offsets are taken; whoever asked must look for them, as after any unknown outcome.
    if (error instanceof AppendUnknownError) this.#partition.publish(this.#stored);
    else this.#partition.takeBack();
    this.#reject(error);
  }
}
