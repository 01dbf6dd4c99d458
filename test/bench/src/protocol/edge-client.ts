import {
  type ClientFrameInit,
  decodeConversationEvent,
  decodeServerFrames,
  encodeClientFrames,
  type Error as ErrorFrame,
  type MessagesDropped,
  Priority,
  type ServerFrame,
} from '@parley/wire';
import type { ChatClient, ChatEvents, ConnectOptions, Level, MessageTemplate } from '../chat/chat-server.js';
import { frameIdOf } from './send-template.js';
import { type FrameSink, walkServerFrames } from './walk-server-frames.js';
import { type EdgeAddress, WebSocketConnection } from './web-socket-connection.js';

type Body = NonNullable<ServerFrame['body']>;
interface Request {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** An answer, and how many bytes it took. */
export interface Answer {
  readonly body: Body;
  readonly bytes: number;
}

/** The server refused a request. */
export class RequestRefused extends Error {
  /** Name of the error, as in docs/errors.md. */
  readonly error: string;
  /** What the server advises; 0 when it says nothing. */
  readonly retryAfterMs: number;

  constructor({ name, message, retryAfterMs }: ErrorFrame) {
    super(`${name} ${message}`);
    this.error = name;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Messages that one connection may have under way. */
const slots = 1024;
const pingFrame = encodeClientFrames({ frames: [{ id: 1, body: { type: 'ping', value: {} } }] });
const levelsByPriority: Readonly<Record<number, Level>> = {
  [Priority.LOW]: 'low',
  [Priority.MEDIUM]: 'medium',
  [Priority.HIGH]: 'high',
};
const roomPrefix = 'r:';

/** A client that does as little as it can, so that the server is what gets measured. */
export class EdgeClient implements ChatClient, FrameSink {
  readonly index: number;
  readonly user: string;
  readonly #events: ChatEvents;
  readonly #connection: WebSocketConnection;
  readonly #requests = new Map<number, Request>();
  #pending: Uint8Array[] = [];
  #sent = 0;
  #nextRequest = 2;
  #underWay: Float64Array | undefined;

  /** Starts to connect; `opened` says when that is done. */
  constructor(address: EdgeAddress, { index, user, localAddress }: ConnectOptions, events: ChatEvents) {
    this.index = index;
    this.user = user;
    this.#events = events;
    this.#connection = new WebSocketConnection(
      address,
      { localAddress, subprotocol: 'parley.v1.proto' },
      {
        message: (bytes, start, end) => walkServerFrames(bytes, start, end, this),
        wasRead: () => this.flush(),
        lost: (reason) => this.#lost(reason),
      },
    );
  }

  get isClosed(): boolean {
    return this.#connection.isClosing;
  }

  /** Resolves after the WebSocket handshake. To be called once, at once. */
  opened(): Promise<void> {
    return this.#connection.opened();
  }

  /** Queues a request and resolves with the answer; rejects with a `RequestRefused`, or an Error when the connection is lost. */
  async request(body: NonNullable<ClientFrameInit['body']>): Promise<Body> {
    return (await this.ask(body)).body;
  }

  /** The same, where the size of the answer matters. */
  ask(body: NonNullable<ClientFrameInit['body']>): Promise<Answer> {
    const id = this.#nextRequest;
    this.#nextRequest = id === 100 ? 2 : id + 1;
    this.#pending.push(encodeClientFrames({ frames: [{ id, body }] }));
    return new Promise((resolve, reject) => this.#requests.set(id, { resolve, reject }));
  }

  async create(room: string, memberLimit: number): Promise<void> {
    const created = this.request({ type: 'createRoom', value: { room, name: room, memberLimit } });
    this.flush();
    await created;
  }

  async enter(room: string): Promise<void> {
    const entered = this.request({ type: 'enterRoom', value: { room, name: room } });
    this.flush();
    await entered;
  }

  send(template: MessageTemplate, messageIndex: number): void {
    this.#underWay ??= new Float64Array(slots);
    const frameId = frameIdOf(this.#sent++);
    this.#underWay[frameId % slots] = messageIndex;
    this.#pending.push(template.frame(frameId, messageIndex));
  }

  ping(): void {
    this.#pending.push(pingFrame);
    this.flush();
  }

  /** Writes what is queued as one WebSocket message. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#connection.send(this.#pending);
    this.#pending = [];
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Loses the connection, as a device without a network does: the server hears of no logout. */
  drop(): void {
    this.#connection.destroy();
  }

  /** Ends the session and the connection; resolves when the server has closed it. */
  logout(): Promise<void> {
    this.#connection.expectEnd();
    this.#pending.push(encodeClientFrames({ frames: [{ id: 0, body: { type: 'logout', value: {} } }] }));
    this.flush();
    return this.#connection.closed();
  }

  stored(frameId: number): void {
    this.#events.stored(this, this.#underWay?.[frameId % slots] ?? -1);
  }

  event(messageIndex: number): void {
    if (messageIndex >= 0) this.#events.arrived(this, messageIndex);
  }

  pong(): void {
    // It came; that is all.
  }

  other(bytes: Uint8Array): void {
    const frame = decodeServerFrames(bytes).frames[0];
    if (frame?.body === undefined) return;
    const request = this.#requests.get(frame.id);
    this.#requests.delete(frame.id);
    const { body } = frame;
    if (body.type === 'error') {
      if (request !== undefined) request.reject(new RequestRefused(body.value));
      else if (frame.id > 100) this.#events.refused(this, this.#underWay?.[frame.id % slots] ?? -1, body.value.name);
      else this.#events.trouble(this, `error ${body.value.name}`);
    } else if (request !== undefined) request.resolve({ body, bytes: bytes.length });
    else if (body.type === 'event') this.#eventOfServer(body.value);
    else if (body.type === 'messagesDropped') this.#dropped(undefined, body.value);
    else if (!this.#connection.isClosing) this.#events.trouble(this, body.type);
  }

  #eventOfServer(bytes: Uint8Array): void {
    const { conversation, body } = decodeConversationEvent(bytes);
    if (body?.type === 'messagesDropped') this.#dropped(conversation.slice(roomPrefix.length), body.value);
  }

  #dropped(room: string | undefined, { counts }: MessagesDropped): void {
    for (const { priority, count } of counts) {
      const level = levelsByPriority[priority];
      if (level === undefined) this.#events.trouble(this, `dropped messages of priority ${priority}`);
      else this.#events.dropped(this, room, level, count);
    }
  }

  #lost(reason: string): void {
    for (const request of this.#requests.values()) request.reject(new Error(reason));
    this.#requests.clear();
    this.#events.trouble(this, reason);
  }
}
