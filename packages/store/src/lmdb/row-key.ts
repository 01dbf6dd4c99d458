const capacity = 1024;
/** Longest part of a key, in UTF-16 code units; ids are far shorter. */
const partCharsMax = 128;

/** Throws a RangeError for a text that cannot be part of a key. */
export function checkKeyPart(text: string): void {
  if (text.length > partCharsMax) throw new RangeError(`id of ${text.length} characters: at most ${partCharsMax} fit into a key`);
  if (text.includes('\0')) throw new RangeError('an id must not contain a zero byte');
}

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
    return Buffer.from(key.buffer, key.byteOffset, key.length).toString('utf8', this.#prefix);
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
