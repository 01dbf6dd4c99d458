import type { Clock, Random } from '@parley/kernel';
import type { Telemetry } from '@parley/telemetry';
import type { MediaRecord } from './media-record.js';

/** Names one file. */
export interface MediaKey {
  readonly app: string;
  readonly media: string;
}

/** What of a file must be known to remove all of it. */
export interface RemovableFile extends MediaKey {
  readonly createdMs: number;
  /** Absent where it has never come so far as to have one. */
  readonly owner?: string;
}

/** A file that was begun or completed then. */
export interface TimedFile extends MediaKey {
  readonly timeMs: number;
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
  /** Files begun before then and not completed: some of them, the oldest first. */
  startedBefore(timeMs: number): Promise<readonly TimedFile[]>;
  /** The upload is complete: it is no longer among those that were started, but among those that are kept. */
  settle(record: MediaRecord): Promise<void>;
  /** Files of an app that have been kept since before then: some of them, the oldest first. Times are those of days (UTC). */
  keptBefore(app: string, timeMs: number): Promise<readonly TimedFile[]>;
  /** Notes that a file is to be looked for under another day, or under none any more. */
  moveKept(file: TimedFile, toMs: number | undefined): Promise<void>;
  /** Removes file, record and notes; no error when there is nothing. */
  remove(file: RemovableFile): Promise<void>;
}

export interface MediaDeps {
  readonly store: MediaStore;
  /** Signs URLs. */
  readonly urlKey: string;
  /** Where clients reach this service, without a slash at the end. */
  readonly publicUrl: () => string;
  /** What one user may begin to upload a day, bytes. */
  readonly userBytesPerDay: number;
  /** Whose files grow old, and when: by app, milliseconds. */
  readonly retentionMs: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}
