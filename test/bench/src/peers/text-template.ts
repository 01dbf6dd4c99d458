import type { MessageTemplate } from '../chat/chat-server.js';
import { writeDigits } from '../protocol/send-template.js';
import { messageIdOf } from '../protocol/walk-server-frames.js';

/** An index that stands out in the bytes; ten digits. */
const markIndex = 9_876_543_210;

/** Stands for the message's index, as ten digits, in the text of a `TextTemplate`. */
export const indexMark = String(markIndex);

/** What a message says: its id, by which the generator knows it again, its level, and filling. */
export const textOf = (level: string, textBytes: number): string => `${messageIdOf(markIndex)} ${level} `.padEnd(textBytes, '.');

/** A message of a text protocol, in which every `indexMark` becomes the index of the message. */
export class TextTemplate implements MessageTemplate {
  readonly #bytes: Buffer;
  readonly #places: readonly number[];

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
    const places: number[] = [];
    for (let at = this.#bytes.indexOf(indexMark); at >= 0; at = this.#bytes.indexOf(indexMark, at + 1)) places.push(at);
    this.#places = places;
  }

  frame(_: number, messageIndex: number): Uint8Array {
    const frame = Buffer.allocUnsafe(this.#bytes.length);
    this.#bytes.copy(frame);
    for (const at of this.#places) writeDigits(frame, at, messageIndex);
    return frame;
  }
}

/** The number in ten digits. */
export function readDigits(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 10; i++) value = value * 10 + ((bytes[i] ?? 48) - 48);
  return value;
}
