import type { Appended, NewRecord, StoredRecord, TopicSpec } from '../port.js';

/** One partition of a log in this process; everything but `append` and `trim` answers at once. */
export interface Partition {
  /** First offset that may be read. */
  readonly start: number;
  /** Behind the last offset that may be read. */
  readonly end: number;

  append(records: readonly NewRecord[]): Promise<Appended>;

  /**
   * The records from an offset on, at least one where there is one and then up to about `bytesMax`.
   * The offset lies within `start` and `end`.
   */
  slice(from: number, bytesMax: number): readonly StoredRecord[];

  trim(before: number): Promise<void>;

  /** Called after `end` or `start` has grown, until the returned function is called. */
  watch(onChange: () => void): () => void;
}

/** A topic that was opened. */
export interface Topic {
  readonly spec: TopicSpec;
  readonly partitions: readonly Partition[];
}

/** Where an embedded log keeps its topics. */
export interface TopicStorage {
  /** Opens a topic, creating what is missing; rejects when it exists with another shape. */
  open(spec: TopicSpec): Promise<Topic>;
  /** As `EventLog.scrub` says; storage in memory has nothing to do. */
  scrub(): Promise<void>;
  /** Waits for what was accepted and lets go of all resources. */
  close(): Promise<void>;
}
