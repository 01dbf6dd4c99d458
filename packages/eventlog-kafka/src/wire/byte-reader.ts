/** Reads Kafka's primitive types (Kafka protocol guide, "Protocol Primitive Types") off a buffer, in place. */
export class ByteReader {
  readonly bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get left(): number {
    return this.bytes.length - this.position;
  }

  int8(): number {
    const value = this.bytes.readInt8(this.position);
    this.position += 1;
    return value;
  }

  int16(): number {
    const value = this.bytes.readInt16BE(this.position);
    this.position += 2;
    return value;
  }

  int32(): number {
    const value = this.bytes.readInt32BE(this.position);
    this.position += 4;
    return value;
  }

  uint32(): number {
    const value = this.bytes.readUInt32BE(this.position);
    this.position += 4;
    return value;
  }

  /** Offsets and times stay below 2^53. */
  int64(): number {
    const high = this.int32();
    return high * 2 ** 32 + this.uint32();
  }

  /** STRING and NULLABLE_STRING; null reads as empty. */
  string(): string {
    const length = this.int16();
    if (length <= 0) return '';
    const text = this.bytes.toString('utf8', this.position, this.position + length);
    this.position += length;
    return text;
  }

  /** A view of the next bytes; throws RangeError when there are fewer. */
  view(length: number): Buffer {
    if (length > this.left) throw new RangeError(`${length} bytes wanted, ${this.left} left`);
    const view = this.bytes.subarray(this.position, this.position + length);
    this.position += length;
    return view;
  }

  /** VARINT: zigzag, at most 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** VARLONG whose value stays below 2^52. */
  varlong(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes.readUInt8(this.position);
      this.position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  /** ARRAY of whatever `read` reads; null reads as empty. */
  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left -= 1) items.push(read());
    return items;
  }

  private unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes.readUInt8(this.position);
      this.position += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }
}
