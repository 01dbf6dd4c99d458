import { StreamCutter } from './stream-cutter.js';

/** RFC 6455, section 5.2: opcodes. */
export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * One message of a client from parts that belong together. The masking key is zero, which RFC 6455 allows
 * and which leaves the payload as it is: a server unmasks it at the same cost, and making it costs nothing.
 */
export function clientMessage(parts: readonly Uint8Array[], opcode: number = opcodes.binary): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const headerBytes = length < 126 ? 6 : length < 65_536 ? 8 : 14;
  const message = Buffer.allocUnsafe(headerBytes + length);
  message[0] = 0x80 | opcode;
  if (headerBytes === 6) {
    message[1] = 0x80 | length;
  } else if (headerBytes === 8) {
    message[1] = 0x80 | 126;
    message.writeUInt16BE(length, 2);
  } else {
    message[1] = 0x80 | 127;
    message.writeBigUInt64BE(BigInt(length), 2);
  }
  message.fill(0, headerBytes - 4, headerBytes);
  let at = headerBytes;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** Told about each whole message; the bytes are valid during the call only. */
export type OnMessage = (opcode: number, bytes: Uint8Array, start: number, end: number) => void;

/** Cuts the bytes that a server sends into messages. Throws for what a server must not send. */
export class ServerMessageReader {
  readonly #onMessage: OnMessage;
  readonly #cutter = new StreamCutter((bytes, at) => this.#readOne(bytes, at));

  constructor(onMessage: OnMessage) {
    this.#onMessage = onMessage;
  }

  /** Takes the next bytes; the chunk may be used again afterwards. */
  push(chunk: Uint8Array): void {
    this.#cutter.push(chunk);
  }

  /** The position behind the message at `at`; 0 while it is incomplete. */
  #readOne(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < 2) return 0;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    if ((first & 0x80) === 0 || (first & 0x0f) === 0) throw new Error('the server fragments messages');
    if ((second & 0x80) !== 0) throw new Error('the server masks messages');
    const headerBytes = second < 126 ? 2 : second === 126 ? 4 : 10;
    if (bytes.length - at < headerBytes) return 0;
    let length = second;
    if (headerBytes > 2) {
      length = 0;
      for (let i = at + 2; i < at + headerBytes; i++) length = length * 256 + (bytes[i] ?? 0);
    }
    const start = at + headerBytes;
    const end = start + length;
    if (bytes.length < end) return 0;
    this.#onMessage(first & 0x0f, bytes, start, end);
    return end;
  }
}
