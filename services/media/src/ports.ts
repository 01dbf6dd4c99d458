import type { Clock, Random } from '@parley/kernel';
import type { Telemetry } from '@parley/telemetry';
import type { MediaRecord } from './media-record.js';

/** Names one file. */
export interface MediaKey {
  readonly app: string;
  readonly media: string;
}

/** A part of a file: from this byte up to and including that one. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Keeps files and their records. Calls for one file come one at a time, except reads. What `append` and `putRecord`
 * have resolved for survives a crash.
 */
export interface MediaStore extends AsyncDisposable {
  /** Begins a file: its record, and a note of it for `startedBefore`. */
  create(record: MediaRecord): Promise<void>;
  record(key: MediaKey): Promise<MediaRecord | undefined>;
  putRecord(record: MediaRecord): Promise<void>;
  /** Bytes that are safe: where an upload goes on. */
  receivedBytes(key: MediaKey): Promise<number>;
  /**
   * Takes bytes from `offset` on, which is `receivedBytes`. When the source fails, what came before is kept, as far as
   * the store can, and the failure passed on.
   */
  append(key: MediaKey, offset: number, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** All bytes are there: from now on the file is only read. May be repeated. */
  finish(key: MediaKey): Promise<void>;
  /** Bytes of a file, finished or not; all of them without a range. */
  read(key: MediaKey, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Ids of an owner's files, sorted; continues behind `after`. */
  ownedBy(app: string, owner: string, page: { readonly after: string; readonly limit: number }): Promise<readonly string[]>;
  /** Files begun before then and not completed. */
  startedBefore(timeMs: number): Promise<readonly MediaKey[]>;
  /** The upload is complete: it is no longer among those that were started. */
  settle(record: MediaRecord): Promise<void>;
  /** Removes file, record and notes; no error when there is nothing. */
  remove(record: MediaRecord): Promise<void>;
}

export interface MediaDeps {
  readonly store: MediaStore;
  /** Signs URLs. */
  readonly urlKey: string;
  /** Where clients reach this service, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}
