/** Bytes that are no valid protobuf message of the expected type. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

export const emptyBytes: Uint8Array = new Uint8Array(0);

/**
 * Reads the protobuf wire format (protobuf.dev, "Encoding"). Byte fields are views into the input, not
 * copies. Throws {@link ProtobufError} on truncated input, malformed varints, invalid UTF-8, integers
 * of 2^53 and more, and groups.
 */
export class ProtobufReader {
  pos = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  get end(): number {
    return this.#end;
  }

  readTag(): number {
    const tag = this.readUint32();
    if (tag < 8) throw new ProtobufError('field number 0');
    return tag;
  }

  /** The low 32 bits of a varint, as protobuf reads a longer one into a uint32. */
  readUint32(): number {
    const bytes = this.#bytes;
    let pos = this.pos;
    let byte = pos < this.#end ? (bytes[pos++] as number) : this.#truncated();
    if (byte < 0x80) {
      this.pos = pos;
      return byte;
    }
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = pos < this.#end ? (bytes[pos++] as number) : this.#truncated();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.pos = pos;
        return value >>> 0;
      }
    }
    throw new ProtobufError('varint of more than 10 bytes');
  }

  readUint64(): number {
    const bytes = this.#bytes;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.pos < this.#end ? (bytes[this.pos++] as number) : this.#truncated();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new ProtobufError('integer of 2^53 or more');
        return value;
      }
    }
    throw new ProtobufError('varint of more than 10 bytes');
  }

  readBool(): boolean {
    return this.readUint64() !== 0;
  }

  /** A value of an enum that is numbered 0 to `last`; values of a newer schema become 0. */
  readEnum(last: number): number {
    const value = this.readUint32();
    return value <= last ? value : 0;
  }

  readDouble(): number {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at, true);
  }

  readBytes(): Uint8Array {
    const length = this.readUint32();
    const at = this.#take(length);
    return length === 0 ? emptyBytes : this.#bytes.subarray(at, at + length);
  }

  readString(): string {
    const length = this.readUint32();
    const at = this.#take(length);
    return decodeUtf8(this.#bytes, at, at + length);
  }

  /** Enters a length-delimited message; the returned end goes to its read function. */
  enter(): number {
    const length = this.readUint32();
    if (length > this.#end - this.pos) this.#truncated();
    return this.pos + length;
  }

  /** A message must end exactly where its length said. */
  leave(end: number): void {
    if (this.pos !== end) throw new ProtobufError('field reaches beyond its message');
  }

  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.readUint32();
        return;
      case 1:
        this.#take(8);
        return;
      case 2:
        this.#take(this.readUint32());
        return;
      case 5:
        this.#take(4);
        return;
      default:
        throw new ProtobufError(`wire type ${tag & 7}`);
    }
  }

  #take(length: number): number {
    const at = this.pos;
    if (length > this.#end - at) this.#truncated();
    this.pos = at + length;
    return at;
  }

  #truncated(): never {
    throw new ProtobufError('truncated');
  }
}

/** Decodes one message that takes up all of the bytes. */
export function decodeWith<T>(read: (reader: ProtobufReader, end: number) => T, bytes: Uint8Array): T {
  const reader = new ProtobufReader(bytes);
  return read(reader, reader.end);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Up to this length a plain loop beats the call into TextDecoder. */
const shortString = 32;

/** UTF-8 to string; throws {@link ProtobufError} on invalid sequences. */
function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= shortString) {
    let text = '';
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    throw new ProtobufError('invalid UTF-8');
  }
}
