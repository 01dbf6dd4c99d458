import type { HistoryPage, QueryHistoryInit } from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import type { EventDecoder } from './event-decoder.js';
import type { TimelineEvent } from './events.js';

export interface HistoryOptions {
  /** Where to start, included. Without it: at the newest when going backwards, else at the first. */
  readonly from?: number;
  /** Newest first; the default. */
  readonly backwards?: boolean;
  /** 1–100 events per page, 50 by default. */
  readonly limit?: number;
}

/** One page of a conversation's history, in the order asked for. */
export interface History {
  readonly events: readonly TimelineEvent[];
  /** Newest seq of the conversation. */
  readonly headSeq: number;
  /** First seq that the user may see. */
  readonly firstSeq: number;
  /** Whether there is more in the direction asked for. */
  readonly hasMore: boolean;
}

export interface HistorySource {
  query(body: QueryHistoryInit): Promise<HistoryPage>;
  readonly decoder: EventDecoder;
  /** Newest seq of the conversation that this client has heard of: the answer must not be older. */
  knownHead(conversation: string): number;
}

export async function fetchHistory(source: HistorySource, conversation: string, options: HistoryOptions): Promise<History> {
  const backwards = options.backwards ?? true;
  const fromSeq = options.from ?? (backwards ? 0 : 1);
  const known = source.knownHead(conversation);
  const atLeastSeq = backwards && fromSeq > 0 ? Math.min(fromSeq, known) : known;
  const page = await source.query({ conversation, fromSeq, backwards, limit: options.limit, atLeastSeq });
  return historyOf(source, page);
}

/** One page as applications see it. */
export function historyOf({ decoder }: HistorySource, page: HistoryPage): History {
  const events = decoder.decodePage(page, rethrow).map(({ event }) => event);
  return { events, headSeq: page.headSeq, firstSeq: page.firstSeq, hasMore: page.hasMore };
}

/** Whoever asks for a page learns that it cannot be read. */
export function rethrow(error: unknown): never {
  throw ParleyClientError.of('INVALID_FRAME', String(error), error);
}

/** Page after page. Browsers without `Symbol.asyncIterator` call `next` themselves. */
export class HistoryPages implements AsyncIterableIterator<History> {
  readonly #source: HistorySource;
  readonly #conversation: string;
  #options: HistoryOptions | undefined;

  constructor(source: HistorySource, conversation: string, options: HistoryOptions) {
    this.#source = source;
    this.#conversation = conversation;
    this.#options = options;
  }

  async next(): Promise<IteratorResult<History, undefined>> {
    const options = this.#options;
    if (options === undefined) return { done: true, value: undefined };
    const value = await fetchHistory(this.#source, this.#conversation, options);
    const last = value.events[value.events.length - 1];
    if (value.hasMore && last === undefined) throw ParleyClientError.of('INTERNAL', 'an empty page that is not the last');
    const from = last === undefined ? 0 : last.seq + ((options.backwards ?? true) ? -1 : 1);
    this.#options = value.hasMore && from > 0 ? { ...options, from } : undefined;
    return { done: false, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
