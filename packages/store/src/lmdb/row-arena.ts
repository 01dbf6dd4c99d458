const chunkBytes = 64 * 1024;
/** Chunks that are kept for the next rows. */
const keptChunksMax = 64;

/**
 * Encodes rows one behind the other into shared chunks: one allocation for hundreds of rows, and one
 * address for the database binding to look up instead of one per row. A row stays valid until `reset`.
 */
export class RowArena {
  readonly #full: Buffer<ArrayBuffer>[] = [];
  readonly #free: Buffer<ArrayBuffer>[] = [];
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
    if (value.length < 0x80 && this.#ascii(value)) return;
    this.uint(Buffer.byteLength(value));
    this.#reserve(value.length * 3);
    this.#pos += this.#chunk.write(value, this.#pos);
  }

  /** Writes a short text character by character, as ids are: two calls into native code cost more. False for other characters. */
  #ascii(value: string): boolean {
    this.#reserve(value.length + 1);
    const chunk = this.#chunk;
    let pos = this.#pos;
    chunk[pos++] = value.length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      chunk[pos++] = code;
    }
    this.#pos = pos;
    return true;
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

  /** Uses the memory of all rows so far again; nobody may hold one any more. */
  reset(): void {
    if (this.#free.length < keptChunksMax) this.#free.push(...this.#full.slice(0, keptChunksMax - this.#free.length));
    this.#full.length = 0;
    this.#start = 0;
    this.#pos = 0;
  }

  #reserve(bytes: number): void {
    if (this.#pos + bytes <= this.#chunk.length) return;
    const begun = this.#chunk.subarray(this.#start, this.#pos);
    if (this.#chunk.length === chunkBytes) this.#full.push(this.#chunk);
    const needed = 2 * (begun.length + bytes);
    this.#chunk = (needed <= chunkBytes ? this.#free.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(chunkBytes, needed));
    this.#chunk.set(begun);
    this.#start = 0;
    this.#pos = begun.length;
  }
}
