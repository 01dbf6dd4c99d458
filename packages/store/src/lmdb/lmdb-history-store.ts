import type { Clock, Random } from '@parley/kernel';
import { boundsOf, pageOfDetails } from '../detail-range.js';
import type {
  ConversationKey,
  ConversationRow,
  DetailKey,
  DetailRange,
  DetailRow,
  EventRange,
  EventRow,
  HistoryAmendment,
  HistoryBatch,
  HistoryCheckpoint,
  HistoryStore,
  MemberRow,
  PageRequest,
  SendRow,
} from '../history-store.js';
import { isSendExpired } from '../memory/send-days.js';
import { mergeEvents, mergeMembers, mergeTexts, pageOfTexts, sliceEvents } from '../merge-pages.js';
import { isReplay } from '../replay.js';
import { HistoryWipedError, WipeGuard } from '../wipe-guard.js';
import { askForCompaction, compactWhereAsked, removeFiles } from './compaction.js';
import { HistoryChanges, newestRow } from './history-changes.js';
import { LmdbEnvironment, type LmdbEnvironmentOptions } from './lmdb-environment.js';
import { OpenHistory } from './open-history.js';

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

export interface LmdbHistoryStoreOptions extends LmdbStoreOptions {
  /** Told when the file could not be written anew (the disk has no room for two); it is tried again when it is opened next. */
  readonly onCompactionFailed?: (cause: unknown) => void;
}

/** 2: events say how many of them count. */
const format = 2;

/** A store that writes behind: what was applied is visible at once and on disk a moment later. */
export interface LmdbHistoryStore extends HistoryStore {
  /** Writes what waits; resolves when everything applied before is on disk. */
  flush(): Promise<void>;
}

/**
 * Opens a history in an LMDB file; a new folder makes a new history with a new epoch. One process at a
 * time. Throws when the folder holds another kind of store or a newer format. Where `compact` was called
 * before, the file is written anew first, which takes some microseconds per row.
 */
export async function openLmdbHistoryStore(options: LmdbHistoryStoreOptions): Promise<LmdbHistoryStore> {
  const environmentOptions = { ...options, purpose: 'history', format };
  try {
    await compactWhereAsked(environmentOptions);
  } catch (cause) {
    options.onCompactionFailed?.(cause);
  }
  return new WriteBehindHistoryStore({ ...options, ...environmentOptions });
}

class WriteBehindHistoryStore implements LmdbHistoryStore {
  readonly #options: LmdbHistoryStoreOptions & LmdbEnvironmentOptions;
  readonly #guard = new WipeGuard();
  #open: OpenHistory;
  #wiping: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: LmdbHistoryStoreOptions & LmdbEnvironmentOptions) {
    this.#options = options;
    this.#open = new OpenHistory(new LmdbEnvironment(options), options);
  }

  async epoch(): Promise<string> {
    return this.#open.environment.epoch;
  }

  async checkpoint(partition: number): Promise<HistoryCheckpoint | undefined> {
    await this.#wiping;
    this.#guard.begin(partition);
    return this.#open.checkpoints.get(partition);
  }

  async checkpoints(): Promise<ReadonlyMap<number, HistoryCheckpoint>> {
    return new Map(this.#open.checkpoints);
  }

  async apply(partition: number, batch: HistoryBatch): Promise<void> {
    const { behind, pending, checkpoints } = await this.#room(partition);
    if (isReplay(checkpoints.get(partition), batch)) return;
    pending.add(
      behind.waiting(partition, () => new HistoryChanges()),
      batch,
    );
    checkpoints.set(partition, batch.checkpoint);
    behind.added(partition);
  }

  async amend(partition: number, rows: HistoryAmendment): Promise<void> {
    const { behind, pending } = await this.#room(partition);
    const conversations = rows.conversations.filter((row) => !this.#isOutdated(row));
    pending.amend(
      behind.waiting(partition, () => new HistoryChanges()),
      { ...rows, conversations },
    );
    behind.added(partition);
  }

  wipe(): Promise<void> {
    this.#wiping ??= this.#wipe().finally(() => {
      this.#wiping = undefined;
    });
    return this.#wiping;
  }

  /** The file goes as a whole: quicker than deleting its rows, and nothing of them is left. */
  async #wipe(): Promise<void> {
    if (this.#isClosed) throw new Error('the store is closed');
    const old = this.#open;
    this.#guard.wiped();
    await old.behind.abandon();
    removeFiles(this.#options.path);
    this.#open = new OpenHistory(new LmdbEnvironment(this.#options), this.#options);
    await old.environment.close();
  }

  async compact(): Promise<void> {
    await this.flush();
    askForCompaction(this.#options.path);
  }

  async conversation(app: string, conversation: string): Promise<ConversationRow | undefined> {
    return this.#conversation({ app, conversation });
  }

  async allConversations({
    after,
    limit,
  }: {
    readonly after?: ConversationKey;
    readonly limit: number;
  }): Promise<readonly ConversationRow[]> {
    // So the disk has all that were there when the sweep began, and their order is the disk's.
    if (after === undefined) await this.flush();
    const { pending, database } = this.#open;
    return database.conversations(after, limit).map((row) => newestRow(pending.conversation(row.app, row.conversation)) ?? row);
  }

  async detail(key: DetailKey): Promise<Uint8Array | undefined> {
    const { pending, database } = this.#open;
    const value = pending.details.row(key)?.value ?? database.detail(key);
    return value === undefined || value.length === 0 ? undefined : value;
  }

  async details(app: string, space: string, range: DetailRange): Promise<readonly DetailRow[]> {
    const { pending, database } = this.#open;
    const within = { bounds: boundsOf(range), isBackwards: range.isBackwards === true };
    return pageOfDetails(pending.details.over(database.details(app, space, within), { app, space }, within), range.limit);
  }

  async events(app: string, conversation: string, range: EventRange): Promise<readonly EventRow[]> {
    const { pending, database } = this.#open;
    const layers = pending.conversation(app, conversation).map((rows) => sliceEvents(rows.events, range));
    return mergeEvents([...layers, database.events(app, conversation, range)], range);
  }

  async findSend(app: string, conversation: string, sender: string, clientMsgId: string): Promise<SendRow | undefined> {
    let send: SendRow | undefined;
    for (const rows of this.#open.pending.conversation(app, conversation)) send ??= rows.findSend(sender, clientMsgId);
    send ??= this.#open.database.findSend(app, conversation, sender, clientMsgId);
    return send === undefined || isSendExpired(this.#options.clock, send) ? undefined : send;
  }

  async member(app: string, conversation: string, user: string): Promise<MemberRow | undefined> {
    return this.#member(app, conversation, user);
  }

  async membersAmong(app: string, conversation: string, users: readonly string[]): Promise<readonly MemberRow[]> {
    return users.map((user) => this.#member(app, conversation, user)).filter((row) => row !== undefined);
  }

  async members(app: string, conversation: string, page: PageRequest): Promise<readonly MemberRow[]> {
    const layers: (readonly MemberRow[])[] = [];
    for (const rows of this.#open.pending.conversation(app, conversation)) {
      layers.push(rows.members(page));
      if (rows.isEmptied) return mergeMembers(layers, page.limit);
    }
    return mergeMembers([...layers, this.#open.database.members(app, conversation, page)], page.limit);
  }

  async conversationsOf(app: string, user: string, page: PageRequest): Promise<readonly string[]> {
    const pending = this.#open.pending.conversationsOf(app, user);
    if (pending === undefined) return this.#open.database.conversationsOf(app, user, page);
    const [added, gone]: [string[], Set<string>] = [[], new Set()];
    for (const { conversation, isMember } of pending.values()) {
      if (isMember) added.push(conversation);
      else gone.add(conversation);
    }
    // So many more that a page is left, whichever of them are gone.
    const written = this.#open.database.conversationsOf(app, user, { ...page, limit: page.limit + gone.size });
    const left = written.filter((conversation) => !gone.has(conversation));
    return mergeTexts([pageOfTexts(added, page), left.slice(0, page.limit)], page.limit);
  }

  /** Resolves when there is room for rows of a partition; rejects for those from before a wipe. */
  async #room(partition: number): Promise<OpenHistory> {
    const open = this.#open;
    try {
      await open.behind.room();
    } catch (error) {
      this.#guard.check(partition);
      throw error;
    }
    if (this.#isClosed) throw new Error('the store is closed');
    this.#guard.check(partition);
    if (open !== this.#open) throw new HistoryWipedError(partition);
    return open;
  }

  #conversation({ app, conversation }: ConversationKey): ConversationRow | undefined {
    const { pending, database } = this.#open;
    return newestRow(pending.conversation(app, conversation)) ?? database.conversation(app, conversation);
  }

  #isOutdated(row: ConversationRow): boolean {
    const found = this.#conversation(row);
    return found !== undefined && (row.headSeq < found.headSeq || row.membershipVersion < found.membershipVersion);
  }

  #member(app: string, conversation: string, user: string): MemberRow | undefined {
    for (const rows of this.#open.pending.conversation(app, conversation)) {
      const member = rows.member(user);
      if (member !== undefined || rows.isEmptied) return member;
    }
    return this.#open.database.member(app, conversation, user);
  }

  async flush(): Promise<void> {
    await this.#open.behind.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#wiping?.catch(() => undefined);
    try {
      await this.#open.behind.flush();
    } finally {
      this.#open.behind.stop();
      await this.#open.environment.close();
    }
  }
}
