import { backoffMs, type CancelTimer, type Clock, type Random, randomId } from '@parley/kernel';
import { closeCodes, type LoggedIn, subprotocols } from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import type { FrameCodec } from './codec/frame-codec.js';
import { type CloseInfo, Connection, type ServerBody } from './connection.js';
import type { ConnectionStatus } from './events.js';
import type { SdkLimits } from './limits.js';
import type { WebSocketLike } from './socket.js';
import type { TokenSource } from './token-source.js';

interface SessionHooks {
  status(status: ConnectionStatus): void;
  /** Logged in. Called before any later frame is looked at. */
  online(connection: Connection, loggedIn: LoggedIn, isComplete: boolean): void;
  /** The connection of the last `online` is gone. */
  offline(): void;
  /** Pushes that are not the session's own business. */
  pushed(body: ServerBody): void;
  tokenExpiring(expiresMs: number): void;
  kicked(code: number, reason: string): void;
  error(error: ParleyClientError): void;
}

export interface SessionOptions {
  readonly url: string;
  readonly device: string;
  readonly clientName: string;
  readonly tokens: TokenSource;
  readonly codec: FrameCodec;
  readonly webSocket: (url: string, protocols: string[]) => WebSocketLike;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  readonly hooks: SessionHooks;
}

/** How an attempt ended and what follows from it. */
type Verdict =
  | { readonly type: 'stop'; readonly error: ParleyClientError }
  | { readonly type: 'again'; readonly reason: ParleyClientError; readonly afterMs?: number };

/** Keeps a login alive over any number of connections until it is closed or refused for good. */
export class Session {
  readonly #options: SessionOptions;
  #connection: Connection | undefined;
  #resumeKey = '';
  #device: string;
  #attempt = 0;
  #onlineSince: number | undefined;
  #isFreshToken = false;
  #heartbeatMs = 0;
  /** The server may believe that the client got what it never heard. */
  #isDoubtful = false;
  #adviceMs: number | undefined;
  #refusal: ParleyClientError | undefined;
  #isRunning = false;
  #isClosed = false;
  #cancelWait: CancelTimer = () => {};
  #endWait: () => void = () => {};

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#device = options.device;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(): void {
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    void this.#connect();
  }

  /** Ends a wait between attempts at once, or looks whether the connection still lives. */
  wake(): void {
    if (this.#onlineSince !== undefined) this.#connection?.probe(this.#options.limits.retryFirstMs * 4);
    else this.#endWait();
  }

  close(error?: ParleyClientError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelWait();
    this.#connection?.close();
    this.#options.hooks.status(error === undefined ? { state: 'closed' } : { state: 'closed', error });
  }

  async #connect(): Promise<void> {
    const { tokens, hooks } = this.#options;
    hooks.status({ state: 'connecting', attempt: this.#attempt });
    this.#refusal = undefined;
    this.#adviceMs = undefined;
    try {
      const { token, isFresh } = await tokens.take();
      if (this.#isClosed) return;
      this.#isFreshToken = isFresh;
      this.#open(token);
    } catch (error) {
      const reason = ParleyClientError.from(error);
      hooks.error(reason);
      this.#conclude(reason.retryable ? { type: 'again', reason } : { type: 'stop', error: reason });
    }
  }

  #open(token: string): void {
    const { url, webSocket, codec, clock, limits } = this.#options;
    const connection = new Connection({
      socket: openSocket(webSocket, url),
      codec,
      clock,
      limits,
      hooks: {
        opened: () => this.#login(connection, token),
        pushed: (body) => this.#receive(body),
        closed: (info) => this.#closed(info),
      },
    });
    this.#connection = connection;
  }

  #login(connection: Connection, token: string): void {
    const { clientName, limits } = this.#options;
    const value = { token, device: this.#device, resumeKey: this.#resumeKey, client: clientName };
    connection.request({ type: 'login', value }, limits.requestTimeoutMs, (answer) => {
      if (answer.type === 'answered' && answer.body.type === 'loggedIn') {
        this.#loggedIn(connection, token, answer.body.value);
        return;
      }
      if (answer.type === 'lost') return;
      this.#refusal = answer.type === 'refused' ? answer.error : ParleyClientError.of('TIMEOUT', 'login');
      connection.drop('login failed');
    });
  }

  #loggedIn(connection: Connection, token: string, loggedIn: LoggedIn): void {
    const { tokens, clock, hooks } = this.#options;
    this.#resumeKey = loggedIn.resumeKey;
    this.#onlineSince = clock.monotonic();
    tokens.accepted(token, lifetimeMs(loggedIn));
    if (loggedIn.heartbeatMs > 0) connection.startHeartbeat(loggedIn.heartbeatMs);
    const { user, isResumed } = loggedIn;
    const isComplete = isResumed && loggedIn.isComplete && !this.#isDoubtful;
    this.#heartbeatMs = loggedIn.heartbeatMs;
    this.#isDoubtful = false;
    hooks.online(connection, loggedIn, isComplete);
    hooks.status({ state: 'online', user, isResumed, isComplete });
  }

  #receive(body: ServerBody): void {
    const { hooks } = this.#options;
    switch (body.type) {
      case 'reconnect':
        this.#adviceMs = body.value.afterMs;
        break;
      case 'tokenExpiring':
        hooks.tokenExpiring(body.value.expiresMs);
        void this.#renewToken(body.value.expiresMs);
        break;
      case 'kickedOut':
        hooks.kicked(body.value.code, body.value.reason);
        this.close(ParleyClientError.of('KICKED_OUT', body.value.reason));
        break;
      case 'error':
        this.#refusal = ParleyClientError.fromFrame(body.value);
        hooks.error(this.#refusal);
        break;
      default:
        hooks.pushed(body);
    }
  }

  async #renewToken(expiresMs: number): Promise<void> {
    const { tokens, limits, hooks, clock } = this.#options;
    const connection = this.#connection;
    try {
      const token = await tokens.renew();
      connection?.request({ type: 'renewToken', value: { token } }, limits.requestTimeoutMs, (answer) => {
        if (answer.type === 'refused') hooks.error(answer.error);
        // When the new one ends is known at the next login; until then it is taken to last as long as the warning time.
        if (answer.type === 'answered') tokens.accepted(token, Math.max(0, expiresMs - clock.now()));
      });
    } catch (error) {
      hooks.error(ParleyClientError.from(error));
    }
  }

  #closed(info: CloseInfo): void {
    const { clock, limits, hooks } = this.#options;
    const wasOnline = this.#onlineSince !== undefined;
    if (this.#onlineSince !== undefined && clock.monotonic() - this.#onlineSince >= limits.stableAfterMs) this.#attempt = 0;
    this.#onlineSince = undefined;
    this.#connection = undefined;
    // The server takes what it sent a heartbeat before the client's last frame for received. A client that was
    // deaf but could still write refutes that, so it syncs.
    if (wasOnline && info.deafMs > this.#heartbeatMs / 2) this.#isDoubtful = true;
    if (wasOnline) hooks.offline();
    if (this.#isClosed) return;
    this.#conclude(this.#judge(info, wasOnline));
  }

  #judge(info: CloseInfo, wasOnline: boolean): Verdict {
    const error = this.#refusal ?? errorOfClose(info);
    // Another client has the same key, or says to be the same device: so that the two do not take the session from each other for
    // ever, this one goes on as a device of its own.
    if (info.code === closeCodes.SESSION_REPLACED) {
      this.#resumeKey = '';
      this.#device = randomId(this.#options.random, 16);
    }
    if (error.name === 'TOKEN_EXPIRED' || error.name === 'UNAUTHENTICATED') {
      this.#options.tokens.forget();
      return this.#isFreshToken && !wasOnline ? { type: 'stop', error } : { type: 'again', reason: error };
    }
    if (error.retry === 'never') return { type: 'stop', error };
    if (Math.floor(info.code / 100) === 42) this.#attempt = Math.max(this.#attempt, backOffAttempt);
    const afterMs = this.#adviceMs ?? (error.retryAfterMs > 0 ? error.retryAfterMs : undefined);
    return afterMs === undefined ? { type: 'again', reason: error } : { type: 'again', reason: error, afterMs };
  }

  #conclude(verdict: Verdict): void {
    if (this.#isClosed) return;
    if (verdict.type === 'stop') {
      if (verdict.error.name === 'KICKED_OUT') this.#options.hooks.kicked(verdict.error.code, verdict.error.message);
      this.close(verdict.error);
      return;
    }
    const { random, limits, hooks } = this.#options;
    const policy = { firstMs: limits.reconnectFirstMs, longestMs: limits.reconnectLongestMs };
    const jitterMs = backoffMs(policy, this.#attempt, random);
    // A server that names a time knows its load; a little jitter keeps its clients from coming back as one.
    const delayMs = verdict.afterMs === undefined ? jitterMs : verdict.afterMs + backoffMs(policy, 0, random);
    this.#attempt++;
    hooks.status({ state: 'offline', retryInMs: delayMs, reason: verdict.reason });
    this.#wait(delayMs);
  }

  #wait(delayMs: number): void {
    const goOn = (): void => {
      this.#cancelWait();
      this.#endWait = () => {};
      if (!this.#isClosed) void this.#connect();
    };
    this.#endWait = goOn;
    this.#cancelWait = this.#options.clock.setTimer(delayMs, goOn);
  }
}

/** An overloaded server asks for more than the short first delay. */
const backOffAttempt = 2;

/** A factory throws for what will not get better: an invalid URL, mixed content. */
function openSocket(webSocket: SessionOptions['webSocket'], url: string): WebSocketLike {
  try {
    return webSocket(url, [subprotocols.proto]);
  } catch (error) {
    throw ParleyClientError.of('INVALID_ARGUMENT', `url: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** How long the token lasts, by the server's clock, less a minute in hand. */
function lifetimeMs(loggedIn: LoggedIn): number {
  return loggedIn.tokenExpiresMs === 0 ? 0 : loggedIn.tokenExpiresMs - loggedIn.serverTimeMs - 60_000;
}

function errorOfClose(info: CloseInfo): ParleyClientError {
  for (const [name, code] of Object.entries(closeCodes)) {
    if (code === info.code) return ParleyClientError.of(name as keyof typeof closeCodes, info.reason);
  }
  return ParleyClientError.of('UNAVAILABLE', info.reason === '' ? `connection closed with ${info.code}` : info.reason);
}
