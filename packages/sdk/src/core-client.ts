import { conversationOfUsers, randomId, systemClock, systemRandom, type Clock, type Random, type UserId } from '@parley/kernel';
import {
  type ConversationEvent,
  decodeAs,
  encodeAs,
  type LoggedIn,
  type MessageOptions,
  messageOptionsSchema,
  type MessagesDropped,
  type Priority,
} from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import type { ClientParts, ClientSteps } from './client-parts.js';
import { coreVocabulary } from './codec/core-vocabulary.js';
import { FrameCodec } from './codec/frame-codec.js';
import type { Vocabulary } from './codec/vocabulary.js';
import type { Connection, RequestBody, ServerBody } from './connection.js';
import { type ConversationDeps, ConversationHandle } from './conversation-handle.js';
import { Emitter, type Off } from './emitter.js';
import { EventDecoder, type Told } from './event-decoder.js';
import type { ClientEvents, ConnectionStatus } from './events.js';
import { type SdkLimits, sdkLimits } from './limits.js';
import { Outbox } from './outbox.js';
import { memoryOutboxStore, type OutboxStore, type PendingSend } from './outbox-store.js';
import { Requester } from './requester.js';
import type { Room } from './room/room.js';
import { type EnterOptions, type NewRoom, Rooms } from './room/rooms.js';
import type { SendHandle, StoredMessage } from './send-handle.js';
import { Session } from './session.js';
import type { WebSocketLike } from './socket.js';
import { type ClientPosition, Timeline } from './timeline.js';
import { TokenSource } from './token-source.js';

export interface ClientOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  /** Asked for a token at the first login, before the old one ends, and when the server finds fault with it. */
  readonly token: () => string | Promise<string>;
  /**
   * Stable per installation; a random one by default, so that every client counts as a device of its own. So does one that finds
   * another client logged in as the same device, such as a second tab.
   */
  readonly device?: string;
  /** Id of the user, where it is known before the first login; `user(peer)` needs it. */
  readonly user?: string;
  /** Keeps unanswered sends; by default in memory only. */
  readonly store?: OutboxStore;
  /** `client.position` of an earlier run: sync goes on from there. */
  readonly position?: ClientPosition;
  /**
   * `all` (default) fetches the newest events (`limits.catchUpMax`) of every conversation. `heads` only reports conversations
   * that are new to the client, and holes that are longer than that.
   */
  readonly catchUp?: 'all' | 'heads';
  /** Makes the sockets; the global WebSocket by default. Node before 22: `@parley/sdk/node`. */
  readonly webSocket?: (url: string, protocols: string[]) => WebSocketLike;
  readonly limits?: Partial<SdkLimits>;
  readonly clock?: Clock;
  readonly random?: Random;
}

const version = 'parley-js/0.1.0';

/** One login of one user: keeps the connection, the outbox and the order of everything that is received. */
export class CoreClient {
  /** The rooms of the user: to create, enter, leave and list them. */
  readonly rooms: Rooms;
  /** For what is built on the core. */
  protected readonly parts: ClientParts;
  protected readonly conversationDeps: ConversationDeps;
  readonly #events = new Emitter<ClientEvents>();
  readonly #steps = new Emitter<ClientSteps>();
  readonly #vocabulary: Vocabulary;
  readonly #codec: FrameCodec;
  readonly #decoder: EventDecoder;
  readonly #requests: Requester;
  readonly #outbox: Outbox;
  readonly #timeline: Timeline;
  readonly #session: Session;
  #status: ConnectionStatus = { state: 'idle' };
  #user: string;

  constructor(options: ClientOptions, vocabulary: Vocabulary = coreVocabulary) {
    const { clock = systemClock, random = systemRandom, catchUp = 'all', position } = options;
    const limits: SdkLimits = { ...sdkLimits, ...options.limits };
    const self = (): string => this.#user;
    this.#user = options.user ?? '';
    this.#vocabulary = vocabulary;
    this.#codec = new FrameCodec({ ...vocabulary, events: vocabulary.events.map(({ body }) => body) });
    this.#decoder = new EventDecoder(this.#codec, vocabulary.events, self);
    this.#requests = new Requester(clock, limits);
    this.#outbox = this.#makeOutbox({ clock, random, limits, store: options.store ?? memoryOutboxStore() });
    this.rooms = this.#makeRooms({ clock, random, limits });
    this.#timeline = new Timeline({
      clock,
      random,
      limits,
      catchUp,
      position,
      events: this.#events,
      decoder: this.#decoder,
      self,
      query: (value) => this.#requests.call({ body: { type: 'queryHistory', value }, expect: 'historyPage', isImmediate: true }),
      sync: (value) => this.#requests.call({ body: { type: 'sync', value }, expect: 'syncResult', isImmediate: true }),
      takeNotice: (event) => this.#takeNotice(event),
      observe: (told) => this.#observe(told),
      syncing: () => this.#steps.emit('syncing', undefined),
      observeHead: (head) => this.#steps.emit('head', head),
      reset: () => this.rooms.reset(),
    });
    this.#session = this.#makeSession(options, { clock, random, limits });
    const query: ConversationDeps['history']['query'] = (value) =>
      this.#requests.call({ body: { type: 'queryHistory', value }, expect: 'historyPage', isRepeatable: true });
    const knownHead = (conversation: string): number => this.#timeline.knownHead(conversation);
    const decoder = this.#decoder;
    const outbox = this.#outbox;
    this.conversationDeps = { outbox, random, history: { query, decoder, knownHead } };
    this.parts = {
      clock,
      random,
      limits,
      self,
      outbox,
      decoder,
      events: this.#events,
      steps: this.#steps,
      requests: this.#requests,
      timeline: this.#timeline,
    };
  }

  /** Calls the listener for every event of the name until the returned function is called. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (value: ClientEvents[Name]) => void): Off {
    return this.#events.on(name, listener);
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Id of the user; empty before the first login when it was not given. */
  get userId(): string {
    return this.#user;
  }

  /** To be kept by the application and given to the next client; see `ClientOptions.position`. */
  get position(): ClientPosition {
    return this.#timeline.position;
  }

  /** Sends without an answer so far, oldest first. */
  get pending(): readonly SendHandle[] {
    return this.#outbox.pending;
  }

  /**
   * Connects and stays connected until `close`. Resolves with the user's id at the first login; rejects only when
   * the server refuses for good or the client is closed, for what passes is tried again.
   */
  connect(): Promise<string> {
    const first = new Promise<string>((resolve, reject) => {
      const settle = (status: ConnectionStatus): boolean => {
        if (status.state === 'online') resolve(status.user);
        else if (status.state === 'closed') reject(status.error ?? ParleyClientError.of('UNAVAILABLE', 'the client was closed'));
        return status.state === 'online' || status.state === 'closed';
      };
      if (settle(this.#status)) return;
      const off = this.#events.on('connection', (status) => {
        if (settle(status)) off();
      });
    });
    // Whoever does not wait for it learns the same from the `connection` event.
    first.catch(() => {});
    this.#session.start();
    return first;
  }

  /** Tries again at once, or tests the connection: for when the page is shown again or the network came back. */
  wake(): void {
    this.#session.wake();
  }

  /** Closes for good. The session stays resumable on the server for a while; sends stay in the store. */
  close(): void {
    if (this.#session.isClosed) return;
    this.flush();
    this.#outbox.close();
    this.#session.close();
  }

  /** Writes at once what is being collected, such as cursors: for when the page is hidden. */
  flush(): void {
    this.#steps.emit('flush', undefined);
  }

  /** Ends the session on the server, then closes. */
  async logout(): Promise<void> {
    this.flush();
    if (this.#requests.connection !== undefined) {
      await this.#requests.call({ body: { type: 'logout', value: {} }, expect: 'done', isImmediate: true }).catch(() => {});
    }
    this.close();
  }

  /** By id: `u:<a>|<b>`, `g:<group>` or `r:<room>`. */
  conversation(id: string): ConversationHandle {
    return new ConversationHandle(id, this.conversationDeps);
  }

  /** The conversation with another user. Throws NOT_LOGGED_IN while the own id is not known. */
  user(peer: string): ConversationHandle {
    if (this.#user === '') throw ParleyClientError.of('NOT_LOGGED_IN', 'await connect() first, or pass options.user');
    return this.conversation(conversationOfUsers(this.#user as UserId, peer as UserId));
  }

  group(id: string): ConversationHandle {
    return this.conversation(`g:${id}`);
  }

  room(id: string): ConversationHandle {
    return this.conversation(`r:${id}`);
  }

  /** Short for `rooms.create`, with what most want to know. */
  async createRoom(room: NewRoom = {}): Promise<EnteredRoom> {
    return enteredRoomOf(await this.rooms.create(room));
  }

  /** Short for `rooms.enter`, or `rooms.join` with `mustExist`. */
  async enterRoom(room: string, options: EnterOptions & { mustExist?: boolean } = {}): Promise<EnteredRoom> {
    return enteredRoomOf(await (options.mustExist === true ? this.rooms.join(room) : this.rooms.enter(room, options)));
  }

  /** Short for `rooms.leave`. */
  leaveRoom(room: string): Promise<void> {
    return this.rooms.leave(room);
  }

  #makeOutbox(deps: { clock: Clock; random: Random; limits: SdkLimits; store: OutboxStore }): Outbox {
    return new Outbox({
      ...deps,
      requestOf: (send, isRetry) => this.#requestOf(send, isRetry),
      changed: (handle) => this.#events.emit('send', handle),
      stored: (send, place) => this.#storedOwn(send, place),
      error: (error) => this.#events.emit('error', error),
    });
  }

  #makeRooms(deps: { clock: Clock; random: Random; limits: SdkLimits }): Rooms {
    return new Rooms({
      ...deps,
      events: this.#events,
      self: () => this.#user,
      call: (options) => this.#requests.call(options),
      conversation: (id) => this.conversation(id),
      blocked: (conversation) => this.#outbox.block(conversation),
      unblocked: (conversation) => this.#outbox.unblock(conversation),
      entered: (conversation, headSeq) => this.#timeline.enter(conversation, headSeq),
      left: (conversation) => this.#timeline.forget(conversation),
    });
  }

  #makeSession(options: ClientOptions, deps: { clock: Clock; random: Random; limits: SdkLimits }): Session {
    return new Session({
      ...deps,
      url: options.url,
      device: options.device ?? randomId(deps.random, 16),
      clientName: version,
      codec: this.#codec,
      tokens: new TokenSource(options.token, deps.clock, deps.limits.tokenTimeoutMs),
      webSocket: options.webSocket ?? globalWebSocket,
      hooks: {
        status: (status) => this.#setStatus(status),
        online: (connection, loggedIn, isComplete) => this.#online(connection, { loggedIn, isComplete }),
        offline: () => this.#offline(),
        pushed: (body) => this.#pushed(body),
        tokenExpiring: (expiresMs) => this.#events.emit('tokenExpiring', { expiresMs }),
        kicked: (code, reason) => this.#events.emit('kicked', { code, reason }),
        error: (error) => this.#events.emit('error', error),
      },
    });
  }

  #setStatus(status: ConnectionStatus): void {
    this.#status = status;
    if (status.state === 'closed') {
      this.#outbox.close();
      this.#requests.close();
      this.#timeline.offline();
      this.rooms.close();
    }
    this.#events.emit('connection', status);
  }

  #online(connection: Connection, { loggedIn, isComplete }: { readonly loggedIn: LoggedIn; readonly isComplete: boolean }): void {
    this.#user = loggedIn.user;
    this.#requests.online(connection);
    this.#timeline.online(isComplete);
    this.rooms.online(isComplete);
    this.#steps.emit('online', { isComplete, serverTimeMs: loggedIn.serverTimeMs });
    this.#outbox.online(connection);
  }

  #offline(): void {
    this.#requests.offline();
    this.#outbox.offline();
    this.#timeline.offline();
    this.rooms.offline();
    this.#steps.emit('offline', undefined);
  }

  #pushed(body: ServerBody): void {
    switch (body.type) {
      case 'event':
        this.#timeline.receive(body.value);
        break;
      case 'headMoved':
        this.#timeline.headMoved(body.value.conversation, body.value.headSeq);
        this.rooms.doubt(body.value.conversation);
        break;
      case 'resyncNeeded':
        this.#timeline.needSync();
        this.rooms.doubt();
        break;
      case 'messagesDropped':
        this.rooms.dropped({ conversation: '', ...droppedCounts(body.value) });
        break;
      default:
    }
  }

  #takeNotice({ conversation, timeMs, body }: ConversationEvent): boolean {
    switch (body?.type) {
      case 'roomChange':
        this.rooms.receive(conversation, { type: 'roomChange', value: { ...body.value, timeMs } });
        return true;
      case 'roomTally':
      case 'memberAttributes':
        this.rooms.receive(conversation, body);
        return true;
      case 'messagesDropped':
        this.rooms.dropped({ conversation, ...droppedCounts(body.value) });
        return true;
      default:
        return false;
    }
  }

  #observe(told: Told): void {
    const { event } = told;
    this.#outbox.observe(told, this.#user);
    this.#steps.emit('told', told);
    if (event.type === 'membership') this.rooms.observe(event);
  }

  #requestOf(send: PendingSend, isRetry: boolean): RequestBody | undefined {
    if (send.isAct === true) return this.#vocabulary.acts?.requestOf(send, isRetry);
    const { conversation, clientMsgId, content, options, expiresAfterMs } = send;
    const priority = send.priority as Priority;
    return { type: 'send', value: { conversation, clientMsgId, priority, content, isRetry, options, expiresAfterMs } };
  }

  /**
   * The connection that sent a message gets no event for it: the acknowledgement takes its place in the order. Of an act it
   * gets the event, which is on its way.
   */
  #storedOwn(send: PendingSend, { seq, messageId, timeMs }: StoredMessage): void {
    const { conversation, clientMsgId, content } = send;
    if (send.isAct === true) {
      if (seq > 0) this.#timeline.headMoved(conversation, seq);
      return;
    }
    const body = { type: 'content', value: content } as const;
    const source = { conversation, clientMsgId, seq, messageId, timeMs, sender: this.#user, priority: send.priority as Priority };
    this.#timeline.offer(this.#decoder.tell({ ...source, options: ownOptions(send, timeMs), body }));
  }
}

/** What goes with an own message, as the server stores it; of the thread it is in, as far as the sender knew. */
function ownOptions({ options, expiresAfterMs = 0 }: PendingSend, timeMs: number): MessageOptions | undefined {
  if (options === undefined && expiresAfterMs === 0) return undefined;
  const expiresMs = expiresAfterMs > 0 ? timeMs + expiresAfterMs : 0;
  return decodeAs(messageOptionsSchema, encodeAs(messageOptionsSchema, { ...options, expiresMs }));
}

/** What `createRoom` and `enterRoom` answer with. */
export interface EnteredRoom {
  readonly room: string;
  readonly name: string;
  readonly memberCount: number;
}

const enteredRoomOf = ({ id, name, memberCount }: Room): EnteredRoom => ({ room: id, name, memberCount });

function droppedCounts({ counts }: MessagesDropped): { readonly low: number; readonly medium: number } {
  const countOf = (level: number): number => counts.reduce((sum, { priority, count }) => (priority === level ? sum + count : sum), 0);
  return { low: countOf(1), medium: countOf(2) };
}

function globalWebSocket(url: string, protocols: string[]): WebSocketLike {
  const { WebSocket } = globalThis as { WebSocket?: new (url: string, protocols: string[]) => WebSocketLike };
  if (WebSocket === undefined) throw new Error('no WebSocket here: pass options.webSocket, or import from @parley/sdk/node');
  return new WebSocket(url, protocols);
}
