import type { NewRecord, StoredRecord } from '@parley/eventlog';
import { recordCostBytes } from '../limits.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter, varintSize } from './byte-writer.js';
import { crc32c } from './crc32c.js';

// RecordBatch, magic 2 (Kafka documentation, "Message Format"): offset of each header field.
const lengthAt = 8;
const magicAt = 16;
const crcAt = 17;
const attributesAt = 21;
const headerBytes = 61;
const prefixBytes = 12; // base offset and length, which the length does not count

const compressionMask = 0x07;
const logAppendTimeFlag = 0x08;
const controlFlag = 0x20;

/** A batch came damaged or in a form that we never write. */
export class BadBatchError extends Error {
  override readonly name = 'BadBatchError';
}

/** At most how many bytes the records take in a batch. */
export function batchBytesBound(records: readonly NewRecord[]): number {
  let bytes = headerBytes;
  for (const { key = '', value } of records) bytes += value.length + key.length * 3 + 24;
  return bytes;
}

/** The records as one uncompressed batch; an empty key is written as none. */
export function encodeRecordBatch(records: readonly NewRecord[], timeMs: number): Buffer {
  const keys = records.map(({ key }) => (key ? Buffer.from(key) : undefined));
  let size = headerBytes;
  const bodies = records.map(({ value }, index) => {
    const body = bodySize(index, keys[index], value);
    size += varintSize(body) + body;
    return body;
  });
  const writer = new ByteWriter(size);
  writer
    .int64(0)
    .int32(size - prefixBytes)
    .int32(-1)
    .int8(2)
    .int32(0); // checksum: see below
  writer
    .int16(0)
    .int32(records.length - 1)
    .int64(timeMs)
    .int64(timeMs);
  writer.int64(-1).int16(-1).int32(-1).int32(records.length); // no producer id, epoch, sequence
  records.forEach(({ value }, index) => {
    const key = keys[index];
    writer
      .varint(bodies[index] ?? 0)
      .int8(0)
      .varint(0)
      .varint(index);
    if (key) writer.varint(key.length).raw(key);
    else writer.varint(-1);
    writer.varint(value.length).raw(value).varint(0);
  });
  writer.bytes.writeUInt32BE(crc32c(writer.bytes, attributesAt, size), crcAt);
  return writer.bytes;
}

/** Attributes, time delta, offset delta, key, value, no headers. */
const bodySize = (index: number, key: Buffer | undefined, value: Uint8Array): number =>
  2 + varintSize(index) + varintSize(key ? key.length : -1) + (key?.length ?? 0) + varintSize(value.length) + value.length + 1;

/** Records that a fetch brought of one partition. */
export interface DecodedRecords {
  /** Their values are views of the response. */
  readonly records: StoredRecord[];
  /** Where to read on; compaction may leave it further than the last record. */
  readonly nextOffset: number;
  /** What it took to read them, see recordCostBytes. */
  readonly cost: number;
}

/**
 * The records from an offset on, in slices that cost about so much, so that whoever takes them can do something else in
 * between; at least one slice. A batch that is cut off at the end is left for the next fetch.
 */
export function* decodeInSlices(bytes: Buffer, from: number, sliceCost: number): Generator<DecodedRecords, void> {
  let records: StoredRecord[] = [];
  let nextOffset = from;
  let room = sliceCost;
  let at = 0;
  while (bytes.length - at > magicAt) {
    const end = at + prefixBytes + bytes.readInt32BE(at + lengthAt);
    if (end > bytes.length) break;
    const batch = openBatch(bytes.subarray(at, end));
    at = end;
    room -= headerBytes;
    while (batch.nextOffset > from && batch.left > 0) {
      const before = { at: batch.reader.position, left: batch.left };
      nextOffset = readRecords(batch, from, { into: records, cost: Math.max(1, room) });
      room -= batch.reader.position - before.at + (before.left - batch.left) * recordCostBytes;
      if (room > 0) break; // and so the batch is at its end
      yield { records, nextOffset, cost: sliceCost - room };
      records = [];
      room = sliceCost;
    }
    nextOffset = Math.max(nextOffset, batch.nextOffset);
  }
  yield { records, nextOffset, cost: sliceCost - room };
}

/** A batch whose records are read one after the other. */
interface OpenBatch {
  readonly reader: ByteReader;
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly baseTime: number;
  /** When the broker took it, where the topic says that instead of when it was sent. */
  readonly appendTime: number | undefined;
  /** Records that were not read yet. */
  left: number;
}

function openBatch(bytes: Buffer): OpenBatch {
  if (bytes.readInt8(magicAt) !== 2) throw new BadBatchError(`record format ${bytes.readInt8(magicAt)}`);
  if (bytes.readUInt32BE(crcAt) !== crc32c(bytes, attributesAt, bytes.length)) throw new BadBatchError('wrong checksum');
  const baseOffset = new ByteReader(bytes).int64();
  const reader = new ByteReader(bytes, attributesAt);
  const attributes = reader.int16();
  const nextOffset = baseOffset + reader.int32() + 1;
  const baseTime = reader.int64();
  const maxTime = reader.int64();
  const isControl = (attributes & controlFlag) !== 0;
  if (!isControl && (attributes & compressionMask) !== 0) {
    throw new BadBatchError('the topic compresses; set compression.type=producer');
  }
  reader.position = headerBytes - 4;
  const left = isControl ? 0 : reader.int32();
  const appendTime = (attributes & logAppendTimeFlag) === 0 ? undefined : maxTime;
  return { reader, baseOffset, nextOffset, baseTime, appendTime, left };
}

/** Reads records that cost about so much, at least one; returns the offset behind the last. */
function readRecords(batch: OpenBatch, from: number, slice: { readonly into: StoredRecord[]; readonly cost: number }): number {
  const { reader, baseOffset, baseTime, appendTime } = batch;
  let until = reader.position + slice.cost;
  let offset = from - 1;
  while (batch.left > 0 && reader.position < until) {
    until -= recordCostBytes;
    batch.left -= 1;
    const length = reader.varint();
    const end = reader.position + length;
    reader.position += 1; // attributes
    const timeDelta = reader.varlong();
    offset = baseOffset + reader.varint();
    if (offset >= from) {
      const key = readKey(reader);
      slice.into.push({ offset, timeMs: appendTime ?? baseTime + timeDelta, key, value: reader.view(Math.max(0, reader.varint())) });
    }
    reader.position = end;
  }
  return Math.max(from, offset + 1);
}

function readKey(reader: ByteReader): string {
  const length = reader.varint();
  return length > 0 ? reader.view(length).toString() : '';
}
