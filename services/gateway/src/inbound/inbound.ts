import { type Clock, ParleyError, refusal, type Refusal, withTimeout } from '@parley/kernel';
import type { RouterClient } from '@parley/router-client';
import type { CallOptions } from '@parley/rpc';
import type { Logger } from '@parley/telemetry';
import type { ClientFrame, CloseReason, ServerFrameInit } from '@parley/wire';
import type { GatewayLimits } from '../limits.js';
import type { GatewayMetrics } from '../metrics.js';
import { chunkOf } from '../outbound/chunk.js';
import { clientError, errorFrame } from '../outbound/frames.js';
import type { Outbound } from '../outbound/outbound.js';
import { type QueueIndex, queues } from '../outbound/outbox.js';
import type { JsonCodec } from '../ports.js';
import type { RequestDeps, RequestType } from '../requests/request-handler.js';
import { answerRequest, type RequestBody } from '../requests/request-table.js';
import { abandonRooms } from '../requests/room-requests.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Connections } from '../sessions/connections.js';
import type { LoginDesk } from '../sessions/login-desk.js';
import type { Session } from '../sessions/session.js';
import type { SessionTable } from '../sessions/session-table.js';
import { decodeFrames } from './decode-frames.js';
import type { RateClass, RateLimiter } from './rate-limiter.js';
import { sendMessage, traceOf } from './send-message.js';

export interface InboundDeps {
  readonly router: RouterClient;
  readonly connections: Connections;
  readonly sessions: SessionTable;
  readonly loginDesk: LoginDesk;
  readonly outbound: Outbound;
  readonly requests: RequestDeps;
  readonly rateLimiter: RateLimiter;
  readonly jsonCodec: JsonCodec | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly limits: GatewayLimits;
}

const busyRetryMs = 100;

/** Requests with a rate of their own, besides that of frames. */
const classOfRequest: { readonly [T in RequestType]?: RateClass } = {
  changeRoomAttributes: 'attributes',
  changeMemberAttributes: 'attributes',
  incrementCounter: 'counters',
  kickFromRoom: 'moderation',
  banFromRoom: 'moderation',
  muteInRoom: 'moderation',
  setRoomRole: 'moderation',
  renameRoom: 'moderation',
  destroyRoom: 'moderation',
};

/** Takes what clients send: decodes, lets in, answers. */
export class Inbound {
  readonly #deps: InboundDeps;

  constructor(deps: InboundDeps) {
    this.#deps = deps;
  }

  receive(connection: ClientConnection, data: Uint8Array | string): void {
    const { clock, connections, limits, jsonCodec, metrics } = this.#deps;
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
    const frames = decodeFrames(data, connection.isJson, jsonCodec);
    if (frames === undefined) {
      connections.close(connection, 'INVALID_FRAME', errorFrame(0, refusal('INVALID_FRAME')));
      return;
    }
    // Empty messages do not put the deadline of the login off.
    if (connection.session !== undefined || frames.length > 0) connection.lastFrameMs = nowMs;
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
    const { clock, rateLimiter } = this.#deps;
    const waitMs = rateLimiter.take(connection, 'frames', session.app, clock.monotonic());
    if (waitMs > 0) {
      this.#refuse(connection, frame.id, refusal('RATE_LIMITED', 'frames', waitMs));
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
      case 'send': {
        const refused = sendMessage(this.#deps, connection, session, { ...frame, body });
        if (refused !== undefined) this.#refuse(connection, frame.id, refused);
        return;
      }
      case 'renewToken': {
        const refused = this.#deps.loginDesk.renew(session, body.value.token);
        if (refused === undefined) this.#answer(connection, doneFrame(frame.id));
        else this.#refuse(connection, frame.id, refused);
        return;
      }
      case 'logout':
        this.#logOut(connection, session, frame);
        return;
      default:
        this.#startRequest(connection, session, frame, body);
    }
  }

  #logOut(connection: ClientConnection, session: Session, frame: ClientFrame): void {
    const { user } = session;
    const isLast = user.sessions.every((other) => other === session);
    if (isLast) abandonRooms(this.#deps.requests, { app: session.app.id, user, call: this.#callOf(frame) });
    this.#deps.sessions.end(session);
    this.#deps.connections.close(connection, 'LOGOUT', frame.id === 0 ? undefined : doneFrame(frame.id));
  }

  #callOf(frame: ClientFrame): CallOptions {
    return { timeoutMs: this.#deps.limits.requestWithinMs, trace: traceOf(frame) };
  }

  #startRequest(connection: ClientConnection, session: Session, frame: ClientFrame, body: RequestBody): void {
    const { requestsInFlightMax } = this.#deps.limits;
    if (connection.requestsInFlight >= requestsInFlightMax) {
      this.#refuse(connection, frame.id, refusal('RATE_LIMITED', `requests at a time: at most ${requestsInFlightMax}`, busyRetryMs));
      return;
    }
    const rateClass = classOfRequest[body.type];
    const waitMs =
      rateClass === undefined ? 0 : this.#deps.rateLimiter.take(connection, rateClass, session.app, this.#deps.clock.monotonic());
    if (waitMs > 0) {
      this.#refuse(connection, frame.id, refusal('RATE_LIMITED', `requests of class ${rateClass}`, waitMs));
      return;
    }
    connection.requestsInFlight++;
    void this.#request(connection, session, frame, body);
  }

  async #request(connection: ClientConnection, session: Session, frame: ClientFrame, body: RequestBody): Promise<void> {
    const { clock, limits, requests } = this.#deps;
    // The sync of a login waits for its subscriptions first, so the whole may take longer than one call.
    const withinMs = limits.readyWithinMs + 2 * limits.requestWithinMs;
    try {
      const asked = answerRequest(requests, { app: session.app.id, user: session.user, call: this.#callOf(frame) }, body);
      const answer = await withTimeout(clock, withinMs, asked, () => new ParleyError('TIMEOUT'));
      this.#answer(connection, { id: frame.id, body: answer }, queues.normal);
    } catch (error) {
      this.#refuse(connection, frame.id, this.#refusalOf(body.type, error));
    } finally {
      connection.requestsInFlight--;
    }
  }

  /** Errors of the inside stay inside. */
  #refusalOf(request: string, thrown: unknown): Refusal {
    const { error, detail, retryAfterMs } = ParleyError.from(thrown);
    if (error === 'INTERNAL') {
      this.#deps.metrics.faults.add(1, 'request');
      this.#deps.logger.error('a request failed', { request }, thrown);
      return refusal('INTERNAL');
    }
    return refusal(clientError(error), detail, retryAfterMs);
  }

  #refuse(connection: ClientConnection, id: number, error: Refusal): void {
    this.#deps.metrics.refusals.add(1, error.name);
    this.#answer(connection, errorFrame(id, error));
  }

  /** Requests with id 0 want no answer. */
  #answer(connection: ClientConnection, frame: ServerFrameInit, queue: QueueIndex = queues.urgent): void {
    if (frame.id !== 0) this.#deps.outbound.send(connection, chunkOf(frame), queue);
  }

  #closeWith(connection: ClientConnection, reason: CloseReason, id: number, error: Refusal): void {
    this.#deps.metrics.refusals.add(1, error.name);
    this.#deps.connections.close(connection, reason, errorFrame(id, error));
  }
}

const doneFrame = (id: number): ServerFrameInit => ({ id, body: { type: 'done', value: {} } });

const byteLength = (data: Uint8Array | string): number => (typeof data === 'string' ? Buffer.byteLength(data) : data.length);
