import { connect, type Socket } from 'node:net';

const mask = Uint8Array.of(1, 2, 3, 4);

/** Opcodes of RFC 6455, 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket client that does exactly what it is told, also what no client should do. */
export class RawClient {
  readonly socket: Socket;
  /** The status line and headers of the answer to the handshake. */
  head = '';
  readonly frames: RawFrame[] = [];
  /** The server sent FIN, or the connection is gone. */
  isEnded = false;
  #received = Buffer.alloc(0);
  readonly #waiters = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#parse();
      this.#changed();
    });
    const end = (): void => {
      this.isEnded = true;
      this.#changed();
    };
    this.socket.on('end', end);
    this.socket.on('close', end);
    this.socket.on('error', end);
  }

  /** Sends a handshake and waits until it is answered. */
  static async open(port: number, headers: readonly string[] = ['Sec-WebSocket-Protocol: one']): Promise<RawClient> {
    const client = new RawClient(port);
    const lines = [
      'GET /path?query=1 HTTP/1.1',
      'Host: localhost',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ];
    client.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await client.until(() => client.head !== '' || client.isEnded);
    return client;
  }

  send(opcode: number, payload: Uint8Array | string, isFinal = true): void {
    const body = Buffer.from(payload);
    const header =
      body.length < 126
        ? Buffer.from([0, 0x80 | body.length])
        : Buffer.from([0, 0xff, 0, 0, 0, 0, ...new Uint8Array(Uint32Array.of(body.length).buffer).reverse()]);
    header[0] = (isFinal ? 0x80 : 0) | opcode;
    for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (mask[i & 3] ?? 0);
    this.socket.write(Buffer.concat([header, mask, body]));
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  #parse(): void {
    if (this.head === '') {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.head = this.#received.toString('latin1', 0, end);
      this.#received = this.#received.subarray(end + 4);
    }
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) this.frames.push(frame);
  }

  #takeFrame(): RawFrame | undefined {
    const bytes = this.#received;
    if (bytes.length < 2) return undefined;
    const short = bytes.readUInt8(1) & 0x7f;
    const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headerLength) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUIntBE(4, 6);
    if (bytes.length < headerLength + length) return undefined;
    this.#received = bytes.subarray(headerLength + length);
    return { opcode: bytes.readUInt8(0) & 15, payload: bytes.subarray(headerLength, headerLength + length) };
  }

  #changed(): void {
    for (const check of [...this.#waiters]) check();
  }
}
