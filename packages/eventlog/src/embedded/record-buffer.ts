import type { StoredRecord } from '../port.js';

/** What a record costs beside its value, roughly: the object, its key and its place in the buffer. */
const recordOverheadBytes = 64;

/** The memory that a record is counted as. */
export function recordCost(record: { readonly key?: string; readonly value: Uint8Array }): number {
  return recordOverheadBytes + record.value.byteLength + (record.key?.length ?? 0);
}

/** Records in order of their offsets, added behind and dropped in front; both take constant time. */
export class RecordBuffer {
  #records: StoredRecord[] = [];
  #head = 0;
  #bytes = 0;

  /** Memory that the records are counted as. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  /** The offset of the oldest record held. */
  get firstOffset(): number | undefined {
    return this.#records[this.#head]?.offset;
  }

  /** The oldest record held. */
  get first(): StoredRecord | undefined {
    return this.#records[this.#head];
  }

  push(record: StoredRecord): void {
    this.#records.push(record);
    this.#bytes += recordCost(record);
  }

  /** Forgets the records below the offset. */
  dropBefore(offset: number): void {
    let record = this.#records[this.#head];
    while (record !== undefined && record.offset < offset) {
      this.#bytes -= recordCost(record);
      this.#head += 1;
      record = this.#records[this.#head];
    }
    this.#squeeze();
  }

  /** Forgets the oldest records until no more than `bytesMax` are left. */
  shrinkTo(bytesMax: number): void {
    while (this.#bytes > bytesMax) {
      const record = this.#records[this.#head];
      if (record === undefined) break;
      this.#bytes -= recordCost(record);
      this.#head += 1;
    }
    this.#squeeze();
  }

  /** Keeps what the predicate says yes to. */
  keep(predicate: (record: StoredRecord) => boolean): void {
    this.#records = this.#records.slice(this.#head).filter(predicate);
    this.#head = 0;
    this.#bytes = this.#records.reduce((sum, record) => sum + recordCost(record), 0);
  }

  /** The records from an offset on: one, and more while their values fit into `bytesMax`. */
  slice(from: number, bytesMax: number): readonly StoredRecord[] {
    const first = this.#indexOf(from);
    let bytes = 0;
    let behind = first;
    while (behind < this.#records.length) {
      bytes += this.#records[behind]?.value.byteLength ?? 0;
      if (bytes > bytesMax && behind > first) break;
      behind += 1;
    }
    return this.#records.slice(first, behind);
  }

  /** Index of the first record at or behind the offset; a guess is right unless records were compacted away. */
  #indexOf(offset: number): number {
    const oldest = this.#records[this.#head];
    if (oldest === undefined || offset <= oldest.offset) return this.#head;
    const guess = this.#head + offset - oldest.offset;
    if (this.#records[guess]?.offset === offset) return guess;
    let low = this.#head;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.#records[middle];
      if (record !== undefined && record.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Gives back the dropped front once it is half of the array, so that each record is moved about once. */
  #squeeze(): void {
    if (this.#head === this.#records.length) {
      this.#records = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }
}
