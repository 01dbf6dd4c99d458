/** Writes Kafka's primitive types into a buffer whose size was computed before. */
export class ByteWriter {
  readonly bytes: Buffer;
  position = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  int8(value: number): this {
    this.position = this.bytes.writeInt8(value, this.position);
    return this;
  }

  int16(value: number): this {
    this.position = this.bytes.writeInt16BE(value, this.position);
    return this;
  }

  int32(value: number): this {
    this.position = this.bytes.writeInt32BE(value, this.position);
    return this;
  }

  int64(value: number): this {
    this.int32(Math.floor(value / 2 ** 32));
    this.position = this.bytes.writeUInt32BE(((value % 2 ** 32) + 2 ** 32) % 2 ** 32, this.position);
    return this;
  }

  string(text: string): this {
    const length = this.bytes.write(text, this.position + 2);
    this.int16(length);
    this.position += length;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
    return this;
  }

  /** VARINT: zigzag, at most 32 bits. */
  varint(value: number): this {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest >= 0x80) {
      this.position = this.bytes.writeUInt8((rest & 0x7f) | 0x80, this.position);
      rest >>>= 7;
    }
    this.position = this.bytes.writeUInt8(rest, this.position);
    return this;
  }
}

/** Bytes of a VARINT. */
export function varintSize(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0;
  if (rest < 2 ** 7) return 1;
  if (rest < 2 ** 14) return 2;
  if (rest < 2 ** 21) return 3;
  return rest < 2 ** 28 ? 4 : 5;
}

/** Bytes of a STRING. */
export const stringSize = (text: string): number => 2 + Buffer.byteLength(text);
