/**
 * The partitioned log, as the rest of Parley sees it. Offsets are non-negative integers below 2^53 that
 * grow within a partition; they are dense unless records were compacted or trimmed away.
 */
export interface EventLog extends AsyncDisposable {
  /** Creates what is missing; throws when an existing topic has another partition count. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>;

  /**
   * Appends the records in order, as one batch, and resolves once they are as durable as the topic's kind
   * promises. Batches of concurrent calls for one partition keep the order of the calls.
   * Rejects with {@link AppendUnknownError} when the records may or may not be in the log, with any other
   * error when they certainly are not ({@link RecordTooLargeError}, {@link QueueFullError}, …).
   */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended>;

  /**
   * Records from an offset on, up to about `maxBytes` (at least one record where there is one); empty at
   * the end of the log. Rejects with {@link OffsetOutOfRangeError} below the start or beyond the end.
   */
  read(topic: string, partition: number, from: number, options?: { readonly maxBytes?: number }): Promise<readonly StoredRecord[]>;

  /**
   * Hands over all records from an offset on, in order and without gaps, and goes on as new ones come.
   * The next call of `onRecords` waits for the promise of the last one: that is the back-pressure.
   * Resolves when the signal is aborted; rejects when the log cannot go on (out of range) or `onRecords` throws.
   */
  follow(topic: string, partition: number, options: FollowOptions): Promise<void>;

  /** First offset held and the offset that the next record will get. */
  range(topic: string, partition: number): Promise<OffsetRange>;
  /** The same for all partitions of a topic, in one call. */
  ranges(topic: string): Promise<readonly OffsetRange[]>;

  /** Allows the log to drop records below the offset. They may stay for a while. */
  trim(topic: string, partition: number, before: number): Promise<void>;

  /**
   * Sees to it that what is in the log now leaves no bytes on disk once it is gone, by retention or by `trim`: embedded
   * logs write their file anew when they are opened for the first time after the longest retention; Kafka deletes files.
   */
  scrub(): Promise<void>;

  /**
   * Joins a group that shares out partition numbers among its members: one number of all the topics
   * together goes to one member. It only suggests who should own what; two members may believe in the
   * same number for a while. Resolves when the signal is aborted and the group is left.
   */
  join(options: JoinOptions): Promise<void>;
}

/**
 * - `queue`: lanes. Resolved means accepted by one node; a crash may lose the last records. Bounded when
 *   embedded: append rejects with QueueFullError.
 * - `log`: resolved means committed: fsynced when embedded, acks=all on Kafka.
 * - `compacted`: like `log`, and of the records with one key at least the newest is kept.
 */
export type TopicKind = 'queue' | 'log' | 'compacted';

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly kind: TopicKind;
  /** Older records may go; absent means never. */
  readonly retentionMs?: number;
}

export interface NewRecord {
  /** Needed in compacted topics only; otherwise empty or absent. */
  readonly key?: string;
  readonly value: Uint8Array;
}

export interface StoredRecord {
  readonly offset: number;
  /** When the log took it, milliseconds since 1970 (UTC). */
  readonly timeMs: number;
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Appended {
  /** Offset of the first record of the batch; the others follow without gaps. */
  readonly firstOffset: number;
}

export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

export interface FollowOptions {
  readonly from: number;
  readonly signal: AbortSignal;
  readonly onRecords: (records: readonly StoredRecord[]) => void | Promise<void>;
}

export interface JoinOptions {
  readonly group: string;
  /** All must have the same number of partitions. */
  readonly topics: readonly string[];
  readonly signal: AbortSignal;
  /** The partition numbers that this member has from now on. */
  readonly onAssigned: (partitions: readonly number[]) => void;
}

/** The largest record value that every implementation takes. */
export const recordBytesMax = 900 * 1024;
