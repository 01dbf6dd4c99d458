import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { FramedMessage } from './framed-message.js';
import type { EdgeConnection, EdgeEvents, PreparedMessage } from './port.js';

const nothing = Buffer.alloc(0);
const noHandshake = 1006;
const tooSlow = 1013;

/** The `ws` socket with a way back to its connection, so that handlers are shared functions, not closures. */
export class WsSocket extends WebSocket {
  connection: WsConnection | undefined;
}

export interface WsConnectionInit {
  readonly socket: WsSocket;
  /** The stream below the WebSocket: complete frames are written to it directly. */
  readonly stream: Duplex;
  readonly remoteAddress: string;
  readonly bufferBytesMax: number;
  readonly events: EdgeEvents;
}

/**
 * A connection over `ws`. Without compression `ws` writes every frame of its own (pong, close) in one
 * piece, so whole frames written in between to the same stream cannot tear them.
 */
export class WsConnection implements EdgeConnection {
  readonly remoteAddress: string;
  context: unknown = undefined;
  readonly #socket: WsSocket;
  readonly #stream: Duplex;
  readonly #bufferBytesMax: number;
  readonly #events: EdgeEvents;
  #isEnding = false;
  #isCongested = false;
  /** Why it ends, where this side knows better than the close event. */
  #closeCode = 0;

  constructor(init: WsConnectionInit) {
    this.#socket = init.socket;
    this.#stream = init.stream;
    this.remoteAddress = init.remoteAddress;
    this.#bufferBytesMax = init.bufferBytesMax;
    this.#events = init.events;
    init.socket.connection = this;
  }

  get subprotocol(): string {
    return this.#socket.protocol;
  }

  get bufferedBytes(): number {
    return this.#stream.destroyed ? 0 : this.#stream.writableLength;
  }

  send(message: PreparedMessage): void {
    if (!(message instanceof FramedMessage)) throw new TypeError('the message was prepared by another listener');
    if (!this.#isOpen()) return;
    this.#stream.write(message.frame);
    this.#watchBuffer();
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen()) return;
    this.#isEnding = true;
    this.#closeCode = code;
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#isEnding = true;
    this.#socket.terminate();
  }

  /** The client's message; dropped once this side is closing. */
  receive(data: Buffer, isBinary: boolean): void {
    if (!this.#isEnding) this.#events.message(this, isBinary ? data : data.toString('utf8'));
  }

  /** Answers a ping, as far as the client reads its answers. */
  answerPing(payload: Buffer): void {
    if (!this.#isOpen()) return;
    this.#socket.pong(payload, false);
    this.#watchBuffer();
  }

  /** The client broke the protocol; `ws` has begun to close. */
  fail(code: number): void {
    this.#isEnding = true;
    if (this.#closeCode === 0) this.#closeCode = code;
  }

  ended(code: number): void {
    this.#isEnding = true;
    this.#events.closed(this, this.#closeCode === 0 ? code : this.#closeCode);
  }

  #isOpen(): boolean {
    return !this.#isEnding && this.#socket.readyState === WebSocket.OPEN;
  }

  #watchBuffer(): void {
    const pending = this.#stream.writableLength;
    if (pending === 0) return;
    if (pending > this.#bufferBytesMax) {
      this.#closeCode = tooSlow;
      this.terminate();
    } else if (!this.#isCongested) {
      this.#isCongested = true;
      this.#awaitDrain();
    }
  }

  /** 'drain' stays silent below the stream's high-water mark; an empty write reports in every case. */
  #awaitDrain(): void {
    this.#stream.write(nothing, (error) => {
      if (error !== null && error !== undefined) return;
      if (this.#stream.writableLength > 0) {
        this.#awaitDrain();
        return;
      }
      this.#isCongested = false;
      if (!this.#isEnding) this.#events.drained(this);
    });
  }
}

const codeByFault = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_INVALID_UTF8', 1007],
]);

/** The close code (RFC 6455, 7.4.1) of an error of `ws`; 1006 for those of the network. */
export function closeCodeOf(error: Error & { readonly code?: string }): number {
  const fault = error.code ?? '';
  return codeByFault.get(fault) ?? (fault.startsWith('WS_ERR_') ? 1002 : noHandshake);
}
