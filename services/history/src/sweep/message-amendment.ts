import { decodeMessageRow, decodeReactionRow, encodeMessageRow } from '@parley/contracts/history-rows';
import { emptyBytes } from '@parley/kernel';
import type { DetailKey, DetailRow, EventRow, HistoryStore } from '@parley/store';
import { decodeConversationEvent, encodeConversationEvent, type MessageState } from '@parley/wire';
import { historyLimits } from '../limits.js';
import type { Amendment } from '../project/partition-projector.js';
import {
  behind,
  blockOf,
  blockSpace,
  ownReactionKey,
  ownReactionsPrefix,
  fromSortable,
  reactionKey,
  reactionsPrefix,
  searchSpace,
  sortable,
  stateKey,
} from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { erasedEvent } from '../view/erased-event.js';

/** Collects what is taken out of one conversation, to be written at once; made while nothing else writes to it. */
export class MessageAmendment {
  readonly #store: HistoryStore;
  readonly #app: string;
  readonly #conversation: string;
  readonly #events: EventRow[] = [];
  readonly #details: DetailRow[] = [];
  readonly #held: HeldConversation[] = [];
  readonly #states = new Map<number, MessageState>();

  constructor(store: HistoryStore, { row }: HeldConversation) {
    this.#store = store;
    this.#app = row.app;
    this.#conversation = row.conversation;
  }

  put(row: DetailRow): void {
    this.#details.push(row);
  }

  putConversation(held: HeldConversation): void {
    this.#held.push(held);
  }

  /** Takes the words out of an event; the block's filter goes with them. */
  redact(row: EventRow): void {
    this.#events.push({ ...row, event: encodeConversationEvent(erasedEvent(decodeConversationEvent(row.event))) });
    this.dropFilter(blockOf(row.seq));
  }

  dropFilter(block: number): void {
    this.#drop({ app: this.#app, space: searchSpace(this.#conversation), key: sortable(block) });
  }

  /** What a message has become, as this amendment leaves it. */
  async state(seq: number): Promise<MessageState | undefined> {
    const amended = this.#states.get(seq);
    if (amended !== undefined) return amended;
    const value = await this.#store.detail({ app: this.#app, space: this.#spaceOf(seq), key: stateKey(seq) });
    return value === undefined ? undefined : decodeMessageRow(value).state;
  }

  putState(state: MessageState): void {
    this.#states.set(state.seq, state);
    const value = encodeMessageRow({ state, marked: [] });
    this.#details.push({ app: this.#app, space: this.#spaceOf(state.seq), key: stateKey(state.seq), value });
  }

  /** Takes away who reacted to a message. */
  async dropReactionsTo(seq: number): Promise<void> {
    const space = this.#spaceOf(seq);
    for await (const { key, value } of this.#rowsOf(space, reactionsPrefix(seq))) {
      const { user, reaction } = decodeReactionRow(value);
      this.#drop({ app: this.#app, space, key });
      this.#drop({ app: this.#app, space, key: ownReactionKey(user, seq, reaction) });
    }
  }

  /** Takes away a user's reactions to messages of a block, up to an event; answers which, by message. */
  async dropReactionsOf(user: string, block: number, belowSeq: number): Promise<ReadonlyMap<number, readonly string[]>> {
    const dropped = new Map<number, string[]>();
    const space = blockSpace(this.#conversation, block);
    const prefix = ownReactionsPrefix(user);
    for await (const { key, value } of this.#rowsOf(space, prefix)) {
      const row = decodeReactionRow(value);
      if (row.seq >= belowSeq) continue;
      const seq = fromSortable(key.slice(prefix.length).split('/')[0] ?? '');
      dropped.set(seq, [...(dropped.get(seq) ?? []), row.reaction]);
      this.#drop({ app: this.#app, space, key });
      this.#drop({ app: this.#app, space, key: reactionKey(seq, row.seq) });
    }
    return dropped;
  }

  /** Drops every row of a space, at most so many; answers whether none is left. */
  async dropSpace(space: string): Promise<boolean> {
    const rows = await this.#store.details(this.#app, space, { limit: historyLimits.detailPage });
    for (const row of rows) this.#drop(row);
    return rows.length < historyLimits.detailPage;
  }

  build(): Amendment {
    const details = new Map(this.#details.map((row) => [`${row.app} ${row.space} ${row.key}`, row]));
    return { events: this.#events, conversations: [], details: [...details.values()], held: this.#held };
  }

  #drop({ app, space, key }: DetailKey): void {
    this.#details.push({ app, space, key, value: emptyBytes });
  }

  async *#rowsOf(space: string, prefix: string): AsyncGenerator<DetailRow> {
    const limit = historyLimits.detailPage;
    for (let from = prefix; ; ) {
      const page = await this.#store.details(this.#app, space, { prefix, from, limit });
      yield* page;
      if (page.length < limit) return;
      from = behind(page.at(-1)?.key ?? '');
    }
  }

  #spaceOf(seq: number): string {
    return blockSpace(this.#conversation, blockOf(seq));
  }
}
