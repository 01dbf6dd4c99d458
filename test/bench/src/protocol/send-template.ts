import { encodeClientFrames, encodeContent, type Priority } from '@parley/wire';
import type { MessageTemplate } from '../chat/chat-server.js';
import { messageIdOf } from './walk-server-frames.js';

/** Frame ids whose varint has three bytes, so that they can be written over each other. */
const firstFrameId = 1 << 14;
const frameIds = 1 << 20;
/** An index that stands out in the encoded bytes. */
const markIndex = 9_876_543_210;

export interface SendTemplateOptions {
  readonly conversation: string;
  readonly priority: Priority;
  /** A bullet, which is not stored, instead of a text. */
  readonly isBullet?: boolean;
  /** Bytes of the text, at least 16. */
  readonly textBytes: number;
}

/** The frame id of the n-th message of a connection. */
export const frameIdOf = (n: number): number => firstFrameId + (n % frameIds);

/**
 * An encoded `send` that is copied and patched for each message instead of being encoded anew: id of the
 * frame, client message id, and a text that differs every time.
 */
export class SendTemplate implements MessageTemplate {
  readonly #bytes: Buffer;
  readonly #frameIdAt: number;
  readonly #messageIdAt: number;
  readonly #textAt: number;

  constructor(options: SendTemplateOptions) {
    const text = `text ${markIndex}`.padEnd(options.textBytes, '.');
    const value = {
      conversation: options.conversation,
      clientMsgId: messageIdOf(markIndex),
      priority: options.priority,
      content: encodeContent({ kind: { type: options.isBullet === true ? 'bullet' : 'text', value: { text } } }),
    };
    this.#bytes = Buffer.from(encodeClientFrames({ frames: [{ id: firstFrameId, body: { type: 'send', value } }] }));
    this.#frameIdAt = this.#bytes.indexOf(Buffer.from([0x08, 0x80, 0x80, 0x01])) + 1;
    this.#messageIdAt = this.#bytes.indexOf(messageIdOf(markIndex)) + 2;
    this.#textAt = this.#bytes.indexOf(`text ${markIndex}`) + 5;
  }

  /** The frame of a message, as a ClientFrames message of its own. */
  frame(frameId: number, messageIndex: number): Buffer {
    const frame = Buffer.allocUnsafe(this.#bytes.length);
    this.#bytes.copy(frame);
    frame[this.#frameIdAt] = (frameId & 0x7f) | 0x80;
    frame[this.#frameIdAt + 1] = ((frameId >>> 7) & 0x7f) | 0x80;
    frame[this.#frameIdAt + 2] = (frameId >>> 14) & 0x7f;
    writeDigits(frame, this.#messageIdAt, messageIndex);
    writeDigits(frame, this.#textAt, messageIndex);
    return frame;
  }
}

/** Writes a number as ten decimal digits. */
export function writeDigits(bytes: Uint8Array, at: number, value: number): void {
  let rest = value;
  for (let i = at + 9; i >= at; i--) {
    bytes[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
