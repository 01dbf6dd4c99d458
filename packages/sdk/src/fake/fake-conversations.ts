import { type ErrorName, emptyBytes } from '@parley/kernel';
import {
  applyEdit,
  evictedBy,
  expireMessage,
  foldEviction,
  foldMessage,
  foldPins,
  isVisible,
  mentionsUser,
  redact,
  targetsOf,
  threadOf,
  withheld,
} from '@parley/fold';
import {
  type ClientFrame,
  type ConversationEvent,
  type ConversationEventInit,
  type ConversationHeadInit,
  type ConversationSettings,
  createConversationEvent,
  createConversationSettings,
  createMessageState,
  decodeContent,
  encodeConversationEvent,
  type MessageSearch,
  type MessageState,
  type Pin,
  type QueryHistory,
  type ServerFrameInit,
  type Setting,
} from '@parley/wire';
import type { ManualClock } from './manual-clock.js';

type Body = NonNullable<ServerFrameInit['body']>;
type Request = NonNullable<ClientFrame['body']>;

/** A conversation as the fake server keeps it: its events as they are now, and what its members have made of it. */
export interface FakeConversation {
  readonly id: string;
  readonly members: Set<string>;
  readonly events: ConversationEvent[];
  readonly states: Map<number, MessageState>;
  /** Seqs of messages that count as unread, also when they are gone. */
  readonly counted: Set<number>;
  readonly views: Map<string, FakeView>;
  firstSeq: number;
  pins: readonly Pin[];
}

/** What one user has made of a conversation. */
export interface FakeView {
  readSeq: number;
  deliveredSeq: number;
  changedMs: number;
  settings: ConversationSettings;
  readonly hidden: Set<number>;
  hiddenMs: number;
}

export interface FakeConversationsOptions {
  readonly clock: ManualClock;
  refuse(name: ErrorName): Body;
  epoch(): string;
}

/** Conversations of the fake server: order, what messages have become, cursors, settings, and the questions about them. */
export class FakeConversations {
  readonly all = new Map<string, FakeConversation>();
  readonly #options: FakeConversationsOptions;

  constructor(options: FakeConversationsOptions) {
    this.#options = options;
  }

  of(id: string, members: readonly string[] = []): FakeConversation {
    let conversation = this.all.get(id);
    if (conversation === undefined) {
      const inside = new Set(id.startsWith('u:') ? id.slice(2).split('|') : members);
      conversation = { id, members: inside, events: [], states: new Map(), counted: new Set(), views: new Map(), firstSeq: 1, pins: [] };
      this.all.set(id, conversation);
    }
    return conversation;
  }

  viewOf(conversation: FakeConversation, user: string): FakeView {
    let view = conversation.views.get(user);
    if (view === undefined) {
      view = { readSeq: 0, deliveredSeq: 0, changedMs: 0, settings: createConversationSettings({}), hidden: new Set(), hiddenMs: 0 };
      conversation.views.set(user, view);
    }
    return view;
  }

  /** Gives an event its place, and does to others what it says. */
  append(id: string, init: ConversationEventInit): ConversationEvent {
    const conversation = this.of(id);
    const { events, states } = conversation;
    const seq = events.length + 1;
    const event = createConversationEvent({
      ...init,
      conversation: id,
      seq,
      messageId: `m-${id}-${seq}`,
      timeMs: this.#options.clock.now(),
    });
    events.push(event);
    if (isCountable(event)) conversation.counted.add(seq);
    for (const target of targetsOf(event)) {
      states.set(target, foldMessage(states.get(target), target, event));
      const row = events[target - 1];
      if (row === undefined) continue;
      if (event.body?.type === 'edited') events[target - 1] = applyEdit(row, event.body.value.content);
      if (event.body?.type === 'recalled' || event.body?.type === 'deleted') events[target - 1] = redact(row);
    }
    const { pins } = conversation;
    conversation.pins = foldPins(pins, event);
    const evicted = evictedBy(pins, event);
    if (evicted !== undefined) states.set(evicted, foldEviction(states.get(evicted), evicted, event));
    return event;
  }

  /** Undefined for what is no question about conversations. */
  answer(user: string, body: Request): Body | undefined {
    switch (body.type) {
      case 'queryHistory':
        return this.#history(user, body.value);
      case 'getMessages':
        return this.#list(user, this.of(body.value.conversation), (event) => body.value.seqs.includes(event.seq));
      case 'listReplies': {
        const { conversation, rootSeq, afterSeq } = body.value;
        return this.#list(user, this.of(conversation), (event) => threadOf(event) === rootSeq && event.seq > afterSeq);
      }
      case 'listPins': {
        const conversation = this.of(body.value.conversation);
        return this.#list(user, conversation, ({ seq }) => conversation.pins.some((pin) => pin.seq === seq));
      }
      case 'getReceipts':
        return {
          type: 'receipts',
          value: { receipts: body.value.seqs.map((seq) => this.#receipt(user, this.of(body.value.conversation), seq)) },
        };
      case 'listReaders':
        return this.#readers(user, this.of(body.value.conversation), body.value);
      case 'getConversation':
      case 'queryConversations': {
        const wanted = body.type === 'getConversation' ? [this.of(body.value.conversation)] : this.#of(user);
        const conversations = wanted.map((conversation) => this.head(user, conversation));
        return {
          type: 'conversations',
          value: { conversations, totalUnread: conversations.reduce((sum, { unread = 0 }) => sum + unread, 0) },
        };
      }
      case 'searchMessages':
        return body.value.search === undefined ? this.#options.refuse('INVALID_ARGUMENT') : this.#search(user, body.value.search);
      default:
        return undefined;
    }
  }

  /** A conversation in the list of a user. */
  head(user: string, conversation: FakeConversation): ConversationHeadInit {
    const { events, members, states, counted } = conversation;
    const view = this.viewOf(conversation, user);
    const { settings } = view;
    const firstSeq = Math.max(conversation.firstSeq, settings.clearedSeq + 1);
    const peer = conversation.id.startsWith('u:') ? [...members].find((member) => member !== user) : undefined;
    const peerView = peer === undefined ? undefined : conversation.views.get(peer);
    const ownSeq = events.reduce((last, event) => (event.sender === user && isMessage(event) ? event.seq : last), 0);
    const floorSeq = Math.max(view.readSeq, ownSeq, settings.clearedSeq);
    const unread = events.filter(({ seq }) => seq > floorSeq && counted.has(seq));
    const shown = events.filter((event) => event.seq >= firstSeq && isMessage(event)).map((event) => this.#seen(user, conversation, event));
    const last = shown.reverse().find(({ event }) => event.messageId !== '');
    return {
      ...{ conversation: conversation.id, headSeq: events.length, firstSeq, isMember: members.has(user), memberCount: members.size },
      updatedMs: Math.max(events[events.length - 1]?.timeMs ?? 0, view.changedMs),
      ...{ unread: unread.length, readSeq: view.readSeq, deliveredSeq: view.deliveredSeq, settings, hiddenMs: view.hiddenMs },
      mentions: unread
        .filter((event) => mentionsUser(event, user, states.get(event.seq)))
        .map(({ seq }) => seq)
        .reverse(),
      ...{ peerReadSeq: peerView?.readSeq, peerReadMs: peerView?.changedMs, peerDeliveredSeq: peerView?.deliveredSeq },
      ...(last && { lastEvent: encodeConversationEvent(last.event), lastState: last.state }),
      countable: counted.size,
    };
  }

  #of(user: string): readonly FakeConversation[] {
    return [...this.all.values()].filter(({ id, members, events }) => members.has(user) && events.length > 0 && !id.startsWith('r:'));
  }

  #history(user: string, query: QueryHistory): Body {
    const conversation = this.of(query.conversation);
    const { events } = conversation;
    const firstSeq = Math.max(conversation.firstSeq, this.viewOf(conversation, user).settings.clearedSeq + 1);
    const limit = query.limit === 0 ? 50 : query.limit;
    const isBack = query.backwards && !query.isAround;
    const from = query.isAround
      ? Math.max(1, query.fromSeq - Math.floor(limit / 2))
      : query.fromSeq === 0 && isBack
        ? events.length
        : query.fromSeq;
    const entitled = events.filter(({ seq }) => seq >= firstSeq && (isBack ? seq <= from : seq >= from));
    if (isBack) entitled.reverse();
    const page = entitled.slice(0, limit);
    return {
      type: 'historyPage',
      value: {
        ...this.#answerOf(user, conversation, page),
        headSeq: events.length,
        firstSeq,
        epoch: this.#options.epoch(),
        hasMore: entitled.length > limit,
      },
    };
  }

  #list(user: string, conversation: FakeConversation, isWanted: (event: ConversationEvent) => boolean): Body {
    const events = conversation.events.filter(isWanted);
    const isSeen = ({ seq }: Pin): boolean =>
      conversation.events.some((event) => event.seq === seq && this.#seen(user, conversation, event).event.messageId !== '');
    const pins = conversation.pins.filter(isSeen);
    const value = { ...this.#answerOf(user, conversation, events), pins, headSeq: conversation.events.length };
    return { type: 'messageList', value };
  }

  #answerOf(user: string, conversation: FakeConversation, events: readonly ConversationEvent[]) {
    const shown = events.map((event) => this.#seen(user, conversation, event));
    const states = shown.flatMap(({ state }) => (state === undefined ? [] : [state]));
    return { events: shown.map(({ event }) => encodeConversationEvent(event)), states };
  }

  /** What is hidden, or for others, is a place without anything; what is gone has lost its words. */
  #seen(user: string, conversation: FakeConversation, event: ConversationEvent): { event: ConversationEvent; state?: MessageState } {
    const state = conversation.states.get(event.seq);
    const nowMs = this.#options.clock.now();
    const isForOthers = state !== undefined && state.onlyTo.length > 0 && !state.onlyTo.includes(user);
    if (this.viewOf(conversation, user).hidden.has(event.seq) || isForOthers) return { event: withheld(event) };
    if (state === undefined) return { event };
    if (!isVisible(state, user, nowMs)) return { event: redact(event), state: expireMessage(state, nowMs) };
    const ownReactions = state.reactions.filter(({ recent }) => recent.includes(user)).map(({ reaction }) => reaction);
    return { event, state: createMessageState({ ...state, ownReactions }) };
  }

  #search(user: string, { text, conversation, sender }: MessageSearch): Body {
    const events = this.#of(user).filter(({ id }) => conversation === '' || id === conversation);
    const found = events.flatMap((of) => of.events.filter((event) => textOf(event).includes(text) && ['', event.sender].includes(sender)));
    return { type: 'messageList', value: { events: found.reverse().map((event) => encodeConversationEvent(event)) } };
  }

  #receipt(user: string, { members, views }: FakeConversation, seq: number) {
    const others = [...members].filter((member) => member !== user);
    const readCount = others.filter((other) => (views.get(other)?.readSeq ?? 0) >= seq).length;
    const deliveredCount = others.filter(
      (other) => Math.max(views.get(other)?.readSeq ?? 0, views.get(other)?.deliveredSeq ?? 0) >= seq,
    ).length;
    return { seq, readCount, deliveredCount, memberCount: others.length };
  }

  #readers(user: string, { members, views }: FakeConversation, query: { readonly seq: number; readonly isUnread: boolean }): Body {
    const readers = [...members]
      .filter((member) => member !== user && (views.get(member)?.readSeq ?? 0) >= query.seq !== query.isUnread)
      .map((member) => ({ user: member, readMs: query.isUnread ? 0 : (views.get(member)?.changedMs ?? 0), isDelivered: !query.isUnread }));
    return { type: 'readers', value: { readers } };
  }
}

const isMessage = ({ body }: ConversationEvent): boolean => body === undefined || body.type === 'content';

function isCountable({ body, options }: ConversationEvent): boolean {
  const { noUnread = false, onlyTo = [], originalMs = 0 } = options ?? {};
  return body?.type === 'content' && !noUnread && onlyTo.length === 0 && originalMs === 0;
}

function textOf({ body }: ConversationEvent): string {
  if (body?.type !== 'content') return '';
  const { kind } = decodeContent(body.value.length === 0 ? emptyBytes : body.value);
  return kind?.type === 'text' ? kind.value.text : '';
}

/** A user's settings after a change. */
export function changedSettings(
  settings: ConversationSettings,
  { change }: Setting,
  now: { timeMs: number; headSeq: number },
): ConversationSettings {
  switch (change?.type) {
    case 'pinned':
      return { ...settings, pinnedMs: change.value.isOn ? now.timeMs : 0 };
    case 'muted':
      return { ...settings, mutedUntilMs: change.value.untilMs };
    case 'marks':
      return { ...settings, marks: change.value.marks };
    case 'draft':
      return { ...settings, draft: change.value.text };
    case 'hidden':
      return { ...settings, hiddenSeq: change.value.isOn ? now.headSeq : 0 };
    case 'markedUnread':
      return { ...settings, isMarkedUnread: change.value.isOn };
    case 'cleared':
      return { ...settings, clearedSeq: Math.max(settings.clearedSeq, Math.min(change.value.seq, now.headSeq)) };
    case 'alias':
      return { ...settings, alias: change.value.text };
    default:
      return settings;
  }
}
