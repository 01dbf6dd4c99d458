import { decodeSearchBlock, encodeSearchBlock } from '@parley/contracts/history-rows';
import type { EventRow, HistoryStore } from '@parley/store';
import { type ConversationEvent, decodeConversationEvent } from '@parley/wire';
import { blockOf, blockSeqs, searchSpace, sortable } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import type { Conversations } from '../view/conversations.js';
import type { Entitlement } from '../view/entitlement.js';
import { searchableText } from './searchable-text.js';
import { filterOf, mayHold } from './term-filter.js';
import { addTerms, termsVersion } from './terms.js';

export interface ScanDeps {
  readonly store: HistoryStore;
  readonly conversations: Conversations;
}

/** What a scan looks for. */
export interface Wanted {
  /** Terms that a block must have. */
  readonly terms: readonly string[];
  readonly isMatch: (event: ConversationEvent) => boolean;
  /** Nothing older is wanted. */
  readonly fromMs: number;
}

export interface Match {
  readonly row: EventRow;
  readonly timeMs: number;
}

/** Looks through one conversation, newest first, block by block. */
export class ConversationScan {
  readonly held: HeldConversation;
  readonly entitlement: Entitlement;
  readonly conversation: string;
  readonly #deps: ScanDeps;
  /** No message that was not looked at is younger. */
  #timeMs: number;
  #nextSeq: number;
  #matches: Match[] = [];

  constructor(deps: ScanDeps, seen: { readonly held: HeldConversation; readonly entitlement: Entitlement }, start: ScanStart) {
    this.#deps = deps;
    this.held = seen.held;
    this.entitlement = seen.entitlement;
    this.conversation = seen.held.row.conversation;
    this.#timeMs = start.timeMs;
    this.#nextSeq = start.seq;
  }

  /** When the newest message was said that was not given yet. */
  get timeMs(): number {
    return this.#matches[0]?.timeMs ?? this.#timeMs;
  }

  /** Its seq, or one above it. */
  get seq(): number {
    return this.#matches[0]?.row.seq ?? this.#nextSeq;
  }

  get isOver(): boolean {
    return this.#matches.length === 0 && this.#nextSeq < 1;
  }

  /** The newest message that was found and not given yet; undefined when there may be newer ones to look at. */
  take(): Match | undefined {
    return this.#matches.shift();
  }

  /** Looks through what is left of a block; answers how many messages that was worth. */
  async advance(wanted: Wanted): Promise<number> {
    const span = this.entitlement.spans.findLast(({ from }) => from <= this.#nextSeq);
    if (span === undefined) return this.#end();
    const to = Math.min(span.to, this.#nextSeq);
    const block = blockOf(to);
    const from = Math.max(span.from, block * blockSeqs);
    this.#nextSeq = from - 1;
    if (to < from) return 1;
    const rows = await this.#read(block, { from, to }, wanted);
    if (rows === undefined) return skippedBlockCost;
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i];
      if (row === undefined) continue;
      const event = decodeConversationEvent(row.event);
      this.#timeMs = Math.min(this.#timeMs, event.timeMs);
      if (event.timeMs < wanted.fromMs) return this.#end();
      if (wanted.isMatch(event)) this.#matches.push({ row, timeMs: event.timeMs });
    }
    return Math.max(1, rows.length);
  }

  #end(): number {
    this.#nextSeq = 0;
    return 1;
  }

  /** Undefined where the block's filter says that there is nothing. */
  async #read(
    block: number,
    range: { readonly from: number; readonly to: number },
    wanted: Wanted,
  ): Promise<readonly EventRow[] | undefined> {
    const { store, conversations } = this.#deps;
    const { app, conversation, headSeq } = this.held.row;
    const [first, last] = [Math.max(1, block * blockSeqs), (block + 1) * blockSeqs - 1];
    const readFrom = (from: number, to: number): Promise<readonly EventRow[]> =>
      store.events(app, conversation, { from, limit: to - from + 1, backwards: false });
    const within = (rows: readonly EventRow[]): readonly EventRow[] => rows.filter(({ seq }) => seq >= range.from && seq <= range.to);
    if (headSeq < last) return within(await readFrom(range.from, range.to));
    const key = { app, space: searchSpace(conversation), key: sortable(block) };
    const stored = await store.detail(key);
    const { version, filter } = stored === undefined ? { version: 0, filter: undefined } : decodeSearchBlock(stored);
    if (filter !== undefined && version === termsVersion)
      return mayHold(filter, wanted.terms) ? within(await readFrom(range.from, range.to)) : undefined;
    const projector = conversations.projectorOf(app, conversation);
    const rewrites = projector?.rewrites;
    const rows = (await readFrom(first, last)).filter(({ seq }) => seq <= last);
    const made = filterOfRows(rows);
    // What was rewritten since may have words that the filter lacks.
    await projector?.amend(async () => {
      if (projector.rewrites !== rewrites) return undefined;
      return { events: [], conversations: [], details: [{ ...key, value: encodeSearchBlock({ version: termsVersion, filter: made }) }] };
    });
    return mayHold(made, wanted.terms) ? within(rows) : undefined;
  }
}

/** What it is worth to ask a filter, in messages. */
const skippedBlockCost = 4;

export interface ScanStart {
  /** Newest seq to look at. */
  readonly seq: number;
  readonly timeMs: number;
}

function filterOfRows(rows: readonly EventRow[]): Uint8Array {
  const terms = new Set<string>();
  for (const { event } of rows) {
    const { body } = decodeConversationEvent(event);
    const text = body?.type === 'content' ? searchableText(body.value) : undefined;
    if (text !== undefined) addTerms(terms, text);
  }
  return filterOf(terms);
}
