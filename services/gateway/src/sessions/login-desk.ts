import { type Clock, errorTable, isDeviceId, refusal, type Refusal, type Result, refused } from '@parley/kernel';
import type { Counter } from '@parley/telemetry';
import { type CloseReason, closeCodes, type LoggedInInit, type Login, type ServerFrameInit } from '@parley/wire';
import type { Membership } from '../channels/membership.js';
import type { GatewayLimits } from '../limits.js';
import { chunkOf } from '../outbound/chunk.js';
import { errorFrame } from '../outbound/frames.js';
import type { Outbound } from '../outbound/outbound.js';
import type { ClientConnection } from './client-connection.js';
import type { Connections } from './connections.js';
import type { Session } from './session.js';
import type { SessionOwner, SessionTable } from './session-table.js';
import type { TokenVerifier, VerifiedToken } from './token-verifier.js';

export interface LoginDeskDeps {
  readonly verifier: TokenVerifier;
  readonly sessions: SessionTable;
  readonly connections: Connections;
  readonly membership: Membership;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly limits: GatewayLimits;
  readonly logins: Counter;
}

/** Lets users in: checks the token, takes an earlier session up or makes a new one. */
export class LoginDesk {
  readonly #deps: LoginDeskDeps;

  constructor(deps: LoginDeskDeps) {
    this.#deps = deps;
  }

  /** Logs the connection in, or answers and closes it. */
  login(connection: ClientConnection, frameId: number, login: Login): void {
    const verified = checkDevice(this.#deps.verifier.verify(login.token), login.device);
    if (!verified.ok) {
      this.#refuse(connection, frameId, verified.error);
      return;
    }
    const { app, user, expiresMs } = verified.value;
    this.#welcome(connection, frameId, login, { app, user, device: login.device, tokenExpiresMs: expiresMs });
  }

  /** Replaces the token of a session; a refusal changes nothing. */
  renew(session: Session, token: string): Refusal | undefined {
    const verified = this.#deps.verifier.verify(token);
    if (!verified.ok) return verified.error;
    const { app, user, expiresMs } = verified.value;
    if (app.id !== session.app.id || user !== session.user.id) return refusal('UNAUTHENTICATED');
    session.tokenExpiresMs = expiresMs;
    session.isTokenWarned = false;
    return undefined;
  }

  /** Ends a session from this side, telling its client why. */
  kick(session: Session, reason: string): void {
    const { code } = errorTable.KICKED_OUT;
    this.#endOther(session, 'KICKED_OUT', { body: { type: 'kickedOut', value: { code, reason } } });
  }

  #refuse(connection: ClientConnection, frameId: number, error: Refusal): void {
    this.#deps.logins.add(1, error.name);
    const reason: CloseReason = isCloseReason(error.name) ? error.name : 'INVALID_FRAME';
    this.#deps.connections.close(connection, reason, errorFrame(frameId, error));
  }

  #welcome(connection: ClientConnection, frameId: number, login: Login, owner: SessionOwner): void {
    const { sessions, membership, outbound, logins } = this.#deps;
    const resumed = login.resumeKey === '' ? undefined : sessions.findResumable(login.resumeKey, owner);
    const older = resumed?.connection;
    // What was on its way to an older connection may be lost.
    const isComplete = resumed !== undefined && older === undefined && !resumed.hasMissed && resumed.user.isReady;
    const session = resumed ?? sessions.create(owner);
    sessions.attach(session, connection, owner.tokenExpiresMs);
    connection.state = 'active';
    logins.add(1, resumed === undefined ? 'new' : 'resumed');
    if (older !== undefined) this.#deps.connections.close(older, 'SESSION_REPLACED');
    this.#makeRoom(session);
    const { user } = session;
    if (user.isSubscribed && !user.isReady) void membership.refresh(user);
    const value = this.#loggedIn(session, resumed !== undefined, isComplete);
    outbound.send(connection, chunkOf({ id: frameId, body: { type: 'loggedIn', value } }));
  }

  #loggedIn(session: Session, isResumed: boolean, isComplete: boolean): LoggedInInit {
    const { sessions, clock, limits } = this.#deps;
    return {
      app: session.app.id,
      user: session.user.id,
      session: session.id,
      resumeKey: sessions.resumeKeyOf(session),
      isResumed,
      isComplete,
      heartbeatMs: session.app.heartbeatMs ?? limits.heartbeatMs,
      serverTimeMs: clock.now(),
      tokenExpiresMs: session.tokenExpiresMs,
    };
  }

  /** A device has one session; a user has so many, the oldest goes. */
  #makeRoom(session: Session): void {
    const { user, app, device } = session;
    for (const other of user.sessions) {
      if (other !== session && other.device === device) this.#endOther(other, 'SESSION_REPLACED');
    }
    const sessionsMax = Math.max(1, app.sessionsPerUserMax ?? this.#deps.limits.sessionsPerUserMax);
    const excess = user.sessions.filter((other) => other !== session).slice(0, Math.max(0, user.sessions.length - sessionsMax));
    for (const other of excess) this.kick(other, 'another device has logged in');
  }

  #endOther(session: Session, reason: CloseReason, lastFrame?: ServerFrameInit): void {
    const { connection } = session;
    this.#deps.sessions.end(session);
    if (connection !== undefined) this.#deps.connections.close(connection, reason, lastFrame);
  }
}

const isCloseReason = (name: string): name is CloseReason => name in closeCodes;

function checkDevice(verified: Result<VerifiedToken, Refusal>, device: string): Result<VerifiedToken, Refusal> {
  if (!verified.ok || isDeviceId(device)) return verified;
  return refused(refusal('INVALID_ARGUMENT', 'device: 1 to 64 of A-Z a-z 0-9 _ - .'));
}
