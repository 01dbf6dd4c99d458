import { mediaLimits } from '../limits.js';
import type { MediaRecord } from '../media-record.js';
import type { ByteRange, MediaKey, MediaStore } from '../ports.js';
import { names, readStarted } from './file-names.js';
import type { S3Client, UploadedPart } from './s3-client.js';

/** How far a multipart upload has come; kept beside the file until it is complete. */
interface Parts {
  readonly upload: string;
  readonly parts: readonly UploadedPart[];
  readonly isFinished: boolean;
}

/**
 * Files in a bucket. Bytes come together to parts of a multipart upload; what is too short for a part when a connection ends lies in an object
 * of its own until the upload goes on.
 */
export class S3MediaStore implements MediaStore {
  readonly #s3: S3Client;

  constructor(s3: S3Client) {
    this.#s3 = s3;
  }

  async create(record: MediaRecord): Promise<void> {
    await this.#s3.put(names.startedAt(record.createdMs, record), '');
    await this.#s3.put(names.owned(record.app, record.owner, record.media), '');
    const upload = await this.#s3.beginParts(names.data(record));
    await this.#putParts(record, { upload, parts: [], isFinished: false });
    await this.putRecord(record);
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
    let state = await this.#parts(key);
    if (state === undefined) throw new Error('an upload without parts');
    const tail = await this.#tail(key, state);
    let waiting: Uint8Array[] = tail === undefined ? [] : [tail];
    let waitingBytes = tail?.length ?? 0;
    try {
      for await (const bytes of source) {
        waiting.push(bytes);
        waitingBytes += bytes.length;
        if (waitingBytes < mediaLimits.chunkBytes) continue;
        const part = await this.#s3.putPart(names.data(key), state.upload, state.parts.length + 1, Buffer.concat(waiting));
        // A tail from before is part of it, and no longer counts: see #tail.
        state = { ...state, parts: [...state.parts, part] };
        await this.#putParts(key, state);
        [waiting, waitingBytes] = [[], 0];
      }
    } finally {
      if (waitingBytes > 0) await this.#putTail(key, state, Buffer.concat(waiting));
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

  async startedBefore(timeMs: number): Promise<readonly MediaKey[]> {
    const found = await this.#s3.list(`${names.started}/`, { after: '', limit: 1_000 });
    return found.flatMap((name) => readStarted(name) ?? []).filter((started) => started.timeMs < timeMs);
  }

  async settle(record: MediaRecord): Promise<void> {
    await this.#s3.delete(names.startedAt(record.createdMs, record));
  }

  async remove(record: MediaRecord): Promise<void> {
    const state = await this.#parts(record);
    if (state !== undefined && !state.isFinished) await this.#s3.abortParts(names.data(record), state.upload);
    for (const name of [names.data(record), names.tail(record), names.parts(record), names.record(record)]) await this.#s3.delete(name);
    await this.#s3.delete(names.owned(record.app, record.owner, record.media));
    await this.settle(record);
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
