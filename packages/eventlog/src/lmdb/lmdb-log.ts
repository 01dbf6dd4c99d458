import { isDeepStrictEqual } from 'node:util';
import type { CancelTimer, Clock } from '@parley/kernel';
import { assertSameShape, EmbeddedLog } from '../embedded/embedded-log.js';
import type { Topic, TopicStorage } from '../embedded/partition.js';
import { diskReserveBytesDefault, mapSizeBytesDefault, sweepIntervalMs, sweepPauseMs, sweepRecordsMax } from '../limits.js';
import { MemoryStorage } from '../memory/memory-log.js';
import type { EventLog, TopicSpec } from '../port.js';
import { DiskGuard, freeBytesOf } from './disk-guard.js';
import { type CommitReport, GroupCommit } from './group-commit.js';
import { LmdbPartition } from './lmdb-partition.js';
import { askForScrub, scrubWhereDue } from './scrub.js';
import { Tables, type TopicEntry, topicKey } from './tables.js';

export interface LmdbLogOptions {
  readonly clock: Clock;
  /** Directory of the log, on a local disk. Made if missing. */
  readonly path: string;
  /** What one partition of a queue topic holds before appends are refused; 8 MiB by default. */
  readonly queueBytesMax?: number;
  /** Address space set aside; 64 GiB by default. The file is only as large as what it holds. */
  readonly mapSizeBytes?: number;
  /** Disk space that is left alone: appends are refused before it is used; 64 MiB by default. */
  readonly diskReserveBytes?: number;
  /** Space left on the disk; asks the operating system by default. */
  readonly freeDiskBytes?: () => number;
  /** Told about every commit. */
  readonly onCommit?: (report: CommitReport) => void;
  /** Told when old records could not be removed; the next sweep, or the next opening, tries again. */
  readonly onSweepFailed?: (error: unknown) => void;
}

/**
 * A log on disk. Topics of kind `log` and `compacted` survive the process and the power cut; topics of kind
 * `queue` are kept in memory. Rejects when the directory holds another layout. The last to open a directory
 * owns it: appends through a log that was opened before it are refused from then on.
 */
export async function openLmdbLog(options: LmdbLogOptions): Promise<EventLog> {
  const { path, clock, mapSizeBytes = mapSizeBytesDefault } = options;
  // Best effort: without room for a second file the log opens as it is.
  await scrubWhereDue({ path, mapSizeBytes, nowMs: clock.now() }).catch((error: unknown) => options.onSweepFailed?.(error));
  const tables = new Tables(path, mapSizeBytes);
  await tables.checkLayout();
  const term = await tables.takeOver();
  return new EmbeddedLog(new LmdbStorage(options, tables, term * queueTermOffsets));
}

/**
 * Queues are gone when the process ends, and start anew with offsets that no earlier process gave out: a position
 * in the old queue is then out of range, and never points into the new one.
 */
const queueTermOffsets = 2 ** 32;

class LmdbStorage implements TopicStorage {
  readonly #options: LmdbLogOptions;
  readonly #tables: Tables;
  readonly #queues: MemoryStorage;
  readonly #commits: GroupCommit;
  readonly #guard: DiskGuard;
  readonly #partitions: LmdbPartition[] = [];
  #cancelSweep: CancelTimer;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LmdbLogOptions, tables: Tables, queueStart: number) {
    this.#options = options;
    this.#tables = tables;
    this.#queues = new MemoryStorage({ ...options, queueStart });
    this.#guard = new DiskGuard({
      reserveBytes: options.diskReserveBytes ?? diskReserveBytesDefault,
      freeBytes: options.freeDiskBytes ?? freeBytesOf(options.path),
    });
    this.#commits = new GroupCommit({
      clock: options.clock,
      admit: (bytes) => this.#guard.admit(bytes),
      transact: (writes) => tables.transact(writes),
      onCommit: options.onCommit,
    });
    this.#cancelSweep = options.clock.setTimer(sweepIntervalMs, this.#sweep);
  }

  async open(spec: TopicSpec): Promise<Topic> {
    if (spec.kind === 'queue') return this.#queues.open(spec);
    const { id } = await this.#entryOf(spec);
    const partitions = Array.from(
      { length: spec.partitions },
      (_, partition) =>
        new LmdbPartition({
          topicId: id,
          partition,
          spec,
          clock: this.#options.clock,
          tables: this.#tables,
          commits: this.#commits,
        }),
    );
    this.#partitions.push(...partitions);
    return { spec, partitions };
  }

  async scrub(): Promise<void> {
    const { clock, path } = this.#options;
    const longestMs = Math.max(0, ...this.#tables.topics().map(({ retentionMs }) => retentionMs ?? 0));
    askForScrub(path, clock.now() + longestMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSweep();
    await this.#sweeping;
    await this.#commits.idle();
    await this.#queues.close();
    await this.#tables.root.close();
  }

  async #entryOf({ name, ...spec }: TopicSpec): Promise<TopicEntry> {
    const found = this.#tables.topic(name);
    if (found !== undefined) assertSameShape({ name, ...spec }, { ...found, name });
    const id = found?.id ?? Math.max(0, ...this.#tables.topics().map((topic) => topic.id)) + 1;
    const { partitions, kind, retentionMs } = spec;
    const entry: TopicEntry = { id, partitions, kind, ...(retentionMs !== undefined && { retentionMs }) };
    if (!isDeepStrictEqual(entry, found)) await this.#tables.meta.put(topicKey(name), entry);
    return entry;
  }

  readonly #sweep = (): void => {
    this.#sweeping = this.#sweepOnce().then(
      (isDone) => this.#sweepAgain(isDone),
      (error: unknown) => {
        this.#options.onSweepFailed?.(error);
        this.#sweepAgain(true);
      },
    );
  };

  #sweepAgain(isDone: boolean): void {
    if (this.#isClosed) return;
    this.#cancelSweep = this.#options.clock.setTimer(isDone ? sweepIntervalMs : sweepPauseMs, this.#sweep);
  }

  /** Lets go of a bounded number of records; true when no more are due. */
  async #sweepOnce(): Promise<boolean> {
    let left = sweepRecordsMax;
    let hasMore = false;
    for (const partition of this.#partitions) {
      if (left <= 0 || this.#isClosed) return false;
      const expired = await partition.expire(left);
      left -= expired.count;
      if (left <= 0) return false;
      const purged = await partition.purge(left);
      left -= purged.count;
      this.#guard.addReusable(purged.bytes);
      hasMore ||= expired.hasMore || purged.hasMore;
    }
    return left > 0 && !hasMore;
  }
}
