import { hiddenBySelf } from '@parley/fold';
import { type Clock, systemClock, withTimeout } from '@parley/kernel';
import { type ConversationEvent, decodeAs, encodeAs, type MessageState, messageStateSchema } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import type { Told } from '../event-decoder.js';
import type { ConversationList } from '../live/conversation-list.js';
import { asStored } from '../live/as-stored.js';
import type { KeptEvents } from '../live/covered-by.js';
import type { Unsent } from '../live/unsent.js';
import type { UploadMemory } from '../media/upload.js';
import type { OutboxStore, PendingSend } from '../outbox-store.js';
import type { KeptUpload, KeptView, LocalStore, StoreChange } from './local-store.js';
import { removedBy, scrubbed } from './scrub.js';
import { type StoreBounds, storeLimits } from './store-limits.js';

export interface KeeperOptions {
  readonly store: LocalStore;
  /** Whose store it is. */
  readonly user: string;
  readonly clock?: Clock;
  readonly bounds?: StoreBounds;
}

/** The client that a keeper works for. */
export interface KeptClient {
  readonly parts: ClientParts;
  readonly list: ConversationList;
  readonly unsent: Unsent;
  close(): void;
}

/** What is written down of a conversation's events: all from `fromSeq` to `lastSeq`. */
interface Window {
  fromSeq: number;
  lastSeq: number;
}

/**
 * Writes down what a client learns, and gives it back to the next one. Everything is written in order and at once or not at all,
 * so what is there fits together, however much of the end is missing. A store that fails is left alone.
 */
export class StoreKeeper {
  /** Resolves when what was kept has been taken over, or cannot be. Never rejects. */
  readonly ready: Promise<void>;
  /** Unanswered sends. */
  readonly outbox: OutboxStore;
  /** Uploads that have begun. */
  readonly uploads: UploadMemory;
  /** Resolves once the client was closed and the store may be opened again. Never rejects. */
  readonly ended: Promise<void>;
  readonly #uploads = new Map<string, KeptUpload>();
  /** Ids of the sends that are in the store. */
  readonly #sends = new Set<string>();
  readonly #options: KeeperOptions;
  readonly #clock: Clock;
  readonly #bounds: Required<StoreBounds>;
  readonly #opened: Promise<KeptView | undefined>;
  readonly #windows = new Map<string, Window>();
  readonly #dirty = new Set<string>();
  readonly #kept = new Set<string>();
  #parts: ClientParts | undefined;
  #list: ConversationList | undefined;
  #waiting: StoreChange[] = [];
  #isTimed = false;
  #lastOrder = 0;
  #written = '';
  #isOff = false;
  #failure: unknown;
  #hasEnded: () => void = () => {};
  #isClearing = false;
  /** When the user deleted messages for themselves, as far as what is kept knows of it; by conversation. */
  readonly #hiddenMs = new Map<string, number>();
  /** Messages that the user deleted for themselves before they were told here; by conversation. */
  readonly #hiddenAhead = new Map<string, Set<number>>();
  #rewriting: Promise<unknown> = Promise.resolve();
  /** Pages that came before the first sync. */
  readonly #early = new Map<string, KeptEvents>();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#bounds = { ...storeLimits, ...options.bounds };
    this.ended = new Promise((resolve) => {
      this.#hasEnded = resolve;
    });
    this.#opened = this.#within(options.store.open(options.user)).catch((error: unknown) => {
      this.#leave(error);
      return undefined;
    });
    this.ready = this.#opened.then((view) => this.#restore(view));
    this.outbox = {
      load: async () => ((await this.#opened)?.sends ?? []).map(({ send }) => send),
      put: (send) => (this.#isOff ? undefined : this.#putSend(send)),
      remove: (clientMsgId) => this.#removeSend(clientMsgId),
    };
    this.uploads = {
      get: (key) => this.#uploads.get(key),
      put: (upload) => {
        this.#uploads.set(upload.key, upload);
        void this.#write([{ type: 'upload', value: upload }]);
      },
      remove: (key) => {
        if (this.#uploads.delete(key)) void this.#write([{ type: 'uploaded', key }]);
      },
    };
  }

  /** Begins to work for a client. */
  attach({ parts, list, unsent, close }: KeptClient): void {
    this.#parts = parts;
    this.#list = list;
    parts.steps.on('online', () => {
      if (parts.self() === this.#options.user) return;
      // Its unsent messages would go out under another name.
      const detail = `the token is ${parts.self()}'s, the local store ${this.#options.user}'s`;
      parts.events.emit('error', ParleyClientError.of('INVALID_ARGUMENT', detail));
      parts.outbox.close();
      parts.requests.close();
      void Promise.resolve().then(close);
    });
    if (this.#failure !== undefined) this.#tell(this.#failure);
    // The outbox takes what it loads a moment later.
    void this.ready.then(() =>
      this.#clock.setTimer(0, () => {
        unsent.reload();
        list.reload();
      }),
    );
    parts.steps.on('told', (told) => this.#observe(told));
    parts.steps.on('head', ({ conversation, firstSeq, hiddenMs }) => {
      this.#takeOwnView(conversation, firstSeq, hiddenMs);
      const page = this.#early.get(conversation);
      if (page === undefined || !this.#early.delete(conversation)) return;
      this.takePage(conversation, page);
    });
    parts.steps.on('flush', () => void this.flush());
    parts.events.on('gap', ({ conversation, toSeq }) => this.#begin(conversation, toSeq + 1));
    parts.events.on('historyReset', () => this.#reset());
    list.changes.on('change', (conversation) => {
      for (const id of conversation === '' ? this.#kept : [conversation]) this.#touch(id);
    });
    parts.events.on('connection', ({ state }) => {
      if (state === 'closed') void this.#end();
    });
  }

  /** Kept events of a conversation; undefined where there are none. Never rejects. */
  async events(conversation: string): Promise<KeptEvents | undefined> {
    await this.ready;
    const flushed = this.flush();
    const window = { ...(this.#windows.get(conversation) ?? { fromSeq: 1, lastSeq: 0 }) };
    await flushed;
    if (this.#isOff || this.#parts === undefined || window.lastSeq < window.fromSeq) return undefined;
    const range = { fromSeq: window.fromSeq, toSeq: window.lastSeq };
    try {
      const found = await this.#within(this.#options.store.events(conversation, range));
      const states: MessageState[] = [];
      for (const { state } of found) if (state !== undefined) states.push(decodeAs(messageStateSchema, state));
      return { ...range, events: this.#parts.decoder.decodePage({ events: found.map(({ event }) => event), states }, () => {}) };
    } catch (error) {
      this.#leave(error);
      return undefined;
    }
  }

  /** A page of history that somebody has looked at: kept as far as it stands right before what is kept already. */
  takePage(conversation: string, page: KeptEvents): void {
    if (this.#isOff || this.#parts === undefined) return;
    const place = this.#parts.timeline.lastSeq(conversation);
    const { fromSeq, lastSeq } = this.#windows.get(conversation) ?? { fromSeq: place + 1, lastSeq: place };
    if (lastSeq === 0) {
      // Where the client begins is not known before the first sync.
      this.#early.set(conversation, page);
      return;
    }
    const first = Math.max(page.fromSeq, lastSeq - this.#bounds.eventsMax + 1);
    if (page.toSeq < fromSeq - 1 || first >= fromSeq) return;
    for (const told of page.events) if (told.seq >= first && told.seq < fromSeq) this.#pushEvent(conversation, told);
    this.#windows.set(conversation, { fromSeq: first, lastSeq });
    this.#touch(conversation);
  }

  /** Writes down what waits. Never rejects. */
  async flush(): Promise<void> {
    await this.#opened;
    if (this.#isOff || this.#parts === undefined) return;
    const changes = this.#collect();
    if (changes.length > 0) await this.#write(changes);
  }

  #restore(view: KeptView | undefined): void {
    if (view === undefined || this.#parts === undefined || this.#list === undefined) return;
    const { epoch, cursor, conversations, sends, uploads } = view;
    this.#lastOrder = Math.max(0, ...sends.map(({ order }) => order));
    for (const upload of uploads) this.#uploads.set(upload.key, upload);
    for (const { send } of sends) this.#sends.add(send.clientMsgId);
    if (epoch === '') return;
    const places: Record<string, number> = {};
    for (const { conversation, fromSeq, lastSeq } of conversations) {
      if (lastSeq > 0) places[conversation] = lastSeq;
      this.#windows.set(conversation, { fromSeq, lastSeq });
      this.#kept.add(conversation);
    }
    this.#parts.timeline.restore({ epoch, cursor, conversations: places });
    this.#list.restore(conversations, conversations.length < this.#bounds.conversationsMax);
    for (const id of this.#kept) this.#hiddenMs.set(id, this.#list.find(id)?.hiddenMs ?? 0);
  }

  /** What the user has cleared, or deleted for themselves, elsewhere while this client was away must not come back. */
  #takeOwnView(conversation: string, firstSeq: number, hiddenMs: number): void {
    const window = this.#windows.get(conversation);
    const knownMs = this.#hiddenMs.get(conversation) ?? 0;
    const isUnknown = hiddenMs > knownMs;
    if (isUnknown) this.#hiddenMs.set(conversation, hiddenMs);
    if (window === undefined || window.lastSeq < window.fromSeq) return;
    const left = isUnknown ? window.lastSeq + 1 : Math.min(firstSeq, window.lastSeq + 1);
    if (left > window.fromSeq) this.#begin(conversation, left, window.lastSeq);
  }

  #observe(told: Told): void {
    const { conversation, seq } = told;
    if (this.#isOff || conversation.startsWith('r:') || this.#parts === undefined) return;
    if (seq === 0) {
      this.#observeOwnView(told);
      return;
    }
    const known = this.#windows.get(conversation);
    // Who comes back learns what has become of messages meanwhile: what is kept does not say.
    const isIn = told.event.type === 'membership' && told.event.joined.includes(this.#parts.self());
    if (known === undefined || seq !== known.lastSeq + 1 || isIn) this.#begin(conversation, seq);
    const window = this.#windows.get(conversation) as Window;
    window.lastSeq = seq;
    // How long its messages stay may have changed when it is read again.
    const destroyAfterMs = this.#list?.find(conversation)?.destroyAfterMs ?? 0;
    const stored = asStored(told, { decoder: this.#parts.decoder, destroyAfterMs, find: () => undefined }).told;
    const isHidden = this.#hiddenAhead.get(conversation)?.delete(seq) === true;
    this.#pushEvent(conversation, isHidden ? this.#parts.decoder.tell(hiddenBySelf(stored.source)) : stored);
    const removed = removedBy(stored.source);
    if (removed !== undefined) this.#rewrite(conversation, (event) => scrubbed(event, removed));
    if (seq - window.fromSeq >= this.#bounds.eventsMax * 1.1) this.#begin(conversation, seq - this.#bounds.eventsMax + 1, seq);
    this.#touch(conversation);
  }

  #observeOwnView({ conversation, event }: Told): void {
    if (event.type !== 'conversationChanged') return;
    if (event.what === 'messagesHidden') {
      const hidden = new Set(event.targets);
      this.#hiddenMs.set(conversation, Math.max(this.#hiddenMs.get(conversation) ?? 0, event.timeMs));
      this.#rewrite(conversation, (source) => (hidden.has(source.seq) ? hiddenBySelf(source) : source));
      const ahead = event.targets.filter((seq) => seq > (this.#parts?.timeline.lastSeq(conversation) ?? 0));
      if (ahead.length > 0) this.#hiddenAhead.set(conversation, new Set([...(this.#hiddenAhead.get(conversation) ?? []), ...ahead]));
    }
    const { lastSeq = 0 } = this.#windows.get(conversation) ?? {};
    const clearedSeq = event.what === 'settings' ? (event.settings.clearedSeq ?? 0) : 0;
    if (clearedSeq > 0) this.#takeOwnView(conversation, Math.min(clearedSeq, lastSeq) + 1, this.#hiddenMs.get(conversation) ?? 0);
  }

  #pushEvent(conversation: string, { seq, source, state }: Told): void {
    const event = this.#parts?.decoder.encode(source);
    if (event === undefined) return;
    this.#push({ type: 'event', conversation, value: { seq, event, ...(state && { state: encodeAs(messageStateSchema, state) }) } });
  }

  /** What stands before is not complete any more, or too much. */
  #begin(conversation: string, fromSeq: number, lastSeq = fromSeq - 1): void {
    this.#windows.set(conversation, { fromSeq, lastSeq });
    this.#push({ type: 'trim', conversation, fromSeq });
    this.#touch(conversation);
  }

  /** Words that are gone must not stay on the device; the store is not closed before. */
  #rewrite(conversation: string, withoutWords: (source: ConversationEvent) => ConversationEvent): void {
    this.#rewriting = Promise.all([this.#rewriting, this.#rewriteNow(conversation, withoutWords)]);
  }

  async #rewriteNow(conversation: string, withoutWords: (source: ConversationEvent) => ConversationEvent): Promise<void> {
    const kept = await this.events(conversation);
    const codec = this.#parts?.decoder;
    if (kept === undefined || codec === undefined) return;
    const changes: StoreChange[] = [];
    // What was trimmed meanwhile must not come back.
    const { fromSeq } = this.#windows.get(conversation) ?? { fromSeq: Number.MAX_SAFE_INTEGER };
    for (const { seq, source, state } of kept.events) {
      const left = withoutWords(source);
      if (left === source || seq < fromSeq) continue;
      const isSeen = left.messageId !== '';
      const value = { seq, event: codec.encode(left), ...(state && isSeen && { state: encodeAs(messageStateSchema, state) }) };
      changes.push({ type: 'event', conversation, value });
    }
    if (changes.length > 0) await this.#write(changes);
  }

  #push(change: StoreChange): void {
    this.#waiting.push(change);
    if (this.#waiting.length >= storeLimits.waitingMax) void this.flush();
    else this.#schedule();
  }

  #touch(conversation: string): void {
    this.#dirty.add(conversation);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isTimed || this.#isOff) return;
    this.#isTimed = true;
    this.#clock.setTimer(storeLimits.writeEveryMs, () => {
      this.#isTimed = false;
      void this.flush();
    });
  }

  /** Everything that was learned up to this moment, places and cursor included. */
  #collect(): readonly StoreChange[] {
    const changes = this.#waiting;
    this.#waiting = [];
    const { timeline } = this.#parts ?? {};
    for (const conversation of this.#dirty) changes.push(...this.#conversationChanges(conversation, timeline?.lastSeq(conversation) ?? 0));
    this.#dirty.clear();
    changes.push(...this.#tooMany());
    const { epoch = '', cursor = '' } = timeline ?? {};
    const written = `${epoch} ${cursor}`;
    if (written !== this.#written && epoch !== '') changes.push({ type: 'sync', epoch, cursor });
    this.#written = written;
    return changes;
  }

  #conversationChanges(conversation: string, lastSeq: number): readonly StoreChange[] {
    const kept = this.#list?.kept(conversation);
    if (kept === undefined) {
      if (!this.#kept.delete(conversation)) return [];
      this.#windows.delete(conversation);
      return [{ type: 'forget', conversation }];
    }
    const known = this.#windows.get(conversation);
    // The client has begun somewhere without telling what stands before.
    const isBroken = known !== undefined && known.lastSeq !== lastSeq;
    const window = known === undefined || isBroken ? { fromSeq: lastSeq + 1, lastSeq } : known;
    this.#windows.set(conversation, window);
    this.#kept.add(conversation);
    const value = { conversation, ...kept, ...window };
    return [...(isBroken ? [{ type: 'trim', conversation, fromSeq: window.fromSeq } as const] : []), { type: 'conversation', value }];
  }

  /** Those that have not changed for longest go. */
  #tooMany(): readonly StoreChange[] {
    const { conversationsMax } = this.#bounds;
    if (this.#list === undefined || this.#kept.size <= conversationsMax * 1.05) return [];
    const list = this.#list;
    const byAge = [...this.#kept].sort((a, b) => (list.find(b)?.updatedMs ?? 0) - (list.find(a)?.updatedMs ?? 0));
    return byAge.slice(conversationsMax).map((conversation) => {
      this.#kept.delete(conversation);
      this.#windows.delete(conversation);
      return { type: 'forget', conversation };
    });
  }

  #reset(): void {
    this.#waiting = [{ type: 'reset' }];
    this.#early.clear();
    this.#windows.clear();
    this.#hiddenAhead.clear();
    this.#kept.clear();
    this.#dirty.clear();
    this.#written = '';
    this.#schedule();
  }

  /** When the client is closed nothing of the user stays, unanswered sends included. */
  clear(): void {
    this.#isClearing = true;
  }

  /** The user may not see the conversation any more. */
  drop(conversation: string): void {
    const window = this.#windows.get(conversation);
    if (window !== undefined && window.fromSeq <= window.lastSeq) this.#begin(conversation, window.lastSeq + 1, window.lastSeq);
  }

  async #end(): Promise<void> {
    if (this.#isClearing) await this.#write(this.#everything(), 'at last');
    else await Promise.all([this.flush(), this.#rewriting]);
    if (!this.#isOff) await this.#within(this.#options.store.close()).catch((error: unknown) => this.#leave(error));
    this.#isOff = true;
    this.#hasEnded();
  }

  /** What takes all out of the store that is in it. */
  #everything(): readonly StoreChange[] {
    const sends = [...this.#sends].map((clientMsgId): StoreChange => ({ type: 'sent', clientMsgId }));
    const uploads = [...this.#uploads.keys()].map((key): StoreChange => ({ type: 'uploaded', key }));
    return [{ type: 'reset' }, ...sends, ...uploads];
  }

  /** Its place is behind those of earlier runs, which are known once the store is open. */
  async #putSend(send: PendingSend): Promise<void> {
    await this.#opened;
    this.#sends.add(send.clientMsgId);
    await this.#write([{ type: 'send', value: { order: ++this.#lastOrder, send } }]);
  }

  #removeSend(clientMsgId: string): Promise<void> {
    this.#sends.delete(clientMsgId);
    return this.#write([{ type: 'sent', clientMsgId }]);
  }

  /** Never rejects: what cannot be written costs the protection, not the message. */
  async #write(changes: readonly StoreChange[], when: 'now' | 'at last' = 'now'): Promise<void> {
    await this.#opened;
    if (this.#isOff || (this.#isClearing && when === 'now')) return;
    try {
      await this.#within(this.#options.store.write(changes));
    } catch (error) {
      this.#leave(error);
    }
  }

  /** What is in it fits together, up to what was written last; the rest is learned again by the next client. */
  #leave(error: unknown): void {
    if (this.#isOff) return;
    this.#isOff = true;
    this.#waiting = [];
    this.#dirty.clear();
    this.#tell(error);
    this.#options.store.close().catch(() => {});
  }

  #tell(error: unknown): void {
    if (this.#parts === undefined) this.#failure = error;
    else this.#parts.events.emit('error', ParleyClientError.of('UNAVAILABLE', `the local store failed: ${String(error)}`, error));
  }

  #within<T>(promise: Promise<T>): Promise<T> {
    return withTimeout(this.#clock, storeLimits.answerMs, promise, () => new Error('the local store does not answer'));
  }
}
