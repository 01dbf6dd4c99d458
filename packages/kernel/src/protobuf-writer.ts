/**
 * Messages are written one behind the other into blocks that are never written again: an allocation of its own
 * for each costs more than encoding it.
 */
const blockBytes = 16 * 1024;
/** With less room than this a message begins in a new block. */
const roomBytesMin = 1024;

/**
 * Writes the protobuf wire format (protobuf.dev, "Encoding") into a buffer that grows. Lengths of
 * nested messages are written after the fact: one byte is kept free and the content moves only
 * when the length needs more.
 */
export class ProtobufWriter {
  #bytes = new Uint8Array(blockBytes);
  /** Where the message at hand begins. */
  #start = 0;
  #pos = 0;

  /** What was written since the last call; the writer goes on behind it. */
  finish(): Uint8Array {
    const message = this.#bytes.subarray(this.#start, this.#pos);
    if (this.#bytes.length - this.#pos < roomBytesMin || this.#bytes.length > blockBytes) {
      this.#bytes = new Uint8Array(blockBytes);
      this.#pos = 0;
    }
    this.#start = this.#pos;
    return message;
  }

  /** Forgets what was written since the last `finish`. */
  reset(): void {
    this.#pos = this.#start;
  }

  get length(): number {
    return this.#pos - this.#start;
  }

  /** Tags are known constants below 2^14. */
  writeTag(tag: number): void {
    this.#ensure(2);
    if (tag < 0x80) {
      this.#bytes[this.#pos++] = tag;
    } else {
      this.#bytes[this.#pos++] = (tag & 0x7f) | 0x80;
      this.#bytes[this.#pos++] = tag >>> 7;
    }
  }

  writeUint32(value: number): void {
    this.#ensure(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#pos++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#pos++] = rest;
  }

  /** A non-negative integer below 2^53; throws a RangeError for anything else. */
  writeUint64(value: number): void {
    if (value >>> 0 === value) {
      this.writeUint32(value);
      return;
    }
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a uint64 below 2^53: ${value}`);
    this.#ensure(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#pos++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#pos++] = rest;
  }

  writeBool(value: boolean): void {
    this.#ensure(1);
    this.#bytes[this.#pos++] = value ? 1 : 0;
  }

  writeDouble(value: number): void {
    this.#ensure(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#pos, value, true);
    this.#pos += 8;
  }

  writeBytes(value: Uint8Array): void {
    this.writeUint32(value.length);
    this.writeRaw(value);
  }

  /** Bytes that are already in wire format. */
  writeRaw(value: Uint8Array): void {
    this.#ensure(value.length);
    this.#bytes.set(value, this.#pos);
    this.#pos += value.length;
  }

  /** UTF-8 with its length; lone surrogates become U+FFFD, as in the Encoding standard. */
  writeString(value: string): void {
    this.#ensure(5 + value.length * 3);
    const start = this.fork();
    const bytes = this.#bytes;
    let pos = this.#pos;
    for (let i = 0; i < value.length; i++) {
      let code = value.charCodeAt(i);
      if (code < 0x80) {
        bytes[pos++] = code;
        continue;
      }
      if (code < 0x800) {
        bytes[pos++] = 0xc0 | (code >> 6);
        bytes[pos++] = 0x80 | (code & 0x3f);
        continue;
      }
      if (code >= 0xd800 && code <= 0xdfff) {
        const next = i + 1 < value.length ? value.charCodeAt(i + 1) : 0;
        if (code < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
          code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00);
          i++;
          bytes[pos++] = 0xf0 | (code >> 18);
          bytes[pos++] = 0x80 | ((code >> 12) & 0x3f);
          bytes[pos++] = 0x80 | ((code >> 6) & 0x3f);
          bytes[pos++] = 0x80 | (code & 0x3f);
          continue;
        }
        code = 0xfffd;
      }
      bytes[pos++] = 0xe0 | (code >> 12);
      bytes[pos++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[pos++] = 0x80 | (code & 0x3f);
    }
    this.#pos = pos;
    this.join(start);
  }

  /** Opens a length-delimited part; `join` with the returned mark closes it. */
  fork(): number {
    this.#ensure(1);
    return this.#pos++;
  }

  join(mark: number): void {
    const length = this.#pos - mark - 1;
    if (length < 0x80) {
      this.#bytes[mark] = length;
      return;
    }
    const extra = length < 0x4000 ? 1 : length < 0x200000 ? 2 : length < 0x10000000 ? 3 : 4;
    this.#ensure(extra);
    this.#bytes.copyWithin(mark + 1 + extra, mark + 1, this.#pos);
    const end = this.#pos + extra;
    this.#pos = mark;
    this.writeUint32(length);
    this.#pos = end;
  }

  /** Marks of `fork` are positions in the buffer, so what was written keeps its place. */
  #ensure(more: number): void {
    const needed = this.#pos + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(this.#start, this.#pos), this.#start);
    this.#bytes = grown;
  }
}

let shared: ProtobufWriter | undefined;

/** Encodes one message; nested calls are safe. */
export function encodeWith<T>(write: (writer: ProtobufWriter, value: T) => void, value: T): Uint8Array {
  const writer = shared ?? new ProtobufWriter();
  shared = undefined;
  writer.reset();
  write(writer, value);
  const bytes = writer.finish();
  shared = writer;
  return bytes;
}
