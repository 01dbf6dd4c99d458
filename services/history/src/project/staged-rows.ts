import type { ConversationKey, ConversationRow, HistoryStore, MemberRow, UserConversation } from '@parley/store';
import type { LRUCache } from 'lru-cache';
import { emptyConversation } from '../empty-conversation.js';

/** The rows that staged conversations lead to, as a batch of the store wants them. */
export interface StagedChanges {
  readonly conversations: readonly ConversationRow[];
  readonly emptied: readonly ConversationKey[];
  readonly members: readonly MemberRow[];
  readonly memberships: readonly UserConversation[];
  readonly departures: readonly UserConversation[];
}

/** One conversation and those of its members that a batch touches. */
export class StagedConversation {
  row: ConversationRow;
  /** Newest seq that is in the store. */
  readonly storedHeadSeq: number;
  /** Whether this batch has looked for events that are too old. */
  isAgeChecked = false;
  readonly #store: HistoryStore;
  readonly #stored = new Map<string, MemberRow>();
  readonly #members = new Map<string, MemberRow>();
  /** Whether the user has the conversation in the end. */
  readonly #users = new Map<string, boolean>();
  #isEmptied = false;

  constructor(store: HistoryStore, row: ConversationRow) {
    this.#store = store;
    this.row = row;
    this.storedHeadSeq = row.headSeq;
  }

  /** Has the rows of these users at hand for `member`. */
  async loadMembers(users: readonly string[]): Promise<void> {
    if (this.#isEmptied) return;
    const unknown = users.filter((user) => !this.#members.has(user) && !this.#stored.has(user));
    if (unknown.length === 0) return;
    const { app, conversation } = this.row;
    for (const row of await this.#store.membersAmong(app, conversation, unknown)) this.#stored.set(row.user, row);
  }

  /** The row of a user whom `loadMembers` was told of. */
  member(user: string): MemberRow {
    const { app, conversation } = this.row;
    return this.#members.get(user) ?? this.#stored.get(user) ?? { app, conversation, user, version: 0, spans: [] };
  }

  putMember(row: MemberRow): void {
    this.#members.set(row.user, row);
  }

  /** Says whether the user has the conversation; the last word of a batch counts. */
  setUser(user: string, isMember: boolean): void {
    this.#users.set(user, isMember);
  }

  /** Everybody with a row, page by page; rows of this batch count more than those of the store. */
  async *everyMember(pageSize: number): AsyncGenerator<MemberRow> {
    const staged = new Map(this.#members);
    yield* staged.values();
    const { app, conversation } = this.row;
    for (let after = '', isLast = this.#isEmptied; !isLast; ) {
      const page = await this.#store.members(app, conversation, { limit: pageSize, ...(after === '' ? {} : { after }) });
      for (const row of page) if (!staged.has(row.user)) yield row;
      after = page.at(-1)?.user ?? '';
      isLast = page.length < pageSize;
    }
  }

  /** No row of a member is left. */
  emptyMembers(): void {
    this.#members.clear();
    this.#stored.clear();
    this.#isEmptied = true;
  }

  /** Adds what has changed. */
  collect(into: { [Key in keyof StagedChanges]: StagedChanges[Key][number][] }): void {
    const { app, conversation } = this.row;
    into.conversations.push(this.row);
    if (this.#isEmptied) into.emptied.push({ app, conversation });
    for (const row of this.#members.values()) into.members.push(row);
    for (const [user, isMember] of this.#users) (isMember ? into.memberships : into.departures).push({ app, user, conversation });
  }
}

/** Rows as they stand while a batch is built: from the batch, from memory, from the store. */
export class StagedRows {
  readonly #store: HistoryStore;
  readonly #heads: LRUCache<string, ConversationRow>;
  readonly #conversations = new Map<string, StagedConversation>();

  /** `heads` is kept from batch to batch; it must hold nothing that is not in the store or staged here. */
  constructor(store: HistoryStore, heads: LRUCache<string, ConversationRow>) {
    this.#store = store;
    this.#heads = heads;
  }

  /** The conversation where it needs no look into the store. */
  known(key: string): StagedConversation | undefined {
    const staged = this.#conversations.get(key);
    if (staged !== undefined) return staged;
    const row = this.#heads.get(key);
    return row === undefined ? undefined : this.#stage(key, row);
  }

  async load(key: string, app: string, conversation: string): Promise<StagedConversation> {
    return this.#stage(key, (await this.#store.conversation(app, conversation)) ?? emptyConversation(app, conversation));
  }

  changes(): StagedChanges {
    const changes = { conversations: [], emptied: [], members: [], memberships: [], departures: [] };
    for (const staged of this.#conversations.values()) staged.collect(changes);
    return changes;
  }

  /** To be called once the batch is in the store. */
  keep(): void {
    for (const [key, { row }] of this.#conversations) this.#heads.set(key, row);
  }

  #stage(key: string, row: ConversationRow): StagedConversation {
    const staged = new StagedConversation(this.#store, row);
    this.#conversations.set(key, staged);
    return staged;
  }
}
