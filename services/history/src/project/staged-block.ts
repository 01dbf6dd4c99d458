import { decodeBlockMark, decodeMessageRow, encodeBlockMark, encodeMessageRow, type MessageRow } from '@parley/contracts/history-rows';
import { createMessageState, type MessageState } from '@parley/wire';
import { blockMarkKey, blockSpace, stateKey } from '../rows/detail-keys.js';
import type { StagedDetails } from './staged-details.js';
import type { ProjectionCache } from './projection-cache.js';

const nothing: MessageRow = { state: undefined, marked: [] };

/**
 * What messages of one block have become, as a batch leaves it. The store writes the rows of a block at once, or the mark
 * last, so that it says for all of them up to where they are true. What is in a row without the mark is folded again, to the same.
 */
export class StagedBlock {
  readonly #details: StagedDetails;
  readonly #cache: ProjectionCache;
  readonly #app: string;
  readonly #space: string;
  readonly #key: string;
  readonly #cacheKey: string;
  readonly #rows = new Map<number, MessageRow>();
  readonly #storedAsOf: number;
  #asOf: number;

  private constructor(place: BlockPlace, asOf: number) {
    const { key, app, conversation, block } = place;
    this.#details = place.details;
    this.#cache = place.cache;
    this.#app = app;
    this.#space = blockSpace(conversation, block);
    this.#key = key;
    this.#cacheKey = `${key}/${block}`;
    this.#storedAsOf = asOf;
    this.#asOf = asOf;
  }

  static async open(place: BlockPlace): Promise<StagedBlock> {
    const { details, cache, key, app, conversation, block } = place;
    const known = cache.blocks.get(`${key}/${block}`);
    if (known !== undefined) return new StagedBlock(place, known);
    const mark = await details.stored({ app, space: blockSpace(conversation, block), key: blockMarkKey });
    return new StagedBlock(place, mark === undefined ? 0 : decodeBlockMark(mark).asOf);
  }

  /** Whether the record at this offset is in the block already. */
  isKnown(offset: number): boolean {
    return offset < this.#storedAsOf;
  }

  async message(seq: number): Promise<MessageRow> {
    const held = this.#rows.get(seq) ?? this.#cache.messages.get(`${this.#key}/${seq}`);
    if (held !== undefined) return held;
    const value = await this.#details.stored({ app: this.#app, space: this.#space, key: stateKey(seq) });
    const row = value === undefined ? nothing : decodeMessageRow(value);
    this.#rows.set(seq, row);
    return row;
  }

  putMessage(seq: number, row: MessageRow, offset: number): void {
    this.#rows.set(seq, row);
    this.put(stateKey(seq), encodeMessageRow(row), offset);
  }

  /** Puts another row of the block; an empty value takes it away. */
  put(key: string, value: Uint8Array, offset: number): void {
    this.#details.put({ app: this.#app, space: this.#space, key, value });
    this.#asOf = Math.max(this.#asOf, offset + 1);
  }

  /** Puts the mark behind all other rows: a store that cannot take them at once writes it last. */
  settle(): void {
    if (this.#asOf === this.#storedAsOf) return;
    this.#details.put({ app: this.#app, space: this.#space, key: blockMarkKey, value: encodeBlockMark({ asOf: this.#asOf }) });
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#details.get({ app: this.#app, space: this.#space, key });
  }

  /** Keys of rows that begin so, as the batch leaves them. */
  keysOf(prefix: string): AsyncGenerator<string> {
    return this.#details.keys(this.#app, this.#space, prefix);
  }

  /** To be called once the batch is in the store. */
  keep(): void {
    this.#cache.blocks.set(this.#cacheKey, this.#asOf);
    for (const [seq, row] of this.#rows) if (row !== nothing) this.#cache.messages.set(`${this.#key}/${seq}`, row);
  }
}

export interface BlockPlace {
  readonly details: StagedDetails;
  readonly cache: ProjectionCache;
  /** Of the conversation in the cache. */
  readonly key: string;
  readonly app: string;
  readonly conversation: string;
  readonly block: number;
}

/** The row after its state was folded on; the same row where nothing changes. */
export function withState(row: MessageRow, seq: number, fold: (state: MessageState) => MessageState): MessageRow {
  const before = row.state ?? createMessageState({ seq });
  const after = fold(before);
  return after === before ? row : { ...row, state: after };
}
