import { errorTable, type ErrorName } from '@parley/kernel';
import { threadOf, withheld } from '@parley/fold';
import {
  type ActInit,
  type ClientFrame,
  type ConversationEvent,
  type ConversationEventInit,
  createAct,
  decodeClientFrames,
  encodeConversationEvent,
  encodeServerFrames,
  type MessageOptionsInit,
  type SendMessage,
  type ServerFrameInit,
} from '@parley/wire';
import type { WebSocketLike } from '../socket.js';
import { FakeActs } from './fake-acts.js';
import { type FakeConversation, FakeConversations } from './fake-conversations.js';
import { FakeGroups } from './fake-groups.js';
import { FakePeople } from './fake-people.js';
import { FakeRooms } from './fake-rooms.js';
import { FakeSocket, type ServerEnd } from './fake-socket.js';
import type { ManualClock } from './manual-clock.js';

type Body = NonNullable<ServerFrameInit['body']>;

/** What the server does to the events and answers of one connection; a test or a random source decides. */
export interface Mischief {
  latencyMs(): number;
  /** Extra delay of one event; it may be overtaken by later ones. */
  eventDelayMs(): number;
  /** Copies that a client gets of one event; 0 loses it (and a HeadMoved follows later). */
  eventCopies(): number;
  /** Refuses one send for now, or loses it before it is looked at. */
  sendFate(): 'accept' | 'refuse' | 'lose';
  /** Extra delay of an answer about rooms: events that happened after it was made overtake it. */
  answerDelayMs?(): number;
}

export const noMischief: Mischief = {
  latencyMs: () => 1,
  eventDelayMs: () => 0,
  eventCopies: () => 1,
  sendFate: () => 'accept',
};

interface Session {
  readonly user: string;
  readonly resumeKey: string;
  link: Link | undefined;
  missed: Body[];
  /** What was written lately: a connection that breaks may have lost it on the way. */
  recent: { readonly atMs: number; readonly body: Body }[];
}

/** One connection as the server sees it. */
export interface Link {
  readonly end: ServerEnd;
  readonly received: ClientFrame[];
  session: Session | undefined;
  /** The conversation that the user has in front of them. */
  looksAt?: string;
  isOpen: boolean;
}

/** A server that follows the protocol as docs/protocol describes it, in memory. Tokens are user names. */
export class FakeServer {
  readonly clock: ManualClock;
  mischief: Mischief = noMischief;
  isReachable = true;
  epoch = 'epoch-1';
  heartbeatMs = 10_000;
  /** Missed events that a resumed session still gets; more make the resume incomplete. */
  resumeBufferMax = 100;
  isSilent = false;
  readonly links: Link[] = [];
  /** One answer per request type; it replaces the usual one until it is removed. */
  readonly answers = new Map<string, (frame: ClientFrame, link: Link) => Body | undefined>();
  readonly rooms: FakeRooms;
  readonly groups: FakeGroups;
  readonly people: FakePeople;
  /** Sends as they arrived, accepted or not. */
  readonly sends: SendMessage[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #accepted = new Map<string, { seq: number; messageId: string; timeMs: number }>();
  readonly #conversations: FakeConversations;
  readonly #acts: FakeActs;
  #sessionCount = 0;
  #actCount = 0;
  #noticeCount = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
    this.#conversations = new FakeConversations({ clock, refuse: (name) => this.refuse(name), epoch: () => this.epoch });
    this.rooms = new FakeRooms({
      clock,
      refuse: (name) => this.refuse(name),
      members: (conversation) => this.#conversations.of(conversation).members,
      headSeq: (conversation) => this.#conversations.of(conversation).events.length,
      publish: (conversation, event, users) => this.#notifyAll(conversation, event, users),
    });
    this.groups = new FakeGroups({
      clock,
      refuse: (name) => this.refuse(name),
      members: (conversation) => this.#conversations.of(conversation).members,
      append: (conversation, event) => void this.#append(conversation, event),
      notify: (conversation, event, users) => this.#notifyAll(conversation, event, users),
    });
    this.people = new FakePeople({ clock, notify: (conversation, event, users) => this.#notifyAll(conversation, event, users) });
    this.#acts = new FakeActs({
      clock,
      conversations: this.#conversations,
      refuse: (name) => this.refuse(name),
      append: (sender, conversation, event) => this.#append(conversation, { ...event, sender, priority: 2 }),
      notify: (conversation, event, users) => this.#notifyAll(conversation, event, users),
      notifyLookers: (conversation, event) =>
        this.#notify(conversation, event, ({ link, user }) => link?.looksAt === conversation && user !== event.sender),
    });
  }

  get conversations(): ReadonlyMap<string, FakeConversation> {
    return this.#conversations.all;
  }

  readonly webSocket = (): WebSocketLike => {
    let link: Link | undefined;
    return new FakeSocket({
      clock: this.clock,
      latencyMs: () => this.mischief.latencyMs(),
      isReachable: () => this.isReachable,
      opened: (end) => {
        link = { end, received: [], session: undefined, isOpen: true };
        this.links.push(link);
      },
      received: (bytes) => {
        for (const frame of decodeClientFrames(bytes).frames) if (link?.isOpen) this.#frame(link, frame);
      },
      closed: () => {
        if (link === undefined) return;
        link.isOpen = false;
        if (link.session?.link === link) link.session.link = undefined;
      },
    });
  };

  get link(): Link {
    const link = this.links[this.links.length - 1];
    if (link === undefined) throw new Error('nobody has connected');
    return link;
  }

  group(id: string, members: readonly string[]): FakeConversation {
    return this.#conversations.of(`g:${id}`, members);
  }

  /** Something is said in a conversation, by someone who is not one of the clients under test. */
  say(conversation: string, text: string, sender = 'server', options?: MessageOptionsInit): number {
    const content = { type: 'content', value: contentOf(text) } as const;
    return this.#append(conversation, { sender, priority: 2, clientMsgId: `${sender}-${conversation}-${text}`, body: content, options })
      .seq;
  }

  /** A user who is not one of the clients under test does something to messages or to a conversation. */
  act(conversation: string, user: string, kind: NonNullable<ActInit['kind']>): void {
    this.#acts.act(user, { conversation, clientMsgId: `act-${++this.#actCount}`, act: createAct({ kind }), isRetry: false });
  }

  /** A user who is not one of the clients under test has read up to there. */
  read(conversation: string, user: string, readSeq: number): void {
    this.#acts.moveCursors(user, [{ conversation, readSeq, deliveredSeq: readSeq }]);
  }

  push(link: Link, body: Body, id = 0): void {
    if (!this.isSilent) link.end.send(encodeServerFrames({ frames: [{ id, body }] }));
  }

  refuse(name: ErrorName, retryAfterMs = 0): Body {
    return { type: 'error', value: { code: errorTable[name].code, name, message: errorTable[name].message, retryAfterMs } };
  }

  /** A new history: other events, seqs from 1 again. */
  rebuild(epoch: string): void {
    this.epoch = epoch;
    for (const conversation of this.conversations.values()) {
      const { events, states, counted, views } = conversation;
      events.length = 0;
      conversation.pins = [];
      counted.clear();
      states.clear();
      views.clear();
    }
    this.#accepted.clear();
  }

  /** As after a restart: connections break and none can be resumed. */
  forgetSessions(): void {
    this.#sessions.clear();
    for (const link of this.links) if (link.isOpen) link.end.break();
  }

  #frame(link: Link, frame: ClientFrame): void {
    link.received.push(frame);
    if (frame.body?.type === 'send') this.sends.push(frame.body.value);
    if (this.isSilent || frame.body === undefined) return;
    const special = this.answers.get(frame.body.type);
    const body = special === undefined ? this.#answer(link, frame.body) : special(frame, link);
    const delayMs = frame.body.type.includes('Room') ? (this.mischief.answerDelayMs?.() ?? 0) : 0;
    if (body !== undefined && frame.id !== 0 && delayMs === 0) this.push(link, body, frame.id);
    else if (body !== undefined && frame.id !== 0) this.clock.setTimer(delayMs, () => this.push(link, body, frame.id));
    if (frame.body.type === 'login' && body?.type === 'loggedIn') this.#replay(link);
  }

  #answer(link: Link, body: NonNullable<ClientFrame['body']>): Body | undefined {
    if (body.type === 'login') return this.#login(link, body.value.token, body.value.resumeKey);
    const user = link.session?.user;
    if (user === undefined) return this.refuse('NOT_LOGGED_IN');
    switch (body.type) {
      case 'ping':
        return { type: 'pong', value: { serverTimeMs: this.clock.now() } };
      case 'send':
        return this.#send(link, user, body.value);
      case 'sync':
        return this.#sync(user, body.value.cursor, body.value.page);
      case 'act':
        return this.mischief.sendFate() === 'lose' ? undefined : this.#acts.act(user, body.value);
      case 'moveCursors':
        this.#acts.moveCursors(user, body.value.cursors);
        return { type: 'done', value: {} };
      case 'look':
        link.looksAt = body.value.conversation;
        return { type: 'done', value: {} };
      default:
        return this.#answerOthers(user, body);
    }
  }

  #answerOthers(user: string, body: NonNullable<ClientFrame['body']>): Body {
    return (
      this.#conversations.answer(user, body) ??
      this.groups.answer(user, body) ??
      this.people.answer(user, body) ??
      this.rooms.answer(user, body) ?? { type: 'done', value: {} }
    );
  }

  #login(link: Link, user: string, resumeKey: string): Body {
    let session = this.#sessions.get(resumeKey);
    const isResumed = session !== undefined;
    if (session === undefined) {
      session = { user, resumeKey: `resume-${++this.#sessionCount}`, link: undefined, missed: [], recent: [] };
      this.#sessions.set(session.resumeKey, session);
    }
    link.session = session;
    session.link = link;
    const isComplete = isResumed && session.missed.length <= this.resumeBufferMax;
    session.missed = isComplete ? [...session.recent.map(({ body }) => body), ...session.missed] : [];
    session.recent = [];
    return {
      type: 'loggedIn',
      value: {
        app: 'demo',
        user: session.user,
        session: session.resumeKey,
        resumeKey: session.resumeKey,
        isResumed,
        isComplete,
        heartbeatMs: this.heartbeatMs,
        serverTimeMs: this.clock.now(),
        tokenExpiresMs: this.clock.now() + 3_600_000,
      },
    };
  }

  #replay(link: Link): void {
    const { session } = link;
    if (session === undefined) return;
    const { missed } = session;
    session.missed = [];
    for (const body of missed) this.#toSession(session, body);
  }

  #send(link: Link, user: string, send: SendMessage): Body | undefined {
    const fate = this.mischief.sendFate();
    if (fate === 'lose') return undefined;
    if (fate === 'refuse') return this.refuse('OVERLOADED', 50);
    const key = `${user}/${send.clientMsgId}`;
    const known = this.#accepted.get(key);
    if (known !== undefined) return { type: 'stored', value: known };
    const { conversation, clientMsgId, priority } = send;
    const options = this.#optionsOf(send);
    const event = { sender: user, clientMsgId, priority, options, body: { type: 'content', value: send.content } } as const;
    const place = this.#append(conversation, event, link);
    this.#accepted.set(key, place);
    return { type: 'stored', value: place };
  }

  /** What goes with a message, and what the server adds. */
  #optionsOf({ conversation, options, expiresAfterMs }: SendMessage): MessageOptionsInit | undefined {
    const answered = this.#conversations.of(conversation).events[(options?.reply?.seq ?? 0) - 1];
    const reply = answered && { seq: answered.seq, rootSeq: threadOf(answered) || answered.seq, sender: answered.sender };
    if (options === undefined && expiresAfterMs === 0) return undefined;
    return { ...options, ...(reply && { reply }), ...(expiresAfterMs > 0 && { expiresMs: this.clock.now() + expiresAfterMs }) };
  }

  #append(conversation: string, event: ConversationEventInit, origin?: Link): ConversationEvent {
    const stored = this.#conversations.append(conversation, event);
    const { members } = this.#conversations.of(conversation);
    const isFor = ({ user, link }: Session): boolean => members.has(user) && (origin === undefined || link !== origin);
    const { onlyTo = [] } = stored.options ?? {};
    const isMeant = ({ user }: Session): boolean => onlyTo.length === 0 || [...onlyTo, stored.sender].includes(user);
    this.#spread(conversation, encodeConversationEvent(stored), (session) => isFor(session) && isMeant(session));
    this.#spread(conversation, encodeConversationEvent(withheld(stored)), (session) => isFor(session) && !isMeant(session));
    return stored;
  }

  #notify(conversation: string, event: ConversationEventInit, isFor: (session: Session) => boolean): void {
    const messageId = `n-${++this.#noticeCount}`;
    this.#spread(conversation, encodeConversationEvent({ ...event, conversation, seq: 0, messageId, timeMs: this.clock.now() }), isFor);
  }

  #notifyAll(conversation: string, event: ConversationEventInit, users: Iterable<string>): void {
    const told = new Set(users);
    this.#notify(conversation, event, ({ user }) => told.has(user));
  }

  #spread(conversation: string, bytes: Uint8Array, isFor: (session: Session) => boolean): void {
    for (const session of this.#sessions.values()) if (isFor(session)) this.#publish(session, conversation, bytes);
  }

  #publish(session: Session, conversation: string, bytes: Uint8Array): void {
    const copies = this.mischief.eventCopies();
    for (let copy = 0; copy < copies; copy++) {
      this.clock.setTimer(this.mischief.eventDelayMs(), () => this.#toSession(session, { type: 'event', value: bytes }));
    }
    if (copies > 0) return;
    this.clock.setTimer(500, () => {
      const headSeq = this.#conversations.of(conversation).events.length;
      this.#toSession(session, { type: 'headMoved', value: { conversation, headSeq } });
    });
  }

  /** To the connection that the session has by now, or kept until it has one again. */
  #toSession(session: Session, body: Body): void {
    if (session.link?.isOpen !== true) {
      session.missed.push(body);
      return;
    }
    const atMs = this.clock.now();
    session.recent = [...session.recent.filter((sent) => sent.atMs > atMs - inDoubtMs), { atMs, body }];
    this.push(session.link, body);
  }

  /** Cursor: how many events each conversation had, and when the user changed it, so that it only says "something new". */
  #sync(user: string, cursor: string, page: string): Body {
    const known: Record<string, string> = cursor === '' ? {} : (JSON.parse(cursor) as Record<string, string>);
    const all = [...this.conversations].filter(([, { members }]) => members.has(user));
    const stateOf = ({ events, views }: FakeConversation): string => `${events.length}/${views.get(user)?.changedMs ?? 0}`;
    const changed = all.filter(([id, conversation]) => conversation.events.length > 0 && stateOf(conversation) !== known[id]);
    const at = page === '' ? 0 : Number(page);
    const nextPage = at + 2 < changed.length ? String(at + 2) : '';
    const heads = Object.fromEntries(all.map(([id, conversation]) => [id, stateOf(conversation)]));
    return {
      type: 'syncResult',
      value: {
        conversations: changed.slice(at, at + 2).map(([, conversation]) => this.#conversations.head(user, conversation)),
        cursor: nextPage === '' ? JSON.stringify(heads) : '',
        epoch: this.epoch,
        nextPage,
      },
    };
  }
}

/** Longer than anything travels. */
const inDoubtMs = 200;

const encoder = new TextEncoder();

/** Content{text{text}} by hand, so that the fake shares no encoder with the code under test. */
function contentOf(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length > 120) throw new Error('a short text, please');
  return Uint8Array.from([10, bytes.length + 2, 10, bytes.length, ...bytes]);
}
