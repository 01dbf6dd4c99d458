import { ParleyError } from '@parley/kernel';
import { mediaLimits } from '../limits.js';
import type { MediaRecord } from '../media-record.js';
import type { ByteRange, MediaKey, MediaStore, RemovableFile, TimedFile } from '../ports.js';
import { dayStart, names, readKept, readStarted } from './file-names.js';
import type { S3Client, UploadedPart } from './s3-client.js';

/** How far a multipart upload has come; kept beside the file until it is complete. */
interface Parts {
  readonly upload: string;
  readonly parts: readonly UploadedPart[];
  readonly isFinished: boolean;
}

export interface S3MediaLimits {
  /** How many bytes make a part of a multipart upload; stores want 5 MiB or more. */
  readonly partBytes: number;
  /** What all uploads together may hold in memory. */
  readonly waitingBytesMax: number;
}

/**
 * Files in a bucket. Bytes come together to parts of a multipart upload; what is too short for a part when a connection ends lies in an object
 * of its own until the upload goes on.
 */
export class S3MediaStore implements MediaStore {
  readonly #s3: S3Client;
  readonly #partBytes: number;
  readonly #room: Room;

  constructor(s3: S3Client, limits: S3MediaLimits = { partBytes: mediaLimits.chunkBytes, waitingBytesMax: mediaLimits.waitingBytesMax }) {
    this.#s3 = s3;
    this.#partBytes = limits.partBytes;
    this.#room = { leftBytes: limits.waitingBytesMax };
  }

  async create(record: MediaRecord): Promise<void> {
    // The note of the start comes first: whatever is left of a crash is found by it.
    await this.#s3.put(names.startedAt(record.createdMs, record), '');
    const upload = await this.#s3.beginParts(names.data(record));
    await this.#putParts(record, { upload, parts: [], isFinished: false });
    await this.putRecord(record);
    await this.#s3.put(names.owned(record.app, record.owner, record.media), '');
  }

  async record(key: MediaKey): Promise<MediaRecord | undefined> {
    return this.#json<MediaRecord>(names.record(key));
  }

  async putRecord(record: MediaRecord): Promise<void> {
    await this.#s3.put(names.record(record), JSON.stringify(record));
  }

  async receivedBytes(key: MediaKey): Promise<number> {
    const parts = await this.#parts(key);
    return parts === undefined ? 0 : sizeOf(parts) + ((await this.#tail(key, parts))?.length ?? 0);
  }

  async append(key: MediaKey, _offset: number, source: AsyncIterable<Uint8Array>): Promise<void> {
    const known = await this.#parts(key);
    if (known === undefined) throw new Error('an upload without parts');
    let state: Parts = known;
    const tail = await this.#tail(key, state);
    const waiting = new WaitingBytes(this.#room);
    try {
      if (tail !== undefined) waiting.add(tail);
      for await (const bytes of source) {
        waiting.add(bytes);
        if (waiting.bytes < this.#partBytes) continue;
        const part = await this.#s3.putPart(names.data(key), state.upload, state.parts.length + 1, waiting.joined());
        const next = { ...state, parts: [...state.parts, part] };
        await this.#putParts(key, next);
        // Only now: what waits is the tail of the parts that are noted. One from before is in this part, and no longer counts: see #tail.
        state = next;
        waiting.clear();
      }
    } finally {
      if (waiting.bytes > 0) await this.#putTail(key, state, waiting.joined());
      waiting.clear();
    }
  }

  async finish(key: MediaKey): Promise<void> {
    let state = await this.#parts(key);
    if (state === undefined || state.isFinished) return;
    const tail = await this.#tail(key, state);
    if (tail !== undefined) {
      const part = await this.#s3.putPart(names.data(key), state.upload, state.parts.length + 1, tail);
      state = { ...state, parts: [...state.parts, part] };
      await this.#putParts(key, state);
    }
    // Put together once, it cannot be again: then only the note of it was lost.
    if (!(await this.#s3.exists(names.data(key)))) await this.#s3.completeParts(names.data(key), state.upload, state.parts);
    await this.#putParts(key, { ...state, isFinished: true });
    await this.#s3.delete(names.tail(key));
  }

  read(key: MediaKey, range?: ByteRange): AsyncIterable<Uint8Array> {
    return this.#s3.read(names.data(key), range);
  }

  async ownedBy(
    app: string,
    owner: string,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    const prefix = `${names.owner(app, owner)}/`;
    const found = await this.#s3.list(prefix, { after: after === '' ? '' : `${prefix}${after}`, limit });
    return found.map((name) => name.slice(prefix.length));
  }

  async startedBefore(timeMs: number): Promise<readonly TimedFile[]> {
    const found = await this.#s3.list(`${names.started}/`, { after: '', limit: mediaLimits.keptPageMax });
    return found.flatMap((name) => readStarted(name) ?? []).filter((started) => started.timeMs < timeMs);
  }

  async settle(record: MediaRecord): Promise<void> {
    await this.#s3.put(names.keptOn(record.createdMs, record), '');
    await this.#s3.delete(names.startedAt(record.createdMs, record));
  }

  async keptBefore(app: string, timeMs: number): Promise<readonly TimedFile[]> {
    const found = await this.#s3.list(`${names.kept(app)}/`, { after: '', limit: mediaLimits.keptPageMax });
    return found.flatMap((name) => readKept(app, name) ?? []).filter((file) => file.timeMs < dayStart(timeMs));
  }

  async moveKept(file: TimedFile, toMs: number | undefined): Promise<void> {
    if (toMs !== undefined) await this.#s3.put(names.keptOn(toMs, file), '');
    if (toMs === undefined || dayStart(toMs) !== file.timeMs) await this.#s3.delete(names.keptOn(file.timeMs, file));
  }

  async remove(file: RemovableFile): Promise<void> {
    const state = await this.#parts(file);
    if (state !== undefined && !state.isFinished) await this.#s3.abortParts(names.data(file), state.upload);
    const parts = [names.data(file), names.tail(file), names.parts(file), names.record(file)];
    await Promise.all(parts.map((name) => this.#s3.delete(name)));
    // By this one it is found again when something of it was left.
    if (file.owner !== undefined) await this.#s3.delete(names.owned(file.app, file.owner, file.media));
    await this.#s3.delete(names.keptOn(file.createdMs, file));
    await this.#s3.delete(names.startedAt(file.createdMs, file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Requests are all that it makes.
  }

  #parts(key: MediaKey): Promise<Parts | undefined> {
    return this.#json<Parts>(names.parts(key));
  }

  async #putParts(key: MediaKey, parts: Parts): Promise<void> {
    await this.#s3.put(names.parts(key), JSON.stringify(parts));
  }

  /** It begins with the number of parts before it: one of an earlier time lies in a part already. */
  async #putTail(key: MediaKey, { parts }: Parts, bytes: Uint8Array): Promise<void> {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, parts.length);
    await this.#s3.put(names.tail(key), Buffer.concat([head, bytes]));
  }

  async #tail(key: MediaKey, { parts, isFinished }: Parts): Promise<Uint8Array | undefined> {
    if (isFinished) return undefined;
    const found = await this.#s3.get(names.tail(key));
    if (found === undefined || found.length <= 4) return undefined;
    const partsBefore = new DataView(found.buffer, found.byteOffset).getUint32(0);
    return partsBefore === parts.length ? found.subarray(4) : undefined;
  }

  async #json<T>(name: string): Promise<T | undefined> {
    const bytes = await this.#s3.get(name);
    return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as T);
  }
}

const sizeOf = ({ parts }: Parts): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** Memory that all uploads of a process share. */
interface Room {
  leftBytes: number;
}

/** Bytes of one upload that are too few for a part. */
class WaitingBytes {
  readonly #room: Room;
  #pieces: Uint8Array[] = [];
  bytes = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Throws OVERLOADED when there is no room; what came before is kept. */
  add(piece: Uint8Array): void {
    if (this.#room.leftBytes < piece.length) {
      throw new ParleyError('OVERLOADED', 'media: too many uploads at a time', { retryAfterMs: mediaLimits.busyRetryMs });
    }
    this.#room.leftBytes -= piece.length;
    this.#pieces.push(piece);
    this.bytes += piece.length;
  }

  joined(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }

  clear(): void {
    this.#room.leftBytes += this.bytes;
    this.#pieces = [];
    this.bytes = 0;
  }
}
