import type { RulesBook } from '@parley/domain';
import { type Clock, ParleyError, refusal, type Refusal } from '@parley/kernel';
import type { RouterClient } from '@parley/router-client';
import type { Logger } from '@parley/telemetry';
import type { ClientFrame, CloseReason, ServerFrameInit } from '@parley/wire';
import type { GatewayLimits } from '../limits.js';
import type { GatewayMetrics } from '../metrics.js';
import { CachedRefusal } from '../outbound/cached-refusal.js';
import { Chunk, chunkOf } from '../outbound/chunk.js';
import { errorFrame } from '../outbound/frames.js';
import type { Outbound } from '../outbound/outbound.js';
import { queues } from '../outbound/outbox.js';
import type { JsonCodec } from '../ports.js';
import type { RequestDeps } from '../requests/request-handler.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Connections } from '../sessions/connections.js';
import type { LoginDesk } from '../sessions/login-desk.js';
import type { Session } from '../sessions/session.js';
import type { SessionTable } from '../sessions/session-table.js';
import { decodeFrames } from './decode-frames.js';
import type { Admission } from './admission.js';
import { Floods } from './flood.js';
import type { RateLimiter } from './rate-limiter.js';
import { Requests } from './requests.js';
import { type ActFrame, type CursorsFrame, moveCursors, sendAct } from './send-act.js';
import { levelOf, refusalOfConversation, type SendFrame, sendMessage } from './send-message.js';
import type { LoopLag } from '../overload/loop-lag.js';

export interface InboundDeps {
  readonly router: RouterClient;
  readonly connections: Connections;
  readonly sessions: SessionTable;
  readonly loginDesk: LoginDesk;
  readonly outbound: Outbound;
  readonly requests: RequestDeps;
  readonly rateLimiter: RateLimiter;
  readonly admission: Admission;
  readonly loopLag: Pick<LoopLag, 'touch'>;
  readonly rules: RulesBook;
  readonly jsonCodec: JsonCodec | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly limits: GatewayLimits;
}

/** When a client that was behind with reading should ask again. */
const unreadRetryMs = 1_000;

const tooManyFrames = new CachedRefusal('RATE_LIMITED', 'client: frames');

/** Takes what clients send: decodes, lets in, answers. */
export class Inbound {
  readonly #deps: InboundDeps;
  readonly #floods: Floods;
  readonly #requests: Requests;
  readonly #rateLimited: { add(amount: number): void };

  constructor(deps: InboundDeps) {
    this.#deps = deps;
    this.#rateLimited = deps.metrics.refusals.with('RATE_LIMITED');
    this.#floods = new Floods({
      clock: deps.clock,
      limits: deps.limits,
      handle: (connection, data) => this.#read(connection, data),
      onOverflow: (connection) => this.#closeWith(connection, 'RATE_LIMITED', 0, refusal('RATE_LIMITED', 'client: frames')),
    });
    this.#requests = new Requests({
      ...deps,
      answer: (connection, frame) => this.#answerInTurn(connection, frame),
      refuse: (connection, id, error) => this.#refuse(connection, id, error),
    });
  }

  stop(): void {
    this.#floods.stop();
  }

  receive(connection: ClientConnection, data: Uint8Array | string): void {
    const { clock, connections, limits, loopLag } = this.#deps;
    if (connection.state === 'closed') return;
    const nowMs = clock.monotonic();
    // Also when this process was frozen: others were told that the user is offline, and are right.
    const late = this.lateness(connection, nowMs);
    if (late !== undefined) {
      connections.close(connection, late);
      return;
    }
    if (connection.session === undefined && byteLength(data) > limits.loginFrameBytesMax) {
      const error = refusal('MESSAGE_TOO_LARGE', `before login: at most ${limits.loginFrameBytesMax} bytes`);
      connections.close(connection, 'INVALID_FRAME', errorFrame(0, error));
      return;
    }
    loopLag.touch(nowMs);
    // A client that sends is alive, whenever somebody looks at it.
    if (connection.session !== undefined) connection.lastFrameMs = nowMs;
    if (!this.#floods.takes(connection, data)) this.#read(connection, data);
  }

  #read(connection: ClientConnection, data: Uint8Array | string): void {
    const { clock, connections, jsonCodec, metrics } = this.#deps;
    if (connection.state === 'closed') return;
    const frames = decodeFrames(data, connection.isJson, jsonCodec);
    if (frames === undefined) {
      connections.close(connection, 'INVALID_FRAME', errorFrame(0, refusal('INVALID_FRAME')));
      return;
    }
    // Empty messages do not put the deadline of the login off.
    if (frames.length > 0) connection.lastFrameMs = clock.monotonic();
    metrics.framesIn.add(frames.length);
    for (const frame of frames) this.#dispatch(connection, frame);
  }

  /** Why a connection has been silent for too long, if it has. */
  lateness(connection: ClientConnection, nowMs: number): CloseReason | undefined {
    const { limits } = this.#deps;
    const silentMs = nowMs - connection.lastFrameMs;
    if (connection.session === undefined) return silentMs > limits.loginWithinMs ? 'LOGIN_TIMEOUT' : undefined;
    return silentMs > limits.offlineAfterMs ? 'HEARTBEAT_TIMEOUT' : undefined;
  }

  #dispatch(connection: ClientConnection, frame: ClientFrame): void {
    const { session } = connection;
    if (session !== undefined) {
      this.#handle(connection, session, frame);
    } else if (connection.state === 'new') {
      if (frame.body?.type === 'login') this.#deps.loginDesk.login(connection, frame.id, frame.body.value);
      else this.#closeWith(connection, 'NOT_LOGGED_IN', frame.id, refusal('NOT_LOGGED_IN'));
    }
  }

  #handle(connection: ClientConnection, session: Session, frame: ClientFrame): void {
    const { clock, outbound, rateLimiter } = this.#deps;
    const nowMs = clock.monotonic();
    const level = frame.body?.type === 'send' ? levelOf(frame.body.value.priority) : 'medium';
    const waitMs = rateLimiter.take(connection, 'frames', level, nowMs);
    if (waitMs > 0) {
      this.#rateLimited.add(1);
      if (frame.id !== 0) outbound.send(connection, tooManyFrames.chunk(frame.id, waitMs));
      this.#floods.refused(connection, nowMs);
      return;
    }
    const { body } = frame;
    if (body === undefined) {
      this.#refuse(connection, frame.id, refusal('UNSUPPORTED'));
      return;
    }
    switch (body.type) {
      case 'login':
        this.#refuse(connection, frame.id, refusal('ALREADY_LOGGED_IN'));
        return;
      case 'ping':
        this.#answer(connection, { id: frame.id, body: { type: 'pong', value: { serverTimeMs: clock.now() } } });
        return;
      case 'send':
      case 'act':
      case 'moveCursors':
        this.#submit(connection, session, frame, body);
        return;
      case 'look':
        this.#look(connection, session, frame.id, body.value.conversation);
        return;
      case 'renewToken': {
        const refused = this.#deps.loginDesk.renew(session, body.value.token);
        if (refused === undefined) this.#answer(connection, doneFrame(frame.id));
        else this.#refuse(connection, frame.id, refused);
        return;
      }
      case 'logout':
        this.#requests.abandonRooms(session, frame);
        this.#deps.sessions.end(session);
        this.#deps.connections.close(connection, 'LOGOUT', frame.id === 0 ? undefined : doneFrame(frame.id));
        return;
      default:
        this.#requests.start(connection, session, frame, body);
    }
  }

  /** What goes into a lane. The outcome answers it, but for cursors. */
  #submit(connection: ClientConnection, session: Session, frame: ClientFrame, body: LaneBody): void {
    const refused = this.#refusalOf(connection, session, frame, body);
    if (!(refused instanceof Chunk)) {
      if (refused !== undefined) this.#refuse(connection, frame.id, refused);
      else if (body.type === 'moveCursors') this.#answer(connection, doneFrame(frame.id));
      return;
    }
    if (frame.id !== 0) this.#deps.outbound.send(connection, refused);
    this.#floods.refused(connection, this.#deps.clock.monotonic());
  }

  #refusalOf(connection: ClientConnection, session: Session, frame: ClientFrame, body: LaneBody): Refusal | Chunk | undefined {
    switch (body.type) {
      case 'send':
        return sendMessage(this.#deps, connection, session, { ...frame, body });
      case 'act':
        return sendAct(this.#deps, connection, session, { ...frame, body });
      case 'moveCursors':
        return moveCursors(this.#deps, connection, session, { ...frame, body });
    }
  }

  #look(connection: ClientConnection, session: Session, id: number, conversation: string): void {
    const refused = conversation === '' ? undefined : refusalOfConversation(conversation, session.user.id);
    if (refused !== undefined) {
      this.#refuse(connection, id, refused);
      return;
    }
    connection.looking = conversation;
    this.#answer(connection, doneFrame(id));
  }

  #refuse(connection: ClientConnection, id: number, error: Refusal): void {
    this.#deps.metrics.refusals.add(1, error.name);
    this.#answer(connection, errorFrame(id, error));
  }

  /** Requests with id 0 want no answer. */
  #answer(connection: ClientConnection, frame: ServerFrameInit): void {
    if (frame.id !== 0) this.#deps.outbound.send(connection, chunkOf(frame), queues.urgent);
  }

  /** Answers of services may be large: then they wait for each other. */
  async #answerInTurn(connection: ClientConnection, frame: ServerFrameInit): Promise<void> {
    if (frame.id === 0 || (await this.#deps.outbound.sendAnswer(connection, chunkOf(frame)))) return;
    throw new ParleyError('OVERLOADED', 'answers wait for the client to read', { retryAfterMs: unreadRetryMs });
  }

  #closeWith(connection: ClientConnection, reason: CloseReason, id: number, error: Refusal): void {
    this.#deps.metrics.refusals.add(1, error.name);
    this.#deps.connections.close(connection, reason, errorFrame(id, error));
  }
}

type LaneBody = (SendFrame | ActFrame | CursorsFrame)['body'];

const doneFrame = (id: number): ServerFrameInit => ({ id, body: { type: 'done', value: {} } });

const byteLength = (data: Uint8Array | string): number => (typeof data === 'string' ? Buffer.byteLength(data) : data.length);
