import { timingSafeEqual } from 'node:crypto';
import { type Clock, type Random, randomId } from '@parley/kernel';
import type { RouterClient } from '@parley/router-client';
import type { GatewayLimits } from '../limits.js';
import type { Chunk } from '../outbound/chunk.js';
import type { Outbound } from '../outbound/outbound.js';
import { queues } from '../outbound/outbox.js';
import type { GatewayApp } from '../ports.js';
import type { ClientConnection } from './client-connection.js';
import { type LocalUser, ownChannelOf } from './local-user.js';
import type { Session } from './session.js';

export interface SessionTableDeps {
  readonly router: RouterClient;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: GatewayLimits;
  /** The user's last session has ended. */
  readonly onUserGone: (user: LocalUser) => void;
}

/** Who logs in, as its token says. */
export interface SessionOwner {
  readonly app: GatewayApp;
  readonly user: string;
  readonly device: string;
  readonly tokenExpiresMs: number;
}

/** All sessions of this gateway and their users; keeps the routers informed who is here and connected. */
export class SessionTable {
  readonly #deps: SessionTableDeps;
  readonly #users = new Map<string, LocalUser>();
  readonly #sessions = new Map<string, Session>();
  /** Sessions without a connection, the longest lost first. */
  readonly #lost = new Set<Session>();
  /** Users without sessions, the longest unused first. */
  readonly #unused = new Set<LocalUser>();

  constructor(deps: SessionTableDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#sessions.size;
  }

  user(app: string, id: string): LocalUser | undefined {
    return this.#users.get(`${app}/${id}`);
  }

  /** The session that a resume key belongs to, if it is that of the same owner. */
  findResumable(resumeKey: string, owner: SessionOwner): Session | undefined {
    const [id, secret] = resumeKey.split('.');
    const session = this.#sessions.get(id ?? '');
    if (session === undefined || secret === undefined || !isEqual(secret, session.resumeSecret)) return undefined;
    const isSameOwner = session.app.id === owner.app.id && session.user.id === owner.user && session.device === owner.device;
    return isSameOwner ? session : undefined;
  }

  /** What a client needs to take the session up again: 130 bits of secret behind the id. */
  resumeKeyOf(session: Session): string {
    return `${session.id}.${session.resumeSecret}`;
  }

  /** A new session without a connection. */
  create(owner: SessionOwner): Session {
    const { clock, random } = this.#deps;
    const user = this.#openUser(owner.app.id, owner.user);
    const nowMs = clock.monotonic();
    const session: Session = {
      id: randomId(random),
      app: owner.app,
      user,
      device: owner.device,
      sinceMs: clock.now(),
      resumeSecret: '',
      tokenExpiresMs: owner.tokenExpiresMs,
      isTokenWarned: false,
      connection: undefined,
      lostAtMs: nowMs,
      hasMissed: false,
      lastEventMs: 0,
    };
    this.#sessions.set(session.id, session);
    this.#lost.add(session);
    user.sessions = [...user.sessions, session];
    this.#unused.delete(user);
    return session;
  }

  /** Puts the session onto a connection; the resume key changes. */
  attach(session: Session, connection: ClientConnection, tokenExpiresMs: number): void {
    this.#lost.delete(session);
    session.connection = connection;
    session.resumeSecret = randomId(this.#deps.random);
    session.tokenExpiresMs = tokenExpiresMs;
    session.isTokenWarned = false;
    session.hasMissed = false;
    connection.session = session;
    this.#tellPresence(session.user);
  }

  /** Keeps the session of a connection that is gone. What may not have reached the client counts as missed. */
  detach(connection: ClientConnection): void {
    const { session } = connection;
    connection.session = undefined;
    if (session?.connection !== connection) return;
    const { clock, limits } = this.#deps;
    session.connection = undefined;
    session.lostAtMs = clock.monotonic();
    const isUnsent = connection.outbox !== undefined && !connection.outbox.isIdle;
    // A client that still sends has had an answer to an earlier frame in this time, and all events before it.
    const isUncertain = session.lastEventMs > 0 && session.lastEventMs + limits.offlineAfterMs > connection.lastFrameMs;
    if (isUnsent || isUncertain) session.hasMissed = true;
    this.#lost.add(session);
    this.#tellPresence(session.user);
  }

  end(session: Session): void {
    if (!this.#sessions.delete(session.id)) return;
    this.#lost.delete(session);
    if (session.connection !== undefined) session.connection.session = undefined;
    session.connection = undefined;
    const { user } = session;
    user.sessions = user.sessions.filter((other) => other !== session);
    this.#tellPresence(user);
    if (user.sessions.length > 0) return;
    user.unusedSinceMs = this.#deps.clock.monotonic();
    this.#unused.add(user);
    user.isReady = false;
    this.#deps.onUserGone(user);
  }

  /** Queues a notice for all sessions of a user. */
  notify(user: LocalUser, chunk: Chunk): void {
    for (const session of user.sessions) {
      if (session.connection === undefined) session.hasMissed = true;
      else this.#deps.outbound.send(session.connection, chunk, queues.normal);
    }
  }

  /** Ends sessions that nobody came back for and forgets users without sessions. */
  sweep(nowMs: number): void {
    const { limits, router } = this.#deps;
    for (const session of this.#lost) {
      if (nowMs - session.lostAtMs < limits.resumeWithinMs) break;
      this.end(session);
    }
    for (const user of this.#unused) {
      if (nowMs - user.unusedSinceMs < limits.unusedKeptMs) break;
      this.#unused.delete(user);
      this.#users.delete(`${user.app}/${user.id}`);
      router.unsubscribe(user.app, ownChannelOf(user));
    }
  }

  #openUser(app: string, id: string): LocalUser {
    const key = `${app}/${id}`;
    const known = this.#users.get(key);
    if (known !== undefined) return known;
    const user: LocalUser = {
      app,
      id,
      sessions: [],
      channels: [],
      entering: undefined,
      isSubscribed: false,
      isReady: false,
      refresh: undefined,
      waiters: undefined,
      unusedSinceMs: 0,
    };
    this.#users.set(key, user);
    return user;
  }

  #tellPresence(user: LocalUser): void {
    const isConnected = user.sessions.some((session) => session.connection !== undefined);
    this.#deps.router.subscribe(user.app, ownChannelOf(user), isConnected);
  }
}

/** Takes the same time wherever two secrets differ. */
function isEqual(given: string, secret: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(secret);
  return a.length === b.length && b.length > 0 && timingSafeEqual(a, b);
}
