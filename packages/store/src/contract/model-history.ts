import { expect } from '@jest/globals';
import { compareKeys } from '../detail-range.js';
import type { ConversationRow, DetailRow, EventRow, HistoryAmendment, HistoryStore } from '../history-store.js';

/** What a store must read like: the newest row of every key, kept in the simplest way. Of one app. */
export class ModelHistory {
  readonly #events = new Map<string, EventRow>();
  readonly #conversations = new Map<string, ConversationRow>();
  readonly #details = new Map<string, DetailRow>();

  apply({ events, conversations, details }: HistoryAmendment): void {
    for (const row of events) this.#events.set(`${row.conversation} ${row.seq}`, row);
    for (const row of conversations) this.#conversations.set(row.conversation, row);
    for (const row of details) this.#details.set(`${row.space} ${row.key}`, row);
  }

  headOf(conversation: string): number {
    return this.#conversations.get(conversation)?.headSeq ?? 0;
  }

  /** All rows, deleted details as well. */
  rows(): HistoryAmendment {
    return { events: [...this.#events.values()], conversations: [...this.#conversations.values()], details: [...this.#details.values()] };
  }

  async expectSame(store: HistoryStore, app: string): Promise<void> {
    await this.#expectConversations(store, app);
    for (const space of new Set([...this.#details.values()].map((row) => row.space))) await this.#expectSpace(store, app, space);
  }

  async #expectConversations(store: HistoryStore, app: string): Promise<void> {
    for (const [conversation, row] of this.#conversations) {
      expect(plain(await store.conversation(app, conversation))).toEqual(plain(row));
      const expected = [...this.#events.values()].filter((event) => event.conversation === conversation).sort((a, b) => a.seq - b.seq);
      const forwards = await store.events(app, conversation, { from: 1, limit: 999, backwards: false });
      expect(forwards.map(plain)).toEqual(expected.map(plain));
      const from = Math.ceil(row.headSeq / 2);
      const backwards = await store.events(app, conversation, { from, limit: 3, backwards: true });
      const below = expected.filter(({ seq }) => seq <= from).reverse();
      expect(backwards.map(plain)).toEqual(below.slice(0, 3).map(plain));
    }
    const all = (await store.allConversations({ limit: 9_999 })).filter((row) => row.app === app);
    expect(all.map(({ conversation }) => conversation).sort()).toEqual([...this.#conversations.keys()].sort());
  }

  async #expectSpace(store: HistoryStore, app: string, space: string): Promise<void> {
    const ofSpace = [...this.#details.values()].filter((row) => row.space === space);
    for (const { key, value } of ofSpace) {
      const found = await store.detail({ app, space, key });
      expect(plain({ value: found ?? new Uint8Array(0) })).toEqual(plain({ value }));
    }
    const rows = ofSpace.filter(({ value }) => value.length > 0).sort((a, b) => compareKeys(a.key, b.key));
    expect((await store.details(app, space, { limit: 999 })).map(plain)).toEqual(rows.map(plain));
    const [middle] = rows.slice(Math.floor(rows.length / 2));
    if (middle === undefined) return;
    const { key } = middle;
    const below = rows.filter((row) => compareKeys(row.key, key) <= 0).reverse();
    expect((await store.details(app, space, { from: key, limit: 2, isBackwards: true })).map(plain)).toEqual(below.slice(0, 2).map(plain));
    const prefix = key.slice(0, 2);
    const alike = rows.filter((row) => row.key.startsWith(prefix));
    expect((await store.details(app, space, { prefix, limit: 999 })).map(plain)).toEqual(alike.map(plain));
  }
}

/** A row to compare: bytes as text, whatever class they are of. */
const plain = (row: object | undefined): unknown =>
  row === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? Buffer.from(value).toString() : value]),
      );
