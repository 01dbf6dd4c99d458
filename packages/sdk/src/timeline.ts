import { backoffMs, type CancelTimer, type Clock, type Random } from '@parley/kernel';
import type { ConversationHead, HistoryPage, QueryHistoryInit, SyncInit, SyncResult } from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import { ConversationFeed, type MissingRange } from './conversation-feed.js';
import type { Emitter } from './emitter.js';
import { decodeTimelineEvent } from './event-decoder.js';
import type { ClientEvents, Gap, TimelineEvent } from './events.js';
import type { SdkLimits } from './limits.js';

/** What a client needs to go on where it stopped, across restarts of the application. Plain JSON. */
export interface ClientPosition {
  readonly epoch: string;
  readonly cursor: string;
  /** Last seq that was handed on, per conversation. */
  readonly conversations: Readonly<Record<string, number>>;
}

export interface TimelineOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  /** Whether conversations that are new to the client are fetched, or only their heads reported. */
  readonly catchUp: 'all' | 'heads';
  readonly position: ClientPosition | undefined;
  readonly events: Emitter<ClientEvents>;
  /** Id of the user; empty before the first login. */
  self(): string;
  query(body: QueryHistoryInit): Promise<HistoryPage>;
  sync(body: SyncInit): Promise<SyncResult>;
  /** Sees every event before the application does. */
  observe(event: TimelineEvent): void;
  /** History was rebuilt and all positions are void. */
  reset(): void;
}

/** The order of all conversations: live events, own sends, sync and history flow together here. */
export class Timeline {
  readonly #options: TimelineOptions;
  #feeds = new Map<string, ConversationFeed>();
  #timers = new Map<ConversationFeed, CancelTimer>();
  #queue = new Set<ConversationFeed>();
  #active = new Set<ConversationFeed>();
  #epoch: string;
  #cursor: string;
  #safeCursor: string;
  #isOnline = false;
  #isSynced = false;
  #isSyncing = false;
  #needsSync = true;
  #isAwaitingCaughtUp = false;
  /** Changes whenever what is under way becomes void: another connection, another epoch. */
  #generation = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    const { epoch = '', cursor = '', conversations = {} } = options.position ?? {};
    this.#epoch = epoch;
    this.#cursor = cursor;
    this.#safeCursor = cursor;
    for (const [conversation, seq] of Object.entries(conversations)) this.#feed(conversation).startAfter(seq);
  }

  get position(): ClientPosition {
    const conversations: Record<string, number> = {};
    for (const [id, feed] of this.#feeds) if (feed.lastSeq !== undefined) conversations[id] = feed.lastSeq;
    return { epoch: this.#epoch, cursor: this.#safeCursor, conversations };
  }

  online(isComplete: boolean): void {
    this.#isOnline = true;
    this.#beginGeneration();
    if (!isComplete) this.#needsSync = true;
    if (this.#needsSync) void this.#runSync();
    else for (const feed of this.#feeds.values()) this.#enqueue(feed);
  }

  offline(): void {
    this.#isOnline = false;
    this.#beginGeneration();
  }

  /** An event frame. */
  receive(bytes: Uint8Array): void {
    try {
      this.offer(decodeTimelineEvent(bytes, this.#options.self()));
    } catch (error) {
      // It leaves a gap in the order, which is noticed and handled there.
      this.#options.events.emit('error', ParleyClientError.of('INVALID_FRAME', String(error), error));
    }
  }

  offer(event: TimelineEvent): void {
    if (event.seq === 0) {
      this.#deliver(event);
      return;
    }
    const feed = this.#feed(event.conversation);
    feed.offer(event);
    if (feed.lastSeq === undefined && this.#isSynced) this.#begin(feed, event);
    this.#watch(feed);
  }

  headMoved(conversation: string, headSeq: number): void {
    const feed = this.#feed(conversation);
    feed.noteHead(headSeq);
    if (feed.lastSeq === undefined && this.#isSynced) this.#begin(feed);
    this.#watch(feed);
  }

  needSync(): void {
    this.#needsSync = true;
    if (this.#isOnline) void this.#runSync();
  }

  /** The client begins to see the conversation behind `headSeq`, or, having seen it before, learns its head. */
  enter(conversation: string, headSeq: number): void {
    const feed = this.#feed(conversation);
    feed.startAfter(headSeq);
    feed.noteHead(headSeq);
    this.#watch(feed);
  }

  forget(conversation: string): void {
    const feed = this.#feeds.get(conversation);
    if (feed === undefined) return;
    this.#feeds.delete(conversation);
    this.#timers.get(feed)?.();
    this.#timers.delete(feed);
    this.#queue.delete(feed);
  }

  #feed(conversation: string): ConversationFeed {
    const known = this.#feeds.get(conversation);
    if (known !== undefined) return known;
    const feed = new ConversationFeed(conversation, this.#options.limits.heldMax, (event) => this.#deliver(event));
    this.#feeds.set(conversation, feed);
    return feed;
  }

  #deliver(event: TimelineEvent): void {
    const { events, observe } = this.#options;
    observe(event);
    events.emit('event', event);
    if (event.type === 'message') events.emit('message', event);
    if (event.type === 'membership') events.emit('membership', event);
  }

  /** Decides where a conversation begins that sync did not list. */
  #begin(feed: ConversationFeed, event?: TimelineEvent): void {
    const isRoom = feed.conversation.startsWith('r:');
    // Entering a room tells where it begins; without that it begins with the first event that is seen. What is
    // reordered gets a moment to arrive.
    if (isRoom || this.#options.catchUp === 'heads') return;
    const hasJoined = event?.type === 'membership' && event.joined.includes(this.#options.self());
    feed.startAfter(hasJoined ? event.seq - 1 : 0);
  }

  /** Gives what is missing a moment to arrive by itself, then fetches it. */
  #watch(feed: ConversationFeed): void {
    const isWaiting = feed.lastSeq === undefined ? this.#isSynced : feed.missing !== undefined;
    if (!isWaiting || this.#timers.has(feed) || this.#queue.has(feed) || this.#active.has(feed)) return;
    const { clock, limits } = this.#options;
    const cancel = clock.setTimer(limits.gapHoldMs, () => {
      this.#timers.delete(feed);
      feed.startAfter(feed.lowestHeldSeq === undefined ? feed.headSeq : feed.lowestHeldSeq - 1);
      this.#enqueue(feed);
    });
    this.#timers.set(feed, cancel);
  }

  #beginGeneration(): void {
    this.#generation++;
    this.#isSyncing = false;
    this.#queue.clear();
    this.#active.clear();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #enqueue(feed: ConversationFeed): void {
    if (!this.#isOnline || feed.missing === undefined || this.#active.has(feed)) return;
    this.#queue.add(feed);
    this.#work();
  }

  #work(): void {
    for (const feed of this.#queue) {
      if (this.#active.size >= this.#options.limits.catchUpParallel) return;
      this.#queue.delete(feed);
      this.#active.add(feed);
      void this.#catchUp(feed, this.#generation);
    }
    if (!this.#isAwaitingCaughtUp || this.#active.size > 0) return;
    this.#isAwaitingCaughtUp = false;
    this.#safeCursor = this.#cursor;
    this.#options.events.emit('caughtUp', { conversations: this.#feeds.size });
  }

  async #catchUp(feed: ConversationFeed, generation: number): Promise<void> {
    let failures = 0;
    for (let missing = feed.missing; missing !== undefined; missing = feed.missing) {
      const isDone = await this.#fetch(feed, missing, generation);
      if (generation !== this.#generation) return;
      if (this.#feeds.get(feed.conversation) !== feed) break;
      failures = isDone ? 0 : failures + 1;
      if (!isDone) await this.#backOff(failures - 1);
      if (generation !== this.#generation) return;
    }
    this.#active.delete(feed);
    this.#work();
  }

  /** Fetches one page of what is missing. False when it must be tried again later. */
  async #fetch(feed: ConversationFeed, missing: MissingRange, generation: number): Promise<boolean> {
    const { limits, query } = this.#options;
    const { conversation } = feed;
    const fromSeq = Math.max(missing.fromSeq, missing.headSeq - limits.catchUpMax + 1);
    try {
      const page = await query({ conversation, fromSeq, limit: Math.min(100, limits.catchUpMax), atLeastSeq: missing.headSeq });
      if (generation !== this.#generation || !this.#accepts(page.epoch)) return true;
      if (this.#feeds.get(conversation) !== feed) return true;
      return this.#apply(feed, page, fromSeq);
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      if (generation !== this.#generation) return true;
      if (error.retryable) return false;
      feed.fill([], missing.headSeq, ({ fromSeq, toSeq }) => this.#report({ conversation, fromSeq, toSeq, reason: 'refused', error }));
      return true;
    }
  }

  /** True when the page brought the conversation forward. */
  #apply(feed: ConversationFeed, page: HistoryPage, askedFrom: number): boolean {
    const before = feed.lastSeq ?? 0;
    const events = this.#decode(page);
    const lastSeq = events[events.length - 1]?.seq ?? 0;
    // One event that cannot be read must not stop the conversation for ever.
    const readTo = events.length < page.events.length ? Math.max(lastSeq, askedFrom) : lastSeq;
    const coveredSeq = page.hasMore ? readTo : Math.max(readTo, page.headSeq);
    const { conversation } = feed;
    feed.fill(events, coveredSeq, (range) => {
      // What lies before the first seq that the user may see is not missed.
      const fromSeq = Math.max(range.fromSeq, page.firstSeq);
      const split = Math.min(range.toSeq, askedFrom - 1);
      if (fromSeq <= split) this.#report({ conversation, fromSeq, toSeq: split, reason: 'catch-up-limit' });
      const restFrom = Math.max(fromSeq, split + 1);
      if (restFrom <= range.toSeq) this.#report({ conversation, fromSeq: restFrom, toSeq: range.toSeq, reason: 'unavailable' });
    });
    return (feed.lastSeq ?? 0) > before;
  }

  #decode(page: HistoryPage): readonly TimelineEvent[] {
    const events: TimelineEvent[] = [];
    for (const bytes of page.events) {
      try {
        events.push(decodeTimelineEvent(bytes, this.#options.self()));
      } catch (error) {
        this.#options.events.emit('error', ParleyClientError.of('INVALID_FRAME', String(error), error));
      }
    }
    return events;
  }

  #report(gap: Gap): void {
    this.#options.events.emit('gap', gap);
  }

  async #runSync(): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    const generation = this.#generation;
    for (let failures = 0; this.#needsSync; ) {
      this.#needsSync = false;
      try {
        await this.#syncOnce(generation);
        failures = 0;
      } catch (thrown) {
        this.#needsSync = true;
        if (generation !== this.#generation) return;
        const error = ParleyClientError.from(thrown);
        this.#options.events.emit('error', error);
        await this.#backOff(failures++, error.retryAfterMs);
      }
      if (generation !== this.#generation) {
        // It was cut short: whoever comes next has to do it again.
        this.#needsSync = true;
        return;
      }
    }
    this.#isSyncing = false;
    this.#synced();
  }

  async #syncOnce(generation: number): Promise<void> {
    let page = '';
    do {
      const result = await this.#options.sync({ cursor: this.#cursor, page });
      if (generation !== this.#generation || !this.#accepts(result.epoch)) return;
      for (const head of result.conversations) {
        const feed = this.#feed(head.conversation);
        feed.startAfter(this.#startOf(feed, head));
        feed.noteHead(head.headSeq);
        this.#options.events.emit('conversation', head);
      }
      page = result.nextPage;
      if (page === '') this.#cursor = result.cursor;
    } while (page !== '');
  }

  /** With `heads` a conversation begins behind its head, but not behind what has arrived live meanwhile. */
  #startOf(feed: ConversationFeed, head: ConversationHead): number {
    if (this.#options.catchUp === 'all') return Math.max(0, head.firstSeq - 1);
    return Math.min(head.headSeq, (feed.lowestHeldSeq ?? head.headSeq + 1) - 1);
  }

  #synced(): void {
    this.#isSynced = true;
    this.#isAwaitingCaughtUp = true;
    for (const feed of [...this.#feeds.values()]) {
      if (feed.lastSeq === undefined) this.#begin(feed);
      if (feed.lastSeq === undefined) this.#watch(feed);
      else this.#enqueue(feed);
    }
    this.#work();
  }

  /** False when the epoch is another one: then everything starts over. */
  #accepts(epoch: string): boolean {
    if (epoch === '' || epoch === this.#epoch) return true;
    const isFirst = this.#epoch === '';
    this.#epoch = epoch;
    if (isFirst) return true;
    this.#beginGeneration();
    this.#feeds = new Map();
    this.#cursor = '';
    this.#safeCursor = '';
    this.#isSynced = false;
    this.#needsSync = true;
    this.#options.events.emit('historyReset', { epoch });
    this.#options.reset();
    if (this.#isOnline) void this.#runSync();
    return false;
  }

  #backOff(failures: number, atLeastMs = 0): Promise<void> {
    const { clock, random, limits } = this.#options;
    const policy = { firstMs: limits.retryFirstMs, longestMs: limits.retryLongestMs };
    return new Promise((resolve) => {
      clock.setTimer(Math.max(atLeastMs, backoffMs(policy, failures, random)), resolve);
    });
  }
}
