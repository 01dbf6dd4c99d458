import type { ConversationRow, HistoryStore, MemberRow } from '@parley/store';
import type { LRUCache } from 'lru-cache';
import { emptyConversation } from '../empty-conversation.js';

/** Rows as they stand while a batch is built: from the batch, from memory, from the store. */
export class StagedRows {
  readonly #store: HistoryStore;
  readonly #heads: LRUCache<string, ConversationRow>;
  readonly #conversations = new Map<string, ConversationRow>();
  readonly #members = new Map<string, MemberRow>();

  /** `heads` is kept from batch to batch; it must hold nothing that is not in the store or staged here. */
  constructor(store: HistoryStore, heads: LRUCache<string, ConversationRow>) {
    this.#store = store;
    this.#heads = heads;
  }

  async conversation(app: string, conversation: string): Promise<ConversationRow> {
    const key = `${app}/${conversation}`;
    const known = this.#conversations.get(key) ?? this.#heads.get(key) ?? (await this.#store.conversation(app, conversation));
    return known ?? emptyConversation(app, conversation);
  }

  /** The row where it needs no look into the store. */
  knownConversation(key: string): ConversationRow | undefined {
    return this.#conversations.get(key) ?? this.#heads.get(key);
  }

  putConversation(row: ConversationRow): void {
    this.#conversations.set(`${row.app}/${row.conversation}`, row);
  }

  async member(app: string, conversation: string, user: string): Promise<MemberRow> {
    const known = this.#members.get(memberKey(app, conversation, user)) ?? (await this.#store.member(app, conversation, user));
    return known ?? { app, conversation, user, version: 0, spans: [] };
  }

  putMember(row: MemberRow): void {
    this.#members.set(memberKey(row.app, row.conversation, row.user), row);
  }

  /** Members that this batch has touched. */
  stagedMembersOf(app: string, conversation: string): readonly MemberRow[] {
    return [...this.#members.values()].filter((row) => row.app === app && row.conversation === conversation);
  }

  get conversations(): readonly ConversationRow[] {
    return [...this.#conversations.values()];
  }

  get members(): readonly MemberRow[] {
    return [...this.#members.values()];
  }

  /** To be called once the batch is in the store. */
  keep(): void {
    for (const [key, row] of this.#conversations) this.#heads.set(key, row);
  }
}

const memberKey = (app: string, conversation: string, user: string): string => `${app}/${conversation}/${user}`;
