import { backoffMs, type Clock, type Random } from '@parley/kernel';
import type { HistoryPage, QueryHistoryInit } from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import type { ConversationFeed, MissingRange, SkippedRange } from './conversation-feed.js';
import type { Emitter } from './emitter.js';
import type { EventDecoder, Told } from './event-decoder.js';
import type { ClientEvents } from './events.js';
import type { SdkLimits } from './limits.js';

export interface CatchUpOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  readonly events: Emitter<ClientEvents>;
  readonly decoder: EventDecoder;
  readonly catchUp: 'all' | 'heads';
  query(body: QueryHistoryInit): Promise<HistoryPage>;
  /** False when the epoch is another one; then `stop` has been called. */
  accepts(epoch: string): boolean;
  /** Nothing is left to fetch. */
  idle(): void;
}

const pageMax = 100;

/** Fetches what feeds miss, a few at a time, until they have it or know that it is not to be had. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #queue = new Set<ConversationFeed<Told>>();
  readonly #active = new Set<ConversationFeed<Told>>();
  /** Changes with every stop: what was under way before is void. */
  #generation = 0;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  has(feed: ConversationFeed<Told>): boolean {
    return this.#queue.has(feed) || this.#active.has(feed);
  }

  add(feed: ConversationFeed<Told>): void {
    if (feed.missing === undefined || this.#active.has(feed)) return;
    this.#queue.add(feed);
    this.#work();
  }

  /** Gives up one feed: what is still under way for it is thrown away. */
  drop(feed: ConversationFeed<Told>): void {
    this.#queue.delete(feed);
    this.#active.delete(feed);
  }

  stop(): void {
    this.#generation++;
    this.#queue.clear();
    this.#active.clear();
  }

  get isIdle(): boolean {
    return this.#queue.size === 0 && this.#active.size === 0;
  }

  #work(): void {
    for (const feed of this.#queue) {
      if (this.#active.size >= this.#options.limits.catchUpParallel) return;
      this.#queue.delete(feed);
      this.#active.add(feed);
      void this.#catchUp(feed, this.#generation);
    }
  }

  async #catchUp(feed: ConversationFeed<Told>, generation: number): Promise<void> {
    const isWanted = (): boolean => generation === this.#generation && this.#active.has(feed);
    let failures = 0;
    for (let missing = feed.missing; missing !== undefined; missing = feed.missing) {
      const isForward = await this.#fetch(feed, missing, isWanted);
      if (!isWanted()) break;
      failures = isForward ? 0 : failures + 1;
      if (!isForward) await backOff(this.#options, failures - 1);
      if (!isWanted()) break;
    }
    if (generation !== this.#generation) return;
    this.#active.delete(feed);
    this.#work();
    if (this.isIdle) this.#options.idle();
  }

  /** Fetches one page of what is missing. False when it must be tried again later. */
  async #fetch(feed: ConversationFeed<Told>, missing: MissingRange, isWanted: () => boolean): Promise<boolean> {
    const { limits, query, accepts, catchUp } = this.#options;
    const { conversation } = feed;
    const fromSeq = Math.max(missing.fromSeq, missing.headSeq - limits.catchUpMax + 1);
    if (catchUp === 'heads' && fromSeq > missing.fromSeq) {
      const asked = { firstSeq: 0, askedFrom: missing.headSeq + 1 };
      feed.fill([], missing.headSeq, (range) => this.#reportHole(conversation, range, asked));
      return true;
    }
    try {
      const limit = Math.min(pageMax, limits.catchUpMax);
      const page = await query({ conversation, fromSeq, limit, atLeastSeq: missing.headSeq });
      if (!isWanted() || !accepts(page.epoch)) return true;
      return this.#apply(feed, page, fromSeq);
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      if (!isWanted()) return true;
      if (error.retryable) return false;
      feed.fill([], missing.headSeq, (range) => this.#options.events.emit('gap', { conversation, ...range, reason: 'refused', error }));
      return true;
    }
  }

  /** True when the page brought the conversation forward. */
  #apply(feed: ConversationFeed<Told>, page: HistoryPage, askedFrom: number): boolean {
    const before = feed.lastSeq ?? 0;
    const events = this.#decode(page);
    const lastSeq = events[events.length - 1]?.seq ?? 0;
    // One event that cannot be read must not stop the conversation for ever.
    const readTo = events.length < page.events.length ? Math.max(lastSeq, askedFrom) : lastSeq;
    const coveredSeq = page.hasMore ? readTo : Math.max(readTo, page.headSeq);
    feed.fill(events, coveredSeq, (range) => this.#reportHole(feed.conversation, range, { firstSeq: page.firstSeq, askedFrom }));
    return (feed.lastSeq ?? 0) > before;
  }

  /** What lies before the first seq that the user may see is not missed, and what was not asked for may be had later. */
  #reportHole(conversation: string, range: SkippedRange, page: { readonly firstSeq: number; readonly askedFrom: number }): void {
    const { events } = this.#options;
    const fromSeq = Math.max(range.fromSeq, page.firstSeq);
    const unaskedTo = Math.min(range.toSeq, page.askedFrom - 1);
    if (fromSeq <= unaskedTo) events.emit('gap', { conversation, fromSeq, toSeq: unaskedTo, reason: 'catch-up-limit' });
    const restFrom = Math.max(fromSeq, unaskedTo + 1);
    if (restFrom <= range.toSeq) events.emit('gap', { conversation, fromSeq: restFrom, toSeq: range.toSeq, reason: 'unavailable' });
  }

  #decode(page: HistoryPage): readonly Told[] {
    return this.#options.decoder.decodePage(page, (error) =>
      this.#options.events.emit('error', ParleyClientError.of('INVALID_FRAME', String(error), error)),
    );
  }
}

/** Waits before a repetition, as long as the server asked for at least. */
export function backOff(
  { clock, random, limits }: Pick<CatchUpOptions, 'clock' | 'random' | 'limits'>,
  failures: number,
  atLeastMs = 0,
): Promise<void> {
  const policy = { firstMs: limits.retryFirstMs, longestMs: limits.retryLongestMs };
  return new Promise((resolve) => {
    clock.setTimer(Math.max(atLeastMs, backoffMs(policy, failures, random)), resolve);
  });
}
