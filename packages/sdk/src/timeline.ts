import type { CancelTimer, Clock, Random } from '@parley/kernel';
import type { ConversationEvent, ConversationHead, HistoryPage, QueryHistoryInit, SyncInit, SyncResult } from '@parley/wire';
import { backOff, CatchUp } from './catch-up.js';
import { ParleyClientError } from './client-error.js';
import { ConversationFeed } from './conversation-feed.js';
import type { Emitter } from './emitter.js';
import type { EventDecoder, Told } from './event-decoder.js';
import type { ClientEvents } from './events.js';
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
  /** Whether conversations that are new to the client are fetched, and long holes filled, or only their heads reported. */
  readonly catchUp: 'all' | 'heads';
  readonly position: ClientPosition | undefined;
  readonly events: Emitter<ClientEvents>;
  readonly decoder: EventDecoder;
  /** Id of the user; empty before the first login. */
  self(): string;
  query(body: QueryHistoryInit): Promise<HistoryPage>;
  sync(body: SyncInit): Promise<SyncResult>;
  /** Takes what is no event of the conversation but a notice about it; false for everything else. */
  takeNotice(source: ConversationEvent): boolean;
  /** Sees every event before the application does. */
  observe(told: Told): void;
  /** A sync begins: what was told before is in its answer. */
  syncing(): void;
  /** Sees every head that sync lists, before the application does. */
  observeHead(head: ConversationHead): void;
  /** History was rebuilt and all positions are void. */
  reset(): void;
}

/** The order of all conversations: live events, own sends, sync and history flow together here. */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #catchUp: CatchUp;
  #feeds = new Map<string, ConversationFeed<Told>>();
  #timers = new Map<ConversationFeed<Told>, CancelTimer>();
  #epoch = '';
  #cursor = '';
  #safeCursor = '';
  #isOnline = false;
  #isSynced = false;
  #isSyncing = false;
  #needsSync = true;
  #isAwaitingCaughtUp = false;
  /** Changes whenever what is under way becomes void: another connection, another epoch. */
  #generation = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#catchUp = new CatchUp({ ...options, accepts: (epoch) => this.#accepts(epoch), idle: () => this.#caughtUp() });
    this.restore(options.position ?? { epoch: '', cursor: '', conversations: {} });
  }

  /** Goes on where an earlier run has stopped; before the first login. */
  restore({ epoch, cursor, conversations }: ClientPosition): void {
    this.#epoch = epoch;
    this.#cursor = cursor;
    this.#safeCursor = cursor;
    for (const [conversation, seq] of Object.entries(conversations)) this.#feed(conversation).startAfter(seq);
  }

  /** Of the history that everything here belongs to; empty before the first answer. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Where the next run may go on to sync: a cursor from behind something that was not handed on would hide it from there. */
  get cursor(): string {
    let isBehind = false;
    for (const feed of this.#feeds.values()) isBehind ||= feed.lastSeq === undefined || feed.missing !== undefined;
    if (!isBehind) this.#safeCursor = this.#cursor;
    return this.#safeCursor;
  }

  get position(): ClientPosition {
    const conversations: Record<string, number> = {};
    for (const [id, { lastSeq }] of this.#feeds) if (lastSeq !== undefined) conversations[id] = lastSeq;
    return { epoch: this.#epoch, cursor: this.cursor, conversations };
  }

  online(isComplete: boolean): void {
    this.#isOnline = true;
    this.#beginGeneration();
    if (!isComplete) this.#needsSync = true;
    if (this.#needsSync) {
      void this.#runSync();
      return;
    }
    for (const feed of this.#feeds.values()) this.#catchUp.add(feed);
    if (this.#catchUp.isIdle) this.#caughtUp();
  }

  offline(): void {
    this.#isOnline = false;
    this.#beginGeneration();
  }

  /** An event frame. */
  receive(bytes: Uint8Array): void {
    try {
      const told = this.#options.decoder.decode(bytes);
      if (told.seq === 0 && this.#options.takeNotice(told.source)) return;
      this.offer(told);
    } catch (error) {
      // It leaves a gap in the order, which is noticed and handled there.
      this.#options.events.emit('error', ParleyClientError.of('INVALID_FRAME', String(error), error));
    }
  }

  offer(told: Told): void {
    if (told.seq === 0) {
      this.#deliver(told);
      return;
    }
    const feed = this.#feed(told.conversation);
    feed.offer(told);
    if (feed.lastSeq === undefined && this.#isSynced) this.#begin(feed, told);
    this.#watch(feed);
  }

  headMoved(conversation: string, headSeq: number): void {
    const feed = this.#feed(conversation);
    feed.noteHead(headSeq);
    if (feed.lastSeq === undefined && this.#isSynced) this.#begin(feed);
    this.#watch(feed);
  }

  /** Newest seq that was heard of; 0 for a conversation that was not. */
  knownHead(conversation: string): number {
    return this.#feeds.get(conversation)?.headSeq ?? 0;
  }

  /** Newest seq that was handed on; 0 for a conversation that this client has not begun. */
  lastSeq(conversation: string): number {
    return this.#feeds.get(conversation)?.lastSeq ?? 0;
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
    this.#catchUp.drop(feed);
  }

  #feed(conversation: string): ConversationFeed<Told> {
    const known = this.#feeds.get(conversation);
    if (known !== undefined) return known;
    const feed = new ConversationFeed<Told>(conversation, this.#options.limits.heldMax, (told) => this.#deliver(told));
    this.#feeds.set(conversation, feed);
    return feed;
  }

  #deliver(told: Told): void {
    const { events, observe } = this.#options;
    const { event } = told;
    observe(told);
    events.emit('event', event);
    events.emit(event.type, event);
  }

  /** Decides where a conversation begins that sync did not list. */
  #begin(feed: ConversationFeed<Told>, told?: Told): void {
    // Entering a room tells where it begins; without that it begins with the first event that is seen. What is
    // reordered gets a moment to arrive.
    if (isRoom(feed.conversation) || this.#options.catchUp === 'heads') return;
    const { event } = told ?? {};
    const hasJoined = event?.type === 'membership' && event.joined.includes(this.#options.self());
    feed.startAfter(hasJoined ? event.seq - 1 : 0);
  }

  /** Gives what is missing a moment to arrive by itself, then fetches it. */
  #watch(feed: ConversationFeed<Told>): void {
    const isWaiting = feed.lastSeq === undefined ? this.#isSynced : feed.missing !== undefined;
    if (!isWaiting || this.#timers.has(feed) || this.#catchUp.has(feed)) return;
    const { clock, limits } = this.#options;
    const cancel = clock.setTimer(limits.gapHoldMs, () => {
      this.#timers.delete(feed);
      feed.startAfter(feed.lowestHeldSeq === undefined ? feed.headSeq : feed.lowestHeldSeq - 1);
      this.#catchUp.add(feed);
    });
    this.#timers.set(feed, cancel);
  }

  #beginGeneration(): void {
    this.#generation++;
    this.#isSyncing = false;
    this.#catchUp.stop();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
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
        await backOff(this.#options, failures++, error.retryAfterMs);
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
    this.#options.syncing();
    do {
      const result = await this.#options.sync({ cursor: this.#cursor, page });
      if (generation !== this.#generation || !this.#accepts(result.epoch)) return;
      for (const head of result.conversations) this.#listed(head);
      page = result.nextPage;
      if (page === '') this.#cursor = result.cursor;
    } while (page !== '');
  }

  #listed(head: ConversationHead): void {
    const { conversation, headSeq } = head;
    // The server lists rooms that the user is in by its account, also those that were just left here. Where a room
    // begins, entering it tells.
    if (isRoom(conversation) && this.#feeds.get(conversation)?.lastSeq === undefined) return;
    const feed = this.#feed(conversation);
    feed.startAfter(this.#startOf(feed, head));
    feed.noteHead(headSeq);
    this.#options.observeHead(head);
    this.#options.events.emit('conversation', head);
  }

  /** With `heads` a conversation begins behind its head, but not behind what has arrived live meanwhile. */
  #startOf(feed: ConversationFeed<Told>, head: ConversationHead): number {
    if (this.#options.catchUp === 'all') return Math.max(0, head.firstSeq - 1);
    return Math.min(head.headSeq, (feed.lowestHeldSeq ?? head.headSeq + 1) - 1);
  }

  #synced(): void {
    this.#isSynced = true;
    this.#isAwaitingCaughtUp = true;
    for (const feed of [...this.#feeds.values()]) {
      if (feed.lastSeq === undefined) this.#begin(feed);
      if (feed.lastSeq === undefined) this.#watch(feed);
      else this.#catchUp.add(feed);
    }
    if (this.#catchUp.isIdle) this.#caughtUp();
  }

  #caughtUp(): void {
    if (!this.#isAwaitingCaughtUp) return;
    this.#isAwaitingCaughtUp = false;
    this.#options.events.emit('caughtUp', { conversations: this.#feeds.size });
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
}

const isRoom = (conversation: string): boolean => conversation.startsWith('r:');
