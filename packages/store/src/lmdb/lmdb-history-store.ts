import type { Clock, Random } from '@parley/kernel';
import type {
  ConversationRow,
  EventRange,
  EventRow,
  HistoryBatch,
  HistoryCheckpoint,
  HistoryStore,
  MemberRow,
  PageRequest,
  SendRow,
} from '../history-store.js';
import { storeLimits } from '../limits.js';
import { isSendExpired } from '../memory/send-days.js';
import { mergeEvents, mergeMembers, mergeTexts, pageOfTexts, sliceEvents } from '../merge-pages.js';
import { isReplay } from '../replay.js';
import { HistoryChanges, PendingRows } from './history-changes.js';
import { HistoryDatabase } from './history-database.js';
import { LmdbEnvironment } from './lmdb-environment.js';
import { WriteBehind } from './write-behind.js';

export interface LmdbStoreOptions {
  /** Folder of the store, made when it is missing; on a local disk. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Longest time that a row waits in memory before it is written, in milliseconds; 1000 by default. */
  readonly flushDelayMs?: number;
  /** Bytes waiting beyond which `apply` waits for the disk; 64 MiB by default. */
  readonly pendingBytesMax?: number;
}

/** A store that writes behind: what was applied is visible at once and on disk a moment later. */
export interface LmdbHistoryStore extends HistoryStore {
  /** Writes what waits; resolves when everything applied before is on disk. */
  flush(): Promise<void>;
}

/**
 * Opens a history in an LMDB file; a new folder makes a new history with a new epoch. One process at a
 * time. Throws when the folder holds another kind of store or a newer format.
 */
export async function openLmdbHistoryStore(options: LmdbStoreOptions): Promise<LmdbHistoryStore> {
  const environment = new LmdbEnvironment({ ...options, purpose: 'history' });
  return new WriteBehindHistoryStore(environment, options);
}

class WriteBehindHistoryStore implements LmdbHistoryStore {
  readonly #environment: LmdbEnvironment;
  readonly #clock: Clock;
  readonly #database: HistoryDatabase;
  readonly #pending = new PendingRows();
  readonly #checkpoints: Map<number, HistoryCheckpoint>;
  readonly #behind: WriteBehind<HistoryChanges>;
  #isClosed = false;

  constructor(environment: LmdbEnvironment, options: LmdbStoreOptions) {
    this.#environment = environment;
    this.#clock = options.clock;
    this.#database = new HistoryDatabase(environment, options.clock);
    this.#checkpoints = this.#database.checkpoints();
    this.#behind = new WriteBehind({
      clock: options.clock,
      flushDelayMs: options.flushDelayMs ?? storeLimits.flushDelayMs,
      pendingBytesMax: options.pendingBytesMax ?? storeLimits.pendingBytesMax,
      flushRowsMax: storeLimits.flushRowsMax,
      retryMs: storeLimits.flushRetryMs,
      freeze: (changes) => this.#pending.freeze(changes),
      write: (changes) => this.#database.write(changes),
      settle: (changes) => this.#pending.settle(changes),
    });
  }

  async epoch(): Promise<string> {
    return this.#environment.epoch;
  }

  async checkpoint(partition: number): Promise<HistoryCheckpoint | undefined> {
    return this.#checkpoints.get(partition);
  }

  async checkpoints(): Promise<ReadonlyMap<number, HistoryCheckpoint>> {
    return new Map(this.#checkpoints);
  }

  async apply(partition: number, batch: HistoryBatch): Promise<void> {
    await this.#behind.room();
    if (this.#isClosed) throw new Error('the store is closed');
    if (isReplay(this.#checkpoints.get(partition), batch)) return;
    const changes = this.#behind.waiting(partition, () => new HistoryChanges(batch.checkpoint));
    this.#pending.add(changes, batch);
    this.#checkpoints.set(partition, batch.checkpoint);
    this.#behind.added(partition);
  }

  async conversation(app: string, conversation: string): Promise<ConversationRow | undefined> {
    for (const rows of this.#pending.conversation(app, conversation)) {
      if (rows.conversation !== undefined) return rows.conversation;
    }
    return this.#database.conversation(app, conversation);
  }

  async events(app: string, conversation: string, range: EventRange): Promise<readonly EventRow[]> {
    const layers = this.#pending.conversation(app, conversation).map((rows) => sliceEvents(rows.events, range));
    return mergeEvents([...layers, this.#database.events(app, conversation, range)], range);
  }

  async findSend(app: string, conversation: string, sender: string, clientMsgId: string): Promise<SendRow | undefined> {
    let send: SendRow | undefined;
    for (const rows of this.#pending.conversation(app, conversation)) send ??= rows.findSend(sender, clientMsgId);
    send ??= this.#database.findSend(app, conversation, sender, clientMsgId);
    return send === undefined || isSendExpired(this.#clock, send) ? undefined : send;
  }

  async member(app: string, conversation: string, user: string): Promise<MemberRow | undefined> {
    return this.#member(app, conversation, user);
  }

  async membersAmong(app: string, conversation: string, users: readonly string[]): Promise<readonly MemberRow[]> {
    return users.map((user) => this.#member(app, conversation, user)).filter((row) => row !== undefined);
  }

  async members(app: string, conversation: string, page: PageRequest): Promise<readonly MemberRow[]> {
    const layers: (readonly MemberRow[])[] = [];
    for (const rows of this.#pending.conversation(app, conversation)) {
      layers.push(rows.members(page));
      if (rows.isEmptied) return mergeMembers(layers, page.limit);
    }
    return mergeMembers([...layers, this.#database.members(app, conversation, page)], page.limit);
  }

  async conversationsOf(app: string, user: string, page: PageRequest): Promise<readonly string[]> {
    const pending = this.#pending.conversationsOf(app, user);
    if (pending === undefined) return this.#database.conversationsOf(app, user, page);
    const [added, gone]: [string[], Set<string>] = [[], new Set()];
    for (const { conversation, isMember } of pending.values()) {
      if (isMember) added.push(conversation);
      else gone.add(conversation);
    }
    // So many more that a page is left, whichever of them are gone.
    const written = this.#database.conversationsOf(app, user, { ...page, limit: page.limit + gone.size });
    const left = written.filter((conversation) => !gone.has(conversation));
    return mergeTexts([pageOfTexts(added, page), left.slice(0, page.limit)], page.limit);
  }

  #member(app: string, conversation: string, user: string): MemberRow | undefined {
    for (const rows of this.#pending.conversation(app, conversation)) {
      const member = rows.member(user);
      if (member !== undefined || rows.isEmptied) return member;
    }
    return this.#database.member(app, conversation, user);
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
}
