import type { StoredRecord } from '../port.js';

/*
 * Layout 1. Four tables:
 *   meta     text key → JSON: `format`, `topic/<name>`, `start/<topic id>/<partition>`
 *   records  topic id (u16) · partition (u16) · offset (u64) → version (u8) · time (f64) · key length (u16) · key · value
 *   newest   topic id (u16) · partition (u16) · record key → offset (u64); compacted topics only
 *   owner    `owner` → how often the log was opened, also as the entry's version
 * All numbers are big-endian, so that the order of the bytes is the order of the offsets.
 */

/** The layout that this code writes and reads. */
export const layoutVersion = 1;

/** Length of the part of a key that names topic and partition. */
export const partitionBytes = 4;

const recordVersion = 1;
const headerBytes = 11;
const offsetBytes = 8;
const highWord = 2 ** 32;

/** Key of a record. */
export function recordKey(topicId: number, partition: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(partitionBytes + offsetBytes);
  key.writeUInt16BE(topicId, 0);
  key.writeUInt16BE(partition, 2);
  writeOffset(key, partitionBytes, offset);
  return key;
}

/** The offset in the key of a record. */
export function offsetOfKey(key: Uint8Array): number {
  return readOffset(key, partitionBytes);
}

/** Key of the entry that names the newest record with a record key. */
export function newestKey(topicId: number, partition: number, recordKeyText: string): Buffer {
  const key = Buffer.allocUnsafe(partitionBytes + Buffer.byteLength(recordKeyText));
  key.writeUInt16BE(topicId, 0);
  key.writeUInt16BE(partition, 2);
  key.write(recordKeyText, partitionBytes);
  return key;
}

/** An offset as a value. */
export function encodeOffset(offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(offsetBytes);
  writeOffset(bytes, 0, offset);
  return bytes;
}

/** The offset in a value. */
export function decodeOffset(bytes: Uint8Array): number {
  return readOffset(bytes, 0);
}

/** Bytes that a record takes as a value. */
export function recordBytes(key: string, value: Uint8Array): number {
  return headerBytes + (key === '' ? 0 : Buffer.byteLength(key)) + value.byteLength;
}

/** Writes a record as a value and returns where it ends. */
export function writeRecord(target: Buffer, at: number, record: StoredRecord): number {
  target[at] = recordVersion;
  target.writeDoubleBE(record.timeMs, at + 1);
  const keyBytes = record.key === '' ? 0 : target.write(record.key, at + headerBytes);
  target.writeUInt16BE(keyBytes, at + 9);
  target.set(record.value, at + headerBytes + keyBytes);
  return at + headerBytes + keyBytes + record.value.byteLength;
}

/** The record in a value; throws when a newer version of Parley wrote it. */
export function readRecord(offset: number, bytes: Buffer): StoredRecord {
  if (bytes[0] !== recordVersion) throw new Error(`record at offset ${offset} has layout ${bytes[0]}, not ${recordVersion}`);
  const valueAt = headerBytes + bytes.readUInt16BE(9);
  return {
    offset,
    timeMs: bytes.readDoubleBE(1),
    key: valueAt === headerBytes ? '' : bytes.toString('utf8', headerBytes, valueAt),
    value: bytes.subarray(valueAt),
  };
}

function writeOffset(target: Buffer, at: number, offset: number): void {
  target.writeUInt32BE(Math.floor(offset / highWord), at);
  target.writeUInt32BE(offset % highWord, at + 4);
}

function readOffset(source: Uint8Array, at: number): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  return view.getUint32(at) * highWord + view.getUint32(at + 4);
}
