import { type CancelTimer, emptyBytes } from '@parley/kernel';
import { type ConversationFilterInit, type ConversationHead, conversationHeadSchema, decodeAs, encodeAs } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import { Emitter } from '../emitter.js';
import type { Told } from '../event-decoder.js';
import type { SendHandle } from '../send-handle.js';
import { settingsOf } from './act-effects.js';
import { ListedConversation, type ListedItem } from './listed-conversation.js';
import { liveLimits } from './live-limits.js';
import { LiveView } from './live-view.js';

/** The user's conversations as they are shown. */
export interface ConversationsSnapshot {
  /** Pinned ones first (latest pin on top), then by the newest message. Hidden ones are left out. */
  readonly conversations: readonly ListedItem[];
  /** Of all that the list holds, also those that are not shown; of muted ones only what names the user aloud. */
  readonly totalUnread: number;
  /** There are more that only the server knows; see `loadMore`. */
  readonly hasMore: boolean;
  /** A sync has told everything since this client began. Before that the list is what a local store has kept, if there is one. */
  readonly isSynced: boolean;
}

/** A conversation as a local store keeps it: an encoded ConversationHead, and what it owes to this client alone. */
export interface ListedBefore {
  readonly head: Uint8Array;
  readonly untoldReadSeq?: number;
}

/** Which of them; conditions that all hold together. */
export type ListFilter = ConversationFilterInit;

const perPage = 100;

/** All conversations of the user, kept up to date. */
export class ConversationList extends LiveView<ConversationsSnapshot> {
  /** Tells which conversation has changed in any way; '' for all. */
  readonly changes = new Emitter<{ change: string }>();
  readonly #parts: ClientParts;
  readonly #tellRead: (conversation: string, readSeq: number) => void;
  readonly #listed = new Map<string, ListedConversation>();
  /** The same, in the order in which they stood last: what is almost sorted is sorted quickly. */
  #order: ListedConversation[] = [];
  /** In their order, until something changes. */
  #items: readonly ListedItem[] | undefined;
  readonly #asking = new Set<string>();
  #listMax: number = liveLimits.listMax;
  #hasMore = false;
  #nextPage = '';
  #isSynced = false;
  #wakeAtMs = 0;
  #cancelWake: CancelTimer = () => {};

  /** `tellRead` tells the server how far the user has read; it may be called again and again. */
  constructor(parts: ClientParts, tellRead: (conversation: string, readSeq: number) => void) {
    super();
    this.#parts = parts;
    this.#tellRead = tellRead;
    parts.steps.on('head', (head) => this.#take(head));
    parts.steps.on('told', (told) => this.#takeTold(told));
    parts.steps.on('online', () => this.#askAll());
    parts.steps.on('syncing', () => {
      for (const listed of this.#listed.values()) listed.forgetChanges();
    });
    parts.events.on('typing', ({ conversation, user, isTyping }) => {
      if (this.#listed.get(conversation)?.setTyping(user, isTyping) === true) this.changed();
    });
    parts.events.on('gap', ({ conversation, toSeq }) => {
      const listed = this.#listed.get(conversation);
      if (listed !== undefined && toSeq > listed.item.headSeq) this.#doubt(listed);
    });
    parts.events.on('historyReset', () => this.#reset());
    parts.events.on('send', (handle) => this.#observeAct(handle));
    parts.events.on('caughtUp', () => {
      if (this.#isSynced) return;
      this.#isSynced = true;
      this.changed();
    });
    parts.events.on('connection', ({ state }) => {
      if (state === 'closed') this.#cancelWake();
    });
  }

  /** One of them, whether it is shown or not. */
  find(conversation: string): ListedItem | undefined {
    return this.#listed.get(conversation)?.item;
  }

  /** Some of them, kept up to date until `close`. */
  where(filter: ListFilter): ConversationView {
    return new ConversationView(this, filter);
  }

  /** Brings conversations that are not in the list, where `hasMore` says that there are some. Rejects with a ParleyClientError. */
  async loadMore(): Promise<void> {
    const { requests } = this.#parts;
    let found = 0;
    while (this.#hasMore && found === 0) {
      const value = { page: this.#nextPage, limit: perPage, filter: { withHidden: true } };
      const page = await requests.call({ body: { type: 'queryConversations', value }, expect: 'conversations', isRepeatable: true });
      const unknown = page.conversations.filter(({ conversation }) => !this.#listed.has(conversation));
      found = unknown.length;
      this.#listMax += found;
      for (const head of unknown) this.#take(head);
      this.#nextPage = page.nextPage;
      this.#hasMore = page.nextPage !== '';
    }
    this.changed();
  }

  /** Reads all conversations to where they stand now. Rejects with a ParleyClientError. */
  async readAll(): Promise<void> {
    // What comes while the question is out nobody has read.
    const unread = this.everything.filter((item) => item.unread > 0);
    await this.#parts.requests.call({ body: { type: 'readAll', value: {} }, expect: 'done', isRepeatable: true });
    for (const { conversation, headSeq } of unread) this.#tellRead(conversation, headSeq);
  }

  /** From a local store. `isComplete` false: there were more. */
  restore(kept: readonly ListedBefore[], isComplete: boolean): void {
    for (const { head: bytes, untoldReadSeq = 0 } of kept) {
      const head = decodeAs(conversationHeadSchema, bytes);
      const { conversation } = head;
      if (!this.#listed.has(conversation)) this.#add(new ListedConversation(this.#parts, head, untoldReadSeq));
      if (untoldReadSeq > 0) this.#tellRead(conversation, untoldReadSeq);
    }
    this.#hasMore ||= !isComplete;
    this.changed();
  }

  /** Shows what the outbox has brought from an earlier run. */
  reload(): void {
    for (const handle of this.#parts.outbox.pending) this.#observeAct(handle);
  }

  /** For a local store. */
  kept(conversation: string): ListedBefore | undefined {
    const listed = this.#listed.get(conversation);
    return listed && { head: listed.kept, ...(listed.untoldReadSeq > 0 && { untoldReadSeq: listed.untoldReadSeq }) };
  }

  protected make(): ConversationsSnapshot {
    const all = this.#sorted();
    const now = this.#parts.clock.now();
    return {
      conversations: all.filter((item) => !isHidden(item)),
      totalUnread: all.reduce((sum, item) => sum + countedUnread(item, now), 0),
      hasMore: this.#hasMore,
      isSynced: this.#isSynced,
    };
  }

  /** Hidden ones too. */
  get everything(): readonly ListedItem[] {
    return this.#sorted();
  }

  protected override changed(): void {
    this.#items = undefined;
    super.changed();
  }

  #sorted(): readonly ListedItem[] {
    if (this.#items !== undefined) return this.#items;
    this.#order.sort((a, b) => byPlace(a.item, b.item));
    const items = this.#order.map(({ item }) => item);
    this.#items = items;
    return items;
  }

  #add(listed: ListedConversation): void {
    this.#listed.set(listed.id, listed);
    this.#order.push(listed);
  }

  #remove(conversations: ReadonlySet<string>): void {
    for (const id of conversations) this.#listed.delete(id);
    this.#order = this.#order.filter(({ id }) => !conversations.has(id));
    this.changed();
  }

  #take(head: ConversationHead): void {
    const { conversation } = head;
    if (conversation.startsWith('r:')) return;
    const known = this.#listed.get(conversation);
    if (known === undefined) this.#add(new ListedConversation(this.#parts, head));
    else known.take(head);
    if (known?.isDoubtful === true) this.#doubt(known);
    // It was lost on its way, or this client was closed before it could be told.
    const untold = known?.untoldReadSeq ?? 0;
    if (untold > 0) this.#tellRead(conversation, untold);
    this.#changedOne(conversation);
    this.#bound();
  }

  #takeTold(told: Told): void {
    const { conversation, seq } = told;
    if (conversation.startsWith('r:')) return;
    let listed = this.#listed.get(conversation);
    if (listed === undefined) {
      // What others do without a word concerns those conversations only that are listed.
      if (seq === 0 && told.event.type !== 'conversationChanged') return;
      listed = new ListedConversation(this.#parts, newHead(conversation));
      this.#add(listed);
      // What was said and done before, and who is in it, only the server knows.
      listed.isDoubtful = seq !== 1 || !conversation.startsWith('u:');
    }
    const isChanged = listed.takeTold(told);
    if (listed.isDoubtful) this.#doubt(listed);
    if (isChanged) this.#changedOne(conversation);
    this.#bound();
  }

  /** Own settings show at once, and are taken back when the server refuses them. */
  #observeAct({ request, conversation, clientMsgId, state, done }: SendHandle): void {
    const listed = request.isAct === true ? this.#listed.get(conversation) : undefined;
    const patch = listed && settingsOf(request, this.#parts.clock.now());
    if (listed === undefined || patch === undefined) return;
    if (state === 'stored') {
      void done.then(({ timeMs }) => {
        listed.setPending(clientMsgId, { patch, madeMs: timeMs });
        this.#changedOne(conversation);
      });
      return;
    }
    if (state === 'failed') listed.endPending(clientMsgId);
    else listed.setPending(clientMsgId, { patch, madeMs: 0 });
    this.#changedOne(conversation);
  }

  #changedOne(conversation: string): void {
    this.changes.emit('change', conversation);
    const nextMs = this.#listed.get(conversation)?.nextMs ?? 0;
    if (nextMs > 0) this.#wakeAt(nextMs);
    this.changed();
  }

  #wakeAt(atMs: number): void {
    if (this.#wakeAtMs !== 0 && this.#wakeAtMs <= atMs) return;
    const { clock } = this.#parts;
    this.#cancelWake();
    this.#wakeAtMs = atMs;
    this.#cancelWake = clock.setTimer(Math.min(Math.max(0, atMs - clock.now()), liveLimits.timerMsMax), () => {
      this.#wakeAtMs = 0;
      const gone = [...this.#listed.values()].filter((listed) => listed.expire());
      for (const { id } of gone) this.#changedOne(id);
      // Where a mute has ended the total is another one.
      this.changed();
      const next = [...this.#listed.values()].map(({ nextMs }) => nextMs).filter((ms) => ms > 0);
      if (next.length > 0) this.#wakeAt(Math.min(...next));
    });
  }

  #doubt(listed: ListedConversation): void {
    listed.isDoubtful = true;
    void this.#ask(listed);
  }

  #askAll(): void {
    for (const listed of this.#listed.values()) if (listed.isDoubtful) void this.#ask(listed);
  }

  /** Until the answer leaves no doubt: it may be older than what was read here and is still on its way to the server. */
  async #ask(listed: ListedConversation): Promise<void> {
    const { requests, clock, limits } = this.#parts;
    const { id } = listed;
    if (this.#asking.has(id) || requests.connection === undefined) return;
    this.#asking.add(id);
    for (let tries = 0; listed.isDoubtful && this.#listed.get(id) === listed && tries < triesMax && !requests.isClosed; tries++) {
      if (tries > 0) await new Promise<void>((resolve) => void clock.setTimer(limits.cursorEveryMs * 2 ** tries, resolve));
      await this.#askOnce(listed);
    }
    this.#asking.delete(id);
  }

  /** What has failed is asked again, or after the next login. */
  async #askOnce(listed: ListedConversation): Promise<void> {
    const { requests, timeline } = this.#parts;
    const { id } = listed;
    const value = { conversation: id, atLeastSeq: timeline.lastSeq(id) };
    try {
      const page = await requests.call({ body: { type: 'getConversation', value }, expect: 'conversations', isRepeatable: true });
      const [head] = page.conversations;
      if (head !== undefined && this.#listed.get(id) === listed) listed.take(head);
      this.#changedOne(id);
    } catch (error) {
      if (ParleyClientError.from(error).name === 'CONVERSATION_NOT_FOUND') this.#forget(id);
    }
  }

  #forget(conversation: string): void {
    this.#remove(new Set([conversation]));
    this.changes.emit('change', conversation);
  }

  #bound(): void {
    if (this.#listed.size <= this.#listMax + listSlack) return;
    this.#items = undefined;
    const rest = this.#sorted().slice(this.#listMax);
    this.#hasMore = true;
    this.#nextPage = '';
    this.#remove(new Set(rest.map(({ conversation }) => conversation)));
  }

  #reset(): void {
    this.#listed.clear();
    this.#order = [];
    this.#hasMore = false;
    this.#isSynced = false;
    this.changes.emit('change', '');
    this.changed();
  }
}

const triesMax = 5;
/** So that not every new conversation lets all be sorted. */
const listSlack = 50;

/** Some of the conversations. */
export class ConversationView extends LiveView<readonly ListedItem[]> {
  readonly #list: ConversationList;
  readonly #filter: ListFilter;
  readonly #off: () => void;
  #seen: readonly ListedItem[] = [];

  constructor(list: ConversationList, filter: ListFilter) {
    super();
    this.#list = list;
    this.#filter = filter;
    this.#off = list.subscribe(() => this.changed());
  }

  /** Nothing is told any more. */
  close(): void {
    this.#off();
    this.end();
  }

  protected make(): readonly ListedItem[] {
    const chosen = this.#list.everything.filter((item) => isChosen(item, this.#filter));
    const isSame = chosen.length === this.#seen.length && chosen.every((item, i) => item === this.#seen[i]);
    if (!isSame) this.#seen = chosen;
    return this.#seen;
  }
}

const isHidden = ({ settings, headSeq }: ListedItem): boolean => settings.hiddenSeq > 0 && headSeq <= settings.hiddenSeq;

function isChosen(item: ListedItem, filter: ListFilter): boolean {
  const { type = '', withHidden = false, isUnread = false, isPinned = false, isMentioned = false, mark = 0 } = filter;
  const { conversation, unread, mentions, settings } = item;
  if (type !== '' && !conversation.startsWith(`${type}:`)) return false;
  if (!withHidden && isHidden(item)) return false;
  if (isUnread && unread === 0 && !settings.isMarkedUnread) return false;
  if (isPinned && settings.pinnedMs === 0) return false;
  if (isMentioned && mentions.length === 0) return false;
  return mark === 0 || settings.marks.includes(mark);
}

/** What a conversation adds to the total: of a muted one only what names the user aloud. */
function countedUnread({ unread, mentions, silentMentions, settings }: ListedItem, nowMs: number): number {
  if (settings.mutedUntilMs <= nowMs) return unread;
  return Math.min(unread, mentions.filter((seq) => !silentMentions.includes(seq)).length);
}

const timeOf = ({ last, updatedMs }: ListedItem): number => last?.timeMs ?? updatedMs;

function byPlace(a: ListedItem, b: ListedItem): number {
  const byTime = b.settings.pinnedMs - a.settings.pinnedMs || timeOf(b) - timeOf(a);
  return byTime || (a.conversation < b.conversation ? -1 : 1);
}

/** Of a conversation that the server has not told of. */
const newHead = (conversation: string): ConversationHead =>
  decodeAs(conversationHeadSchema, encodeAs(conversationHeadSchema, { conversation, firstSeq: 1, isMember: true, lastEvent: emptyBytes }));
