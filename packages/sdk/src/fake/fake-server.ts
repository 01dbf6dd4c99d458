import { errorTable, type ErrorName } from '@parley/kernel';
import {
  type ClientFrame,
  type ConversationEventInit,
  decodeClientFrames,
  encodeConversationEvent,
  encodeServerFrames,
  type QueryHistory,
  type SendMessage,
  type ServerFrameInit,
} from '@parley/wire';
import type { WebSocketLike } from '../socket.js';
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

interface Conversation {
  readonly members: Set<string>;
  readonly events: ConversationEventInit[];
  firstSeq: number;
}

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
  readonly conversations = new Map<string, Conversation>();
  readonly rooms: FakeRooms;
  /** Sends as they arrived, accepted or not. */
  readonly sends: SendMessage[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #accepted = new Map<string, { seq: number; messageId: string; timeMs: number }>();
  #sessionCount = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
    this.rooms = new FakeRooms({
      clock,
      refuse: (name) => this.refuse(name),
      members: (conversation) => this.#conversation(conversation).members,
      headSeq: (conversation) => this.#conversation(conversation).events.length,
      publish: (conversation, event, users) => this.#notify(conversation, event, new Set(users)),
    });
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

  group(id: string, members: readonly string[]): Conversation {
    return this.#conversation(`g:${id}`, members);
  }

  /** Something is said in a conversation, by someone who is not one of the clients under test. */
  say(conversation: string, text: string, sender = 'server'): number {
    return this.#append(conversation, {
      sender,
      priority: 2,
      clientMsgId: `${sender}-${conversation}-${text}`,
      body: { type: 'content', value: contentOf(text) },
    });
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
    for (const conversation of this.conversations.values()) conversation.events.length = 0;
    this.#accepted.clear();
  }

  /** As after a restart: connections break and none can be resumed. */
  forgetSessions(): void {
    this.#sessions.clear();
    for (const link of this.links) if (link.isOpen) link.end.break();
  }

  #conversation(id: string, members: readonly string[] = []): Conversation {
    let conversation = this.conversations.get(id);
    if (conversation === undefined) {
      conversation = { members: new Set(id.startsWith('u:') ? id.slice(2).split('|') : members), events: [], firstSeq: 1 };
      this.conversations.set(id, conversation);
    }
    return conversation;
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
      case 'queryHistory':
        return this.#history(body.value);
      default:
        if (body.type === 'changeGroup') return { type: 'groupResult', value: {} };
        return this.rooms.answer(user, body) ?? { type: 'done', value: {} };
    }
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
    const place = { seq: 0, messageId: `m-${key}`, timeMs: this.clock.now() };
    place.seq = this.#append(conversation, { sender: user, clientMsgId, priority, body: { type: 'content', value: send.content } }, link);
    this.#accepted.set(key, place);
    return { type: 'stored', value: place };
  }

  #append(conversation: string, event: ConversationEventInit, origin?: Link): number {
    const { events, members } = this.#conversation(conversation);
    const seq = events.length + 1;
    const stored = { ...event, conversation, seq, messageId: `m-${conversation}-${seq}`, timeMs: this.clock.now() };
    events.push(stored);
    const bytes = encodeConversationEvent(stored);
    for (const session of this.#sessions.values()) {
      if (!members.has(session.user) || (origin !== undefined && session.link === origin)) continue;
      this.#publish(session, conversation, bytes);
    }
    return seq;
  }

  #notify(conversation: string, event: ConversationEventInit, users: ReadonlySet<string>): void {
    const bytes = encodeConversationEvent({ ...event, conversation, seq: 0, timeMs: this.clock.now() });
    for (const session of this.#sessions.values()) if (users.has(session.user)) this.#publish(session, conversation, bytes);
  }

  #publish(session: Session, conversation: string, bytes: Uint8Array): void {
    const copies = this.mischief.eventCopies();
    for (let copy = 0; copy < copies; copy++) {
      this.clock.setTimer(this.mischief.eventDelayMs(), () => this.#toSession(session, { type: 'event', value: bytes }));
    }
    if (copies > 0) return;
    this.clock.setTimer(500, () => {
      const headSeq = this.#conversation(conversation).events.length;
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

  /** Cursor: the number of events in all conversations together at the time, so that it only says "something new". */
  #sync(user: string, cursor: string, page: string): Body {
    const known: Record<string, number> = cursor === '' ? {} : (JSON.parse(cursor) as Record<string, number>);
    const all = [...this.conversations].filter(([, { members }]) => members.has(user));
    const changed = all.filter(([id, { events }]) => events.length > 0 && events.length !== known[id]);
    const at = page === '' ? 0 : Number(page);
    const nextPage = at + 2 < changed.length ? String(at + 2) : '';
    const heads = Object.fromEntries(all.map(([id, { events }]) => [id, events.length]));
    return {
      type: 'syncResult',
      value: {
        conversations: changed.slice(at, at + 2).map(([conversation, { events, firstSeq }]) => ({
          conversation,
          headSeq: events.length,
          firstSeq,
          updatedMs: this.clock.now(),
          isMember: true,
        })),
        cursor: nextPage === '' ? JSON.stringify(heads) : '',
        epoch: this.epoch,
        nextPage,
      },
    };
  }

  #history(query: QueryHistory): Body {
    const { events, firstSeq } = this.#conversation(query.conversation);
    const limit = query.limit === 0 ? 50 : query.limit;
    const from = query.fromSeq === 0 ? events.length : query.fromSeq;
    const entitled = events.filter(({ seq = 0 }) => seq >= firstSeq && (query.backwards ? seq <= from : seq >= from));
    if (query.backwards) entitled.reverse();
    return {
      type: 'historyPage',
      value: {
        events: entitled.slice(0, limit).map((event) => encodeConversationEvent(event)),
        headSeq: events.length,
        firstSeq,
        epoch: this.epoch,
        hasMore: entitled.length > limit,
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
