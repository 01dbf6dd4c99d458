import type { CancelTimer, Clock } from '@parley/kernel';
import type { ClientFrameInit, ServerFrame } from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import type { FrameCodec } from './codec/frame-codec.js';
import type { SdkLimits } from './limits.js';
import type { WebSocketLike } from './socket.js';

export type RequestBody = NonNullable<ClientFrameInit['body']>;
export type ServerBody = NonNullable<ServerFrame['body']>;

/** What became of a request. `lost`: the connection ended; `timeout`: it stands, but no answer came. Both: unknown. */
export type Answer =
  | { readonly type: 'answered'; readonly body: ServerBody }
  | { readonly type: 'refused'; readonly error: ParleyClientError }
  | { readonly type: 'lost' }
  | { readonly type: 'timeout' };

/** How a connection ended; the codes are those of WebSocket, 1006 when it broke. */
export interface CloseInfo {
  readonly code: number;
  readonly reason: string;
  /** For how long the client had gone on writing without hearing anything. */
  readonly deafMs: number;
}

interface ConnectionHooks {
  opened(): void;
  /** A frame that answers no request. */
  pushed(body: ServerBody): void;
  /** Called once, after every open request was answered with `lost`. */
  closed(info: CloseInfo): void;
}

export interface ConnectionOptions {
  /** Opening, or about to. */
  readonly socket: WebSocketLike;
  readonly codec: FrameCodec;
  readonly clock: Clock;
  readonly limits: SdkLimits;
  readonly hooks: ConnectionHooks;
}

interface Waiter {
  readonly answer: (answer: Answer) => void;
  readonly cancelTimer: CancelTimer;
}

/** One WebSocket: frames out (batched per tick), answers matched by id, pushes, heartbeat, detection of silence. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocketLike;
  readonly #waiters = new Map<number, Waiter>();
  #nextId = 1;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #isFinished = false;
  #hasSent = false;
  #hasHeard = false;
  #sentAt = 0;
  #heardAt = 0;
  #cancelOpening: CancelTimer;
  #cancelHeartbeat: CancelTimer = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { clock, limits, hooks, socket } = options;
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    this.#cancelOpening = clock.setTimer(limits.connectTimeoutMs, () => this.drop('no connection in time'));
    socket.onopen = () => {
      this.#heardAt = clock.monotonic();
      this.#cancelOpening();
      if (!this.#isFinished) hooks.opened();
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#finish(event);
    // A close always follows. The handler stays for good: `ws` throws errors that nobody listens to.
    socket.onerror = () => {};
  }

  /** Writes a request; `answer` is called exactly once, within the time-out. */
  request(body: RequestBody, timeoutMs: number, answer: (answer: Answer) => void): void {
    if (this.#isFinished) {
      answer({ type: 'lost' });
      return;
    }
    const id = this.#takeId();
    const cancelTimer = this.#options.clock.setTimer(timeoutMs, () => {
      this.#waiters.delete(id);
      answer({ type: 'timeout' });
    });
    this.#waiters.set(id, { answer, cancelTimer });
    this.#write({ id, body });
  }

  /** Pings whenever a beat passed without traffic; a beat without any answer to that ends the connection. */
  startHeartbeat(beatMs: number): void {
    let isPinged = false;
    const beat = (): void => {
      if (isPinged && !this.#hasHeard) {
        this.drop('the server is silent');
        return;
      }
      isPinged = !this.#hasHeard || !this.#hasSent;
      this.#hasHeard = false;
      this.#hasSent = false;
      if (isPinged) this.#ping();
      this.#cancelHeartbeat = this.#options.clock.setTimer(beatMs, beat);
    };
    this.#cancelHeartbeat = this.#options.clock.setTimer(beatMs, beat);
  }

  /** Asks for a sign of life; without one in time the connection ends. */
  probe(timeoutMs: number): void {
    this.request({ type: 'ping', value: {} }, timeoutMs, (answer) => {
      if (answer.type === 'timeout') this.drop('the server is silent');
    });
  }

  /** Sends what is batched, then closes in order. */
  close(): void {
    this.#flush();
    this.#finish({ code: 1000, reason: 'closed by the client' });
  }

  /** Gives the connection up without waiting for a closing handshake, which a dead peer would never answer. */
  drop(reason: string): void {
    this.#finish({ code: 1006, reason });
  }

  #ping(): void {
    this.#write({ id: this.#takeId(), body: { type: 'ping', value: {} } });
    // The pong only has to be heard; a beat of its own may pass without a send.
    this.#hasSent = false;
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = id === 0xffffffff ? 1 : id + 1;
    return id;
  }

  #write(frame: ClientFrameInit): void {
    const bytes = this.#options.codec.encode(frame);
    if (this.#batchBytes > 0 && this.#batchBytes + bytes.length > this.#options.limits.batchBytesMax) this.#flush();
    if (this.#batch.length === 0) void Promise.resolve().then(() => this.#flush());
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
    this.#hasSent = true;
    this.#sentAt = this.#options.clock.monotonic();
  }

  /** Encoded frames are concatenated: `frames` is the only field of ClientFrames and repeated. */
  #flush(): void {
    if (this.#batch.length === 0 || this.#isFinished) return;
    const [first] = this.#batch;
    let message = first as Uint8Array;
    if (this.#batch.length > 1) {
      message = new Uint8Array(this.#batchBytes);
      let at = 0;
      for (const bytes of this.#batch) {
        message.set(bytes, at);
        at += bytes.length;
      }
    }
    this.#batch = [];
    this.#batchBytes = 0;
    try {
      this.#socket.send(message);
    } catch {
      this.drop('the socket refused a message');
    }
  }

  #receive(data: unknown): void {
    if (this.#isFinished) return;
    this.#hasHeard = true;
    this.#heardAt = this.#options.clock.monotonic();
    let frames: readonly ServerFrame[];
    try {
      frames = this.#options.codec.decode(new Uint8Array(data as ArrayBuffer));
    } catch (error) {
      this.drop(`undecodable frame: ${String(error)}`);
      return;
    }
    for (const frame of frames) {
      if (frame.body !== undefined && !this.#isFinished) this.#dispatch(frame.id, frame.body);
    }
  }

  #dispatch(id: number, body: ServerBody): void {
    if (id === 0) {
      this.#options.hooks.pushed(body);
      return;
    }
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return;
    this.#waiters.delete(id);
    waiter.cancelTimer();
    waiter.answer(body.type === 'error' ? { type: 'refused', error: ParleyClientError.fromFrame(body.value) } : { type: 'answered', body });
  }

  #finish({ code, reason }: { readonly code: number; readonly reason: string }): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#cancelOpening();
    this.#cancelHeartbeat();
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    try {
      this.#socket.close(1000);
    } catch {
      // It was never open, or is gone.
    }
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiter of waiters) {
      waiter.cancelTimer();
      waiter.answer({ type: 'lost' });
    }
    this.#options.hooks.closed({ code, reason, deafMs: Math.max(0, this.#sentAt - this.#heardAt) });
  }
}
