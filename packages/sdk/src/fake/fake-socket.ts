import type { Clock } from '@parley/kernel';
import type { WebSocketLike } from '../socket.js';

/** The server's end of a fake socket. */
export interface ServerEnd {
  send(bytes: Uint8Array): void;
  /** Ends the connection; what is on its way to the client is lost when it breaks. */
  close(code: number, reason?: string): void;
  break(): void;
}

export interface FakeSocketOptions {
  readonly clock: Clock;
  /** Travel time of one message, each way; order is kept, as in TCP. */
  readonly latencyMs: () => number;
  opened(end: ServerEnd): void;
  received(bytes: Uint8Array): void;
  closed(): void;
  /** False: the connection is refused. */
  isReachable(): boolean;
}

/** A WebSocket without a network. */
export class FakeSocket implements WebSocketLike, ServerEnd {
  binaryType = '';
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  readonly end: ServerEnd;
  readonly #options: FakeSocketOptions;
  #isOver = false;
  /** Ended by the client in order: what it wrote before still arrives. */
  #isClosing = false;
  #toServerAt = 0;
  #toClientAt = 0;

  constructor(options: FakeSocketOptions) {
    this.#options = options;
    this.end = {
      send: (bytes) => this.#toClient(() => this.onmessage?.({ data: bytes.slice().buffer })),
      close: (code, reason = '') => this.#toClient(() => this.#finish(code, reason)),
      break: () => this.#finish(1006, ''),
    };
    options.clock.setTimer(options.latencyMs(), () => {
      if (this.#isOver) return;
      if (!options.isReachable()) {
        this.#finish(1006, '');
        return;
      }
      options.opened(this.end);
      this.onopen?.({});
    });
  }

  send(data: Uint8Array): void {
    if (this.#isOver) throw new Error('the socket is closed');
    const bytes = data.slice();
    this.#toServerAt = Math.max(this.#toServerAt, this.#options.clock.monotonic() + this.#options.latencyMs());
    this.#options.clock.setTimer(this.#toServerAt - this.#options.clock.monotonic(), () => {
      if (!this.#isOver || this.#isClosing) this.#options.received(bytes);
    });
  }

  break(): void {
    this.#finish(1006, '');
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isClosing = true;
    this.#options.clock.setTimer(Math.max(0, this.#toServerAt - this.#options.clock.monotonic()), () => this.#options.closed());
    this.onclose?.({ code: 1000, reason: '' });
  }

  #toClient(action: () => void): void {
    this.#toClientAt = Math.max(this.#toClientAt, this.#options.clock.monotonic() + this.#options.latencyMs());
    this.#options.clock.setTimer(this.#toClientAt - this.#options.clock.monotonic(), () => {
      if (!this.#isOver) action();
    });
  }

  #finish(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.closed();
    this.onclose?.({ code, reason });
  }
}
