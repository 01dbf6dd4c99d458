import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { clientMessage, opcodes, ServerMessageReader } from './web-socket-frames.js';

/** Where clients connect. */
export interface EdgeAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export interface WebSocketOptions {
  /** Address to connect from. */
  readonly localAddress: string;
  /** Sec-WebSocket-Protocol (RFC 6455, section 11.3.4); none when absent. */
  readonly subprotocol?: string;
}

export interface WebSocketEvents {
  /** A text or binary message; the bytes are valid during the call only. */
  message(bytes: Uint8Array, start: number, end: number): void;
  /** Everything that lay in the socket has been read. */
  wasRead(): void;
  /** The connection is over, and this side did not ask for it. */
  lost(reason: string): void;
}

/** Reading is synchronous, so all sockets read into the same memory. */
const sharedBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** A WebSocket on a bare TCP socket that does as little as it can. */
export class WebSocketConnection {
  readonly #events: WebSocketEvents;
  readonly #socket: Socket;
  readonly #reader: ServerMessageReader;
  #opening: { resolve(): void; reject(error: Error): void } | undefined;
  #isClosing = false;

  /** Starts to connect; `opened` says when that is done. */
  constructor(address: EdgeAddress, options: WebSocketOptions, events: WebSocketEvents) {
    this.#events = events;
    this.#reader = new ServerMessageReader((opcode, bytes, start, end) => this.#message(opcode, bytes, start, end));
    this.#socket = connect({
      host: address.host,
      port: address.port,
      localAddress: options.localAddress,
      noDelay: true,
      onread: { buffer: sharedBuffer, callback: (count, buffer) => this.#read(buffer.subarray(0, count)) },
    });
    this.#socket.on('connect', () => this.#socket.write(handshakeOf(address, options.subprotocol)));
    this.#socket.on('error', (error) => this.#ended(error.message));
    this.#socket.on('close', () => this.#ended('the server closed the connection'));
  }

  /** Whether this side ends the connection. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Resolves after the WebSocket handshake. To be called once, at once. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
  }

  /** Sends one message from parts that belong together. */
  send(parts: readonly Uint8Array[], opcode: number = opcodes.binary): void {
    this.#socket.write(clientMessage(parts, opcode));
  }

  /** Stops to read. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** From now on the end of the connection is no loss. */
  expectEnd(): void {
    this.#isClosing = true;
  }

  /** Resolves when the socket is closed. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.once('close', () => resolve());
    });
  }

  /** Drops the connection. */
  destroy(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  #read(bytes: Uint8Array): boolean {
    if (this.#opening === undefined) this.#reader.push(bytes);
    else this.#readHandshake(Buffer.from(bytes));
    this.#events.wasRead();
    return true;
  }

  /** The answer to the upgrade fits into the first segment; more would be unusual enough to fail. */
  #readHandshake(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n\r\n');
    const status = bytes.toString('latin1', 9, 12);
    const opening = this.#opening;
    this.#opening = undefined;
    if (status !== '101' || end < 0) {
      opening?.reject(new Error(`the handshake was answered ${bytes.toString('latin1', 0, 40)}`));
      this.destroy();
      return;
    }
    opening?.resolve();
    if (end + 4 < bytes.length) this.#reader.push(bytes.subarray(end + 4));
  }

  #message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    if (opcode === opcodes.binary || opcode === opcodes.text) {
      this.#events.message(bytes, start, end);
    } else if (opcode === opcodes.ping) {
      this.#socket.write(clientMessage([bytes.subarray(start, end)], opcodes.pong));
    } else if (opcode === opcodes.close) {
      const code = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
      this.#socket.end(clientMessage([bytes.subarray(start, end)], opcodes.close));
      this.#ended(`closed with ${code}`);
    }
  }

  #ended(reason: string): void {
    this.#opening?.reject(new Error(reason));
    this.#opening = undefined;
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#events.lost(reason);
  }
}

function handshakeOf({ host, port, path }: EdgeAddress, subprotocol: string | undefined): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    '\r\n',
  ].join('\r\n');
}
