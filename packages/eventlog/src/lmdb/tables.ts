import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { LogTakenOverError } from '../errors.js';
import { sweepBytesMax } from '../limits.js';
import type { OffsetRange, StoredRecord, TopicKind } from '../port.js';
import {
  decodeOffset,
  encodeOffset,
  layoutVersion,
  newestKey,
  offsetOfKey,
  partitionBytes,
  readRecord,
  recordBytes,
  recordKey,
  writeRecord,
} from './layout.js';

/** Name of the file in the log's directory. */
export const tablesFile = 'log.mdb';

const ownerKey = Buffer.from('owner');

/** What is written down about a topic. */
export interface TopicEntry {
  readonly id: number;
  readonly partitions: number;
  readonly kind: TopicKind;
  /** As the topic was opened last; absent: records stay. */
  readonly retentionMs?: number;
}

/** Where a partition's records lie. */
export interface PartitionAddress {
  readonly topicId: number;
  readonly partition: number;
}

/** Which records a sweep looks for. */
export interface OldestOptions {
  /** Only below this offset. */
  readonly end: number;
  readonly countMax: number;
  /** Only those that were written before; by default any. */
  readonly beforeMs?: number;
}

/** What a sweep has found. */
export interface OldestRecords {
  readonly records: readonly StoredRecord[];
  /** There may be more of them than were taken at once. */
  readonly hasMore: boolean;
}

/**
 * The tables on disk. Every read finishes before it returns, so that no read transaction outlives the turn
 * and keeps old pages from being used again.
 */
export class Tables {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly meta: Database<unknown, string>;
  readonly records: Database<Buffer, Buffer>;
  readonly newest: Database<Buffer, Buffer>;
  readonly #owner: Database<Buffer, Buffer>;
  #ownerVersion = 0;

  /** Opens the tables in a directory, making both if needed; throws when another layout is found there. */
  constructor(path: string, mapSizeBytes: number, file = tablesFile) {
    mkdirSync(path, { recursive: true });
    this.root = open<Buffer, Buffer>({
      path: join(path, file),
      noSubdir: true,
      mapSize: mapSizeBytes,
      // A resolved commit must be on disk; the overlapping mode resolves before that.
      overlappingSync: false,
      // One explicit batch is one transaction; nothing else is to be gathered behind our back.
      eventTurnBatching: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: 8,
    });
    this.meta = this.root.openDB<unknown, string>({ name: 'meta', encoding: 'json', keyEncoding: 'ordered-binary' });
    this.records = this.root.openDB<Buffer, Buffer>({ name: 'records', encoding: 'binary', keyEncoding: 'binary' });
    this.newest = this.root.openDB<Buffer, Buffer>({ name: 'newest', encoding: 'binary', keyEncoding: 'binary' });
    this.#owner = this.root.openDB<Buffer, Buffer>({ name: 'owner', encoding: 'binary', keyEncoding: 'binary', useVersions: true });
  }

  /**
   * Makes this process the one that may write; whoever was it before cannot commit any more. Resolves with the
   * number of times that the log has been taken over.
   */
  async takeOver(): Promise<number> {
    this.#ownerVersion = await this.#owner.transaction(() => {
      const version = (this.#owner.getEntry(ownerKey)?.version ?? 0) + 1;
      void this.#owner.put(ownerKey, encodeOffset(version), version);
      return version;
    });
    return this.#ownerVersion;
  }

  /** Runs the writes as one transaction and resolves once it is on disk; rejects when the log was taken over. */
  async transact(writes: () => void): Promise<void> {
    const isOwner = await this.#owner.ifVersion(ownerKey, this.#ownerVersion, writes);
    if (!isOwner) throw new LogTakenOverError();
  }

  /** Writes the layout into a new store and refuses one of another layout. */
  async checkLayout(): Promise<void> {
    const found = this.meta.get('format');
    if (found === undefined) await this.meta.put('format', { layout: layoutVersion });
    else if (!isObject(found) || found['layout'] !== layoutVersion) {
      throw new Error(`the log has layout ${JSON.stringify(found)}; this version reads layout ${layoutVersion}`);
    }
  }

  /** All topics that were ever opened. */
  topics(): readonly TopicEntry[] {
    const entries = this.meta.getRange({ start: topicKey(''), end: topicKey('\uffff') });
    return [...entries.map(({ value }) => value)].filter(isTopicEntry);
  }

  topic(name: string): TopicEntry | undefined {
    const found = this.meta.get(topicKey(name));
    return isTopicEntry(found) ? found : undefined;
  }

  /** Takes over everything of other tables but their records. */
  async copyMeta(source: Tables): Promise<void> {
    await this.root.batch(() => {
      for (const { key, value } of source.meta.getRange({})) void this.meta.put(key, value);
      const owner = source.#owner.getEntry(ownerKey);
      if (owner?.version !== undefined) void this.#owner.put(ownerKey, owner.value, owner.version);
    });
  }

  /** Issues the writes of records that keep their offsets, in their order. */
  putRecords({ topicId, partition }: PartitionAddress, records: readonly StoredRecord[], kind: TopicKind): void {
    for (const record of records) {
      const value = Buffer.allocUnsafeSlow(recordBytes(record.key, record.value));
      writeRecord(value, 0, record);
      void this.records.put(recordKey(topicId, partition, record.offset), value);
      if (kind === 'compacted') void this.newest.put(newestKey(topicId, partition, record.key), encodeOffset(record.offset));
    }
  }

  /** The offsets held: from what was trimmed last to behind the newest record. */
  rangeOf(at: PartitionAddress): OffsetRange {
    const start = this.meta.get(startKey(at));
    const first = typeof start === 'number' ? start : 0;
    return { start: first, end: Math.max(first, (this.#lastOffset(at) ?? -1) + 1) };
  }

  /** The oldest record still on disk, or undefined. */
  firstOffset(at: PartitionAddress): number | undefined {
    for (const key of this.records.getKeys({ ...boundsOf(at, 0), limit: 1 })) return offsetOfKey(key);
    return undefined;
  }

  hasRecord(at: PartitionAddress, offset: number): boolean {
    return this.records.doesExist(recordKey(at.topicId, at.partition, offset));
  }

  /** One record and more, while their values fit into `bytesMax` and their offsets are below `end`. */
  slice(at: PartitionAddress, from: number, options: { readonly end: number; readonly bytesMax: number }): StoredRecord[] {
    const found: StoredRecord[] = [];
    let bytes = 0;
    for (const { key, value } of this.records.getRange(boundsOf(at, from, options.end))) {
      const record = readRecord(offsetOfKey(key), value);
      bytes += record.value.byteLength;
      if (found.length > 0 && bytes > options.bytesMax) break;
      found.push(record);
      if (bytes >= options.bytesMax) break;
    }
    return found;
  }

  /** The oldest records from an offset on, as many as a sweep takes at once. Reads nothing behind the first that is too young. */
  oldest(at: PartitionAddress, from: number, { end, countMax, beforeMs = Number.POSITIVE_INFINITY }: OldestOptions): OldestRecords {
    const records: StoredRecord[] = [];
    let bytes = 0;
    for (const { key, value } of this.records.getRange({ ...boundsOf(at, from, end), limit: countMax })) {
      const record = readRecord(offsetOfKey(key), value);
      if (record.timeMs >= beforeMs) return { records, hasMore: false };
      records.push(record);
      bytes += value.byteLength;
      if (bytes >= sweepBytesMax) return { records, hasMore: true };
    }
    return { records, hasMore: records.length === countMax };
  }

  /** The committed offset of the newest record with a key. */
  newestOffset(at: PartitionAddress, key: string): number | undefined {
    const found = this.newest.get(newestKey(at.topicId, at.partition, key));
    return found === undefined ? undefined : decodeOffset(found);
  }

  #lastOffset(at: PartitionAddress): number | undefined {
    const { start, end } = boundsOf(at, 0);
    // The end of a range is outside of it, also backwards: stop before offset 0, not at it.
    const beforeFirst = start.subarray(0, partitionBytes);
    for (const key of this.records.getKeys({ start: end, end: beforeFirst, reverse: true, limit: 1 })) return offsetOfKey(key);
    return undefined;
  }
}

/** Key in `meta` of a partition's first offset. */
export function startKey(at: PartitionAddress): string {
  return `start/${at.topicId}/${at.partition}`;
}

/** Key in `meta` of a topic. */
export function topicKey(name: string): string {
  return `topic/${name}`;
}

function boundsOf(at: PartitionAddress, from: number, end = Number.MAX_SAFE_INTEGER): { start: Buffer; end: Buffer } {
  return { start: recordKey(at.topicId, at.partition, from), end: recordKey(at.topicId, at.partition, end) };
}

function isTopicEntry(value: unknown): value is TopicEntry {
  return isObject(value) && 'id' in value && 'partitions' in value && 'kind' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
