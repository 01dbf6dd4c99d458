import type { ConversationKey, ConversationRow, DetailRow, EventRow, HistoryStore, MemberRow, UserConversation } from '@parley/store';
import { emptyConversation, hold, type HeldConversation } from '../rows/held-conversation.js';
import { cacheKey, type ProjectionCache } from './projection-cache.js';
import { StagedConversation } from './staged-conversation.js';
import { StagedDetails } from './staged-details.js';

/** The rows that staged conversations lead to, as a batch of the store wants them. */
export interface StagedChanges {
  readonly conversations: readonly ConversationRow[];
  readonly events: readonly EventRow[];
  readonly emptied: readonly ConversationKey[];
  readonly members: readonly MemberRow[];
  readonly memberships: readonly UserConversation[];
  readonly departures: readonly UserConversation[];
  readonly details: readonly DetailRow[];
}

/** Rows as they stand while a batch is built: from the batch, from memory, from the store. */
export class StagedRows {
  readonly details: StagedDetails;
  readonly #store: HistoryStore;
  readonly #cache: ProjectionCache;
  readonly #conversations = new Map<string, StagedConversation>();
  readonly #loading = new Map<string, Promise<StagedConversation>>();

  /** The cache is kept from batch to batch; it must hold nothing that is not in the store or staged here. */
  constructor(store: HistoryStore, cache: ProjectionCache) {
    this.#store = store;
    this.#cache = cache;
    this.details = new StagedDetails(store);
  }

  /** The conversation where it needs no look into the store. */
  known(app: string, conversation: string): StagedConversation | undefined {
    const key = cacheKey(app, conversation);
    const staged = this.#conversations.get(key);
    if (staged !== undefined) return staged;
    const held = this.#cache.conversations.get(key);
    return held === undefined ? undefined : this.#stage(key, held);
  }

  /** The conversation, read once however many ask for it. */
  load(app: string, conversation: string): Promise<StagedConversation> {
    const key = cacheKey(app, conversation);
    const known = this.#loading.get(key);
    if (known !== undefined) return known;
    const loading = this.#load(app, conversation);
    this.#loading.set(key, loading);
    return loading;
  }

  async #load(app: string, conversation: string): Promise<StagedConversation> {
    const row = (await this.#store.conversation(app, conversation)) ?? emptyConversation(app, conversation);
    return this.known(app, conversation) ?? this.#stage(cacheKey(app, conversation), hold(row));
  }

  changes(): StagedChanges {
    const changes = { conversations: [], events: [], emptied: [], members: [], memberships: [], departures: [], details: [] };
    for (const staged of this.#conversations.values()) staged.collect(changes);
    return { ...changes, details: [...changes.details, ...this.details.rows()] };
  }

  /** To be called once the batch is in the store. */
  keep(): void {
    for (const staged of this.#conversations.values()) staged.keep();
  }

  #stage(key: string, held: HeldConversation): StagedConversation {
    const staged = new StagedConversation({ store: this.#store, cache: this.#cache, details: this.details }, key, held);
    this.#conversations.set(key, staged);
    return staged;
  }
}
