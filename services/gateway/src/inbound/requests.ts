import { ParleyError, refusal, type Refusal, withTimeout } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { ClientFrame, ServerFrameInit } from '@parley/wire';
import { clientError } from '../outbound/frames.js';
import type { RequestDeps, RequestType } from '../requests/request-handler.js';
import { answerRequest, type RequestBody } from '../requests/request-table.js';
import { abandonRooms } from '../requests/room-requests.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Session } from '../sessions/session.js';
import type { InboundDeps } from './inbound.js';
import type { RateClass } from './rate-limiter.js';
import { traceOf } from './send-message.js';

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
  createGroup: 'groups',
  joinGroup: 'groups',
  leaveGroup: 'groups',
  dismissGroup: 'groups',
  inviteToGroup: 'groups',
  changeGroup: 'groups',
  getUsers: 'people',
  updateProfile: 'people',
  changeRelations: 'people',
  listRelations: 'people',
  checkRelations: 'people',
  searchMessages: 'search',
  createUpload: 'media',
  completeUpload: 'media',
  cancelUpload: 'media',
  getDownloadUrl: 'downloads',
  shareMedia: 'media',
  readAll: 'readAll',
};

/** All friends are told of a changed profile. */
const profileCost = 20;

/** How much of the rate of its class a request uses up. */
function costOf({ type, value }: RequestBody): number {
  // Each of them is told.
  if (type === 'changeRelations') return Math.max(1, value.others.length);
  return type === 'updateProfile' ? profileCost : 1;
}

export interface RequestsDeps extends Pick<InboundDeps, 'rateLimiter' | 'clock' | 'logger' | 'metrics' | 'limits'> {
  readonly requests: RequestDeps;
  /** Resolves when the answer is on its way; rejects where there is no room for it. */
  readonly answer: (connection: ClientConnection, frame: ServerFrameInit) => Promise<void>;
  readonly refuse: (connection: ClientConnection, id: number, error: Refusal) => void;
}

/** Requests that other services answer: lets so many of a connection be under way, and answers each. */
export class Requests {
  readonly #deps: RequestsDeps;

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  start(connection: ClientConnection, session: Session, frame: ClientFrame, body: RequestBody): void {
    const refused = this.#admit(connection, body);
    if (refused !== undefined) {
      this.#refuse(connection, frame.id, { type: body.type, refused });
      return;
    }
    connection.requestsInFlight++;
    void this.#run(connection, session, frame, body);
  }

  /** Lets a user who logs out of the last session out of its rooms. */
  abandonRooms(session: Session, frame: ClientFrame): void {
    const { user, app } = session;
    const isLast = user.sessions.every((other) => other === session);
    if (isLast) abandonRooms(this.#deps.requests, { app: app.id, user, call: this.#callOf(frame) });
  }

  #admit(connection: ClientConnection, body: RequestBody): Refusal | undefined {
    const { clock, limits, rateLimiter } = this.#deps;
    const { requestsInFlightMax } = limits;
    if (connection.requestsInFlight >= requestsInFlightMax) {
      return refusal('RATE_LIMITED', `requests at a time: at most ${requestsInFlightMax}`, busyRetryMs);
    }
    const rateClass = classOfRequest[body.type];
    const waitMs = rateClass === undefined ? 0 : rateLimiter.take(connection, rateClass, 'medium', clock.monotonic(), costOf(body));
    return waitMs > 0 ? refusal('RATE_LIMITED', `requests of class ${rateClass}`, waitMs) : undefined;
  }

  async #run(connection: ClientConnection, session: Session, frame: ClientFrame, body: RequestBody): Promise<void> {
    const { clock, limits, requests, answer, metrics } = this.#deps;
    // The sync of a login waits for its subscriptions first, so the whole may take longer than one call.
    const withinMs = limits.readyWithinMs + 2 * limits.requestWithinMs;
    try {
      const asked = answerRequest(requests, { app: session.app.id, user: session.user, call: this.#callOf(frame) }, body);
      await answer(connection, { id: frame.id, body: await withTimeout(clock, withinMs, asked, () => new ParleyError('TIMEOUT')) });
      metrics.requests.add(1, body.type, '');
    } catch (error) {
      this.#refuse(connection, frame.id, { type: body.type, refused: this.#refusalOf(body.type, error) });
    } finally {
      connection.requestsInFlight--;
    }
  }

  #refuse(connection: ClientConnection, id: number, { type, refused }: { readonly type: RequestType; readonly refused: Refusal }): void {
    this.#deps.metrics.requests.add(1, type, refused.name);
    this.#deps.refuse(connection, id, refused);
  }

  #callOf(frame: ClientFrame): CallOptions {
    return { timeoutMs: this.#deps.limits.requestWithinMs, trace: traceOf(frame) };
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
}
