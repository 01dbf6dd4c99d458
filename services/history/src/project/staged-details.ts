import type { DetailKey, DetailRow, HistoryStore } from '@parley/store';
import { historyLimits } from '../limits.js';
import { behind, searchSpacePrefix } from '../rows/detail-keys.js';

/** Rows of details as a batch leaves them. */
export class StagedDetails {
  readonly #store: HistoryStore;
  /** Whether messages are rewritten, so that what search knows of them no longer holds. */
  hasSearchRows = false;
  /** What was read of the store, which nothing else writes to until the batch is applied. */
  readonly #read = new Map<string, Promise<Uint8Array | undefined>>();
  /** By app and space, then by key. */
  readonly #spaces = new Map<string, Map<string, DetailRow>>();

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  put(row: DetailRow): void {
    if (row.space.startsWith(searchSpacePrefix)) this.hasSearchRows = true;
    const id = spaceId(row);
    const rows = this.#spaces.get(id);
    if (rows === undefined) this.#spaces.set(id, new Map([[row.key, row]]));
    else {
      // Behind all others: where a store cannot write a space at once, it is cut off in the order of what happened.
      rows.delete(row.key);
      rows.set(row.key, row);
    }
  }

  async get(key: DetailKey): Promise<Uint8Array | undefined> {
    const staged = this.#spaces.get(spaceId(key))?.get(key.key)?.value;
    if (staged === undefined) return this.stored(key);
    return staged.length === 0 ? undefined : staged;
  }

  /** As it was before the batch. */
  stored(key: DetailKey): Promise<Uint8Array | undefined> {
    const id = `${spaceId(key)} ${key.key}`;
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const reading = this.#store.detail(key);
    this.#read.set(id, reading);
    return reading;
  }

  /** Keys of a space that begin so, in no order. */
  async *keys(app: string, space: string, prefix: string): AsyncGenerator<string> {
    const staged = new Map(this.#spaces.get(spaceId({ app, space, key: '' })));
    for (const { key, value } of staged.values()) if (key.startsWith(prefix) && value.length > 0) yield key;
    const limit = historyLimits.detailPage;
    for (let from = prefix, isLast = false; !isLast; ) {
      const page = await this.#store.details(app, space, { prefix, from, limit });
      for (const { key } of page) if (!staged.has(key)) yield key;
      from = behind(page.at(-1)?.key ?? '');
      isLast = page.length < limit;
    }
  }

  *rows(): Generator<DetailRow> {
    for (const rows of this.#spaces.values()) yield* rows.values();
  }
}

const spaceId = ({ app, space }: DetailKey): string => `${app}/${space}`;
