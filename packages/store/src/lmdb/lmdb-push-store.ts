import type { LogPosition, PageRequest } from '../history-store.js';
import { storeLimits } from '../limits.js';
import { NestedMap } from '../memory/nested-map.js';
import { compareText, mergePages, pageOfTexts } from '../merge-pages.js';
import type { PushBatch, PushStore, UnreachedRow } from '../push-store.js';
import { pageRange, partitionKey } from './history-database.js';
import { type BytesDatabase, LmdbEnvironment } from './lmdb-environment.js';
import type { LmdbStoreOptions } from './lmdb-history-store.js';
import { RowArena } from './row-arena.js';
import { decodePosition, decodeUnreached, encodePosition, encodeUnreached } from './row-codec.js';
import { RowKey } from './row-key.js';
import { type PendingChanges, WriteBehind } from './write-behind.js';

/** What a row costs in memory; an estimate. */
const rowBytes = 300;

/** A push store that writes behind, like the history. */
export interface LmdbPushStore extends PushStore {
  /** Writes what waits; resolves when everything applied before is on disk. */
  flush(): Promise<void>;
}

/** Opens a push store in an LMDB file. One process at a time. Throws when the folder holds another kind of store. */
export async function openLmdbPushStore(options: LmdbStoreOptions): Promise<LmdbPushStore> {
  const environment = new LmdbEnvironment({ ...options, purpose: 'push', format: 1 });
  return new WriteBehindPushStore(environment, options);
}

/** Rows of one partition in the order in which they came; the last of a user and conversation counts. */
class PushChanges implements PendingChanges {
  checkpoint: LogPosition;
  readonly rows: UnreachedRow[] = [];

  constructor(checkpoint: LogPosition) {
    this.checkpoint = checkpoint;
  }

  get rowCount(): number {
    return this.rows.length;
  }

  get byteCount(): number {
    return this.rows.length * rowBytes;
  }
}

class WriteBehindPushStore implements LmdbPushStore {
  readonly #environment: LmdbEnvironment;
  readonly #checkpointRows: BytesDatabase;
  readonly #rows: BytesDatabase;
  readonly #key = new RowKey();
  /** Rows that are not yet on disk, by conversation, of each user. */
  readonly #pending = new NestedMap<Map<string, UnreachedRow>>();
  readonly #checkpoints: Map<number, LogPosition>;
  readonly #behind: WriteBehind<PushChanges>;
  #isClosed = false;

  constructor(environment: LmdbEnvironment, options: LmdbStoreOptions) {
    this.#environment = environment;
    this.#checkpointRows = environment.database('checkpoints');
    this.#rows = environment.database('unreached');
    const entries = [...this.#checkpointRows.getRange()];
    this.#checkpoints = new Map(entries.map(({ key, value }) => [Buffer.from(key).readUInt16BE(), decodePosition(value)]));
    this.#behind = new WriteBehind({
      clock: options.clock,
      flushDelayMs: options.flushDelayMs ?? storeLimits.flushDelayMs,
      pendingBytesMax: options.pendingBytesMax ?? storeLimits.pendingBytesMax,
      flushRowsMax: storeLimits.flushRowsMax,
      retryMs: storeLimits.flushRetryMs,
      freeze: () => {},
      write: (changes) => this.#write(changes),
      settle: (changes) => this.#settle(changes),
    });
  }

  async checkpoint(partition: number): Promise<LogPosition | undefined> {
    return this.#checkpoints.get(partition);
  }

  async apply(partition: number, batch: PushBatch): Promise<void> {
    await this.#behind.room();
    if (this.#isClosed) throw new Error('the store is closed');
    const applied = this.#checkpoints.get(partition);
    if (applied !== undefined && batch.checkpoint.offset < applied.offset) return;
    const changes = this.#behind.waiting(partition, () => new PushChanges(batch.checkpoint));
    for (const row of batch.rows) {
      this.#pending.getOrAdd(row.app, row.user, () => new Map()).set(row.conversation, row);
      changes.rows.push(row);
    }
    changes.checkpoint = batch.checkpoint;
    this.#checkpoints.set(partition, batch.checkpoint);
    this.#behind.added(partition);
  }

  async unreachedIn(app: string, user: string, conversation: string): Promise<UnreachedRow | undefined> {
    const pending = this.#pending.get(app, user)?.get(conversation);
    if (pending !== undefined) return pending;
    const bytes = this.#rows.get(this.#userKey(app, user).withText(conversation));
    return bytes === undefined ? undefined : decodeUnreached({ app, user, conversation }, bytes);
  }

  async unreached(app: string, user: string, page: PageRequest): Promise<readonly UnreachedRow[]> {
    const key = this.#userKey(app, user);
    const written = [...this.#rows.getRange(pageRange(key, page))].map((entry) =>
      decodeUnreached({ app, user, conversation: key.textOf(entry.key) }, entry.value),
    );
    const rows = this.#pending.get(app, user);
    if (rows === undefined) return written;
    const pending = pageOfTexts(rows.keys(), page).map((conversation) => rows.get(conversation) as UnreachedRow);
    return mergePages([pending, written], page.limit, (a, b) => compareText(a.conversation, b.conversation));
  }

  async flush(): Promise<void> {
    await this.#behind.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#behind.flush();
    } finally {
      this.#behind.stop();
      await this.#environment.close();
    }
  }

  async #write(partitions: ReadonlyMap<number, PushChanges>): Promise<void> {
    const arena = new RowArena();
    await this.#environment.transaction(() => {
      for (const [partition, changes] of partitions) {
        for (const row of changes.rows) {
          void this.#rows.put(this.#userKey(row.app, row.user).withText(row.conversation), encodeUnreached(arena, row));
        }
        void this.#checkpointRows.put(partitionKey(partition), encodePosition(arena, changes.checkpoint));
      }
    });
  }

  #settle(changes: PushChanges): void {
    for (const row of changes.rows) {
      const rows = this.#pending.get(row.app, row.user);
      // A newer row waits for its own turn.
      if (rows?.get(row.conversation) !== row) continue;
      rows.delete(row.conversation);
      if (rows.size === 0) this.#pending.delete(row.app, row.user);
    }
  }

  #userKey(app: string, user: string): RowKey {
    return this.#key.startPlain().part(app).part(user);
  }
}
