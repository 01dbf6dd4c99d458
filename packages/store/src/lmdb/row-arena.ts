const chunkBytes = 64 * 1024;

/**
 * Encodes small rows one behind the other into shared chunks: one allocation for hundreds of rows, and
 * one address for the database binding to look up instead of one per row. Chunks are never reused, so
 * a row stays valid as long as somebody holds it.
 */
export class RowArena {
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  #start = 0;
  #pos = 0;

  /** Starts a row; its first byte says by which layout to read it. */
  begin(layout: number): void {
    this.#start = this.#pos;
    this.#reserve(1);
    this.#chunk[this.#pos++] = layout;
  }

  /** A varint as in protobuf; throws a RangeError for what is no integer from 0 to 2^53 - 1. */
  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an integer from 0 to 2^53 - 1: ${value}`);
    this.#reserve(8);
    const chunk = this.#chunk;
    let rest = value;
    while (rest > 0xfffffff) {
      chunk[this.#pos++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      chunk[this.#pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    chunk[this.#pos++] = rest;
  }

  /** UTF-8 with its length in bytes before it. */
  text(value: string): void {
    this.uint(Buffer.byteLength(value));
    this.#reserve(value.length * 3);
    this.#pos += this.#chunk.write(value, this.#pos);
  }

  /** Bytes with their number before them. */
  bytes(value: Uint8Array): void {
    this.uint(value.length);
    this.rest(value);
  }

  /** Bytes up to the end of the row. */
  rest(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#chunk.set(value, this.#pos);
    this.#pos += value.length;
  }

  end(): Uint8Array {
    return this.#chunk.subarray(this.#start, this.#pos);
  }

  #reserve(bytes: number): void {
    if (this.#pos + bytes <= this.#chunk.length) return;
    const begun = this.#chunk.subarray(this.#start, this.#pos);
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, 2 * (begun.length + bytes)));
    this.#chunk.set(begun);
    this.#start = 0;
    this.#pos = begun.length;
  }
}
