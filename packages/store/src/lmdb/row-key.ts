import type { DetailKey } from '../history-store.js';

/** What LMDB takes with its pages of 4 KiB. */
const capacity = 1978;
/** Longest part of a key, in UTF-16 code units; ids are far shorter. */
const partCharsMax = 128;
/** Longest space and key of a detail, which are made of ids. */
const detailCharsMax = 256;

/** Throws a RangeError for a text that cannot be part of a key. */
export function checkKeyPart(text: string, charsMax = partCharsMax): void {
  if (text.length > charsMax) throw new RangeError(`id of ${text.length} characters: at most ${charsMax} fit into a key`);
  if (text.includes('\0')) throw new RangeError('an id must not contain a zero byte');
}

/** Throws a RangeError for a detail that cannot be found again by its key. */
export function checkDetailKey({ app, space, key }: DetailKey): void {
  checkKeyPart(app);
  for (const text of [space, key]) {
    checkKeyPart(text, detailCharsMax);
    // Half a pair has no UTF-8 of its own: different keys would become one.
    if (loneHalf.test(text)) throw new RangeError('the key of a detail must be well-formed Unicode');
  }
}

const loneHalf = /\p{Surrogate}/u;

/**
 * Builds keys whose byte order is the order of their parts: every part ends with a zero byte, which is
 * why `g:a` sorts before `g:a.b` and no id reaches into the rows of another that it begins like.
 * A returned key is a view that the next change of the same RowKey overwrites.
 */
export class RowKey {
  readonly #bytes = Buffer.alloc(capacity);
  #prefix = 0;

  /** Starts a key; the first byte spreads or gathers rows, see `HistoryKeys`. */
  start(shard: number): this {
    this.#bytes[0] = shard;
    this.#prefix = 1;
    return this;
  }

  /** Starts a key without a shard. */
  startPlain(): this {
    this.#prefix = 0;
    return this;
  }

  /** Adds a part to the prefix that the following keys share; throws when it contains a zero byte. */
  part(text: string): this {
    this.#prefix = this.#write(text, this.#prefix);
    this.#bytes[this.#prefix++] = 0;
    return this;
  }

  /** The prefix itself. */
  prefix(): Uint8Array {
    return this.#bytes.subarray(0, this.#prefix);
  }

  /** The first key behind all that have the prefix. */
  prefixEnd(): Uint8Array {
    const end = Uint8Array.from(this.prefix());
    end[this.#prefix - 1] = 1;
    return end;
  }

  /** The prefix, then a last part without its zero byte. */
  withText(text: string): Uint8Array {
    return this.#bytes.subarray(0, this.#write(text, this.#prefix));
  }

  /** The prefix, then two more parts. */
  withTexts(first: string, last: string): Uint8Array {
    const middle = this.#write(first, this.#prefix);
    this.#bytes[middle] = 0;
    return this.#bytes.subarray(0, this.#write(last, middle + 1));
  }

  /** The prefix, then a number as eight bytes, most significant first. */
  withNumber(value: number): Uint8Array {
    const high = Math.floor(value / 2 ** 32);
    this.#bytes.writeUInt32BE(high, this.#prefix);
    this.#bytes.writeUInt32BE(value >>> 0, this.#prefix + 4);
    return this.#bytes.subarray(0, this.#prefix + 8);
  }

  /** What stands behind the prefix in a stored key. */
  textOf(key: Uint8Array): string {
    return RowKey.textBehind(key, this.#prefix);
  }

  static textBehind(key: Uint8Array, offset: number): string {
    // What the database binding gives is a Buffer; a view of it for each row of a range would cost more than the text.
    const view = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.length);
    return view.toString('utf8', offset);
  }

  /** The two parts behind the first `offset` bytes of a key that ends with the second. */
  static partsOf(key: Uint8Array, offset: number): readonly [string, string] {
    const view = Buffer.from(key.buffer, key.byteOffset, key.length);
    const middle = view.indexOf(0, offset);
    return [view.toString('utf8', offset, middle), view.toString('utf8', middle + 1, view.length - 1)];
  }

  numberOf(key: Uint8Array): number {
    const view = Buffer.from(key.buffer, key.byteOffset, key.length);
    return view.readUInt32BE(key.length - 8) * 2 ** 32 + view.readUInt32BE(key.length - 4);
  }

  #write(text: string, at: number): number {
    const bytes = this.#bytes;
    if (at + text.length * 3 + 16 > capacity) throw new RangeError('ids are too long for a key');
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0) throw new RangeError('an id must not contain a zero byte');
      if (code >= 0x80) return at + i + bytes.write(text.slice(i), at + i);
      bytes[at + i] = code;
    }
    return at + text.length;
  }
}
