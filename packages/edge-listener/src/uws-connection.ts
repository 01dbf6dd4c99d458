import type { EdgeConnection, EdgeEvents, PreparedMessage } from './port.js';
import type { UwsSocket } from './uws-native.js';

const dropped = 2;
const sent = 1;
const tooBig = 1009;
const tooSlow = 1013;

/** A message for uWebSockets.js, which frames it natively. */
export class UwsMessage implements PreparedMessage {
  readonly payload: Uint8Array;
  readonly isBinary: boolean;

  constructor(payload: Uint8Array | string) {
    this.isBinary = typeof payload !== 'string';
    this.payload = typeof payload === 'string' ? Buffer.from(payload) : payload;
  }

  get byteLength(): number {
    return this.payload.length;
  }
}

/** What hangs on a native socket; a holder, because the native side copies own properties only. */
export interface UwsData {
  readonly connection: UwsConnection;
}

export interface UwsConnectionInit {
  readonly subprotocol: string;
  readonly remoteAddress: string;
  readonly messageBytesMax: number;
  readonly bufferBytesMax: number;
  readonly events: EdgeEvents;
}

/** A connection over uWebSockets.js. Touching its socket after the end throws, so `#socket` is gone by then. */
export class UwsConnection implements EdgeConnection {
  readonly subprotocol: string;
  readonly remoteAddress: string;
  context: unknown = undefined;
  readonly #messageBytesMax: number;
  readonly #bufferBytesMax: number;
  readonly #events: EdgeEvents;
  #socket: UwsSocket<UwsData> | undefined;
  #isCongested = false;
  #closeCode = 0;

  constructor(init: UwsConnectionInit) {
    this.subprotocol = init.subprotocol;
    this.remoteAddress = init.remoteAddress;
    this.#messageBytesMax = init.messageBytesMax;
    this.#bufferBytesMax = init.bufferBytesMax;
    this.#events = init.events;
  }

  get bufferedBytes(): number {
    return this.#socket === undefined ? 0 : this.#socket.getBufferedAmount();
  }

  send(message: PreparedMessage): void {
    if (!(message instanceof UwsMessage)) throw new TypeError('the message was prepared by another listener');
    const socket = this.#socket;
    if (socket === undefined) return;
    const outcome = socket.send(message.payload, message.isBinary, false);
    if (outcome === sent) return;
    if (outcome === dropped || socket.getBufferedAmount() > this.#bufferBytesMax) {
      this.#closeCode = tooSlow;
      this.terminate();
    } else {
      this.#isCongested = true;
    }
  }

  close(code: number, reason: string): void {
    const socket = this.#take();
    if (socket === undefined) return;
    this.#closeCode = code;
    socket.end(code, reason);
  }

  terminate(): void {
    this.#take()?.close();
  }

  opened(socket: UwsSocket<UwsData>): void {
    this.#socket = socket;
    this.#events.opened(this);
  }

  receive(message: ArrayBuffer, isBinary: boolean): void {
    if (this.#socket === undefined) return;
    if (message.byteLength > this.#messageBytesMax) {
      this.close(tooBig, 'message too big');
      return;
    }
    // The native memory is only lent until this function returns.
    const copy = Buffer.allocUnsafe(message.byteLength);
    copy.set(new Uint8Array(message));
    this.#events.message(this, isBinary ? copy : copy.toString('utf8'));
  }

  drained(): void {
    if (!this.#isCongested || this.#socket === undefined || this.#socket.getBufferedAmount() > 0) return;
    this.#isCongested = false;
    this.#events.drained(this);
  }

  /** The native close handler, which also runs within `end` and `close`; the owner hears of it a little later. */
  ended(code: number): void {
    this.#socket = undefined;
    queueMicrotask(() => this.#events.closed(this, this.#closeCode === 0 ? code : this.#closeCode));
  }

  #take(): UwsSocket<UwsData> | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    return socket;
  }
}
