import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { MediaRecord } from '../media-record.js';
import type { ByteRange, MediaKey, MediaStore } from '../ports.js';
import { names, readStarted } from './file-names.js';

/** Files in a folder of the local disk; one process at a time. */
export class DiskMediaStore implements MediaStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async create(record: MediaRecord): Promise<void> {
    // The notes come first: whatever is left of a crash is found by one of them.
    await this.#write(names.startedAt(record.createdMs, record), '');
    await this.#write(names.owned(record.app, record.owner, record.media), '');
    await this.#write(names.data(record), '');
    await this.putRecord(record);
  }

  async record(key: MediaKey): Promise<MediaRecord | undefined> {
    const text = await readFile(this.#path(names.record(key)), 'utf8').catch(unlessMissing);
    return text === undefined ? undefined : (JSON.parse(text) as MediaRecord);
  }

  async putRecord(record: MediaRecord): Promise<void> {
    await this.#write(names.record(record), JSON.stringify(record));
  }

  async receivedBytes(key: MediaKey): Promise<number> {
    return (await stat(this.#path(names.data(key))).catch(unlessMissing))?.size ?? 0;
  }

  async append(key: MediaKey, offset: number, source: AsyncIterable<Uint8Array>): Promise<void> {
    await using file = await open(this.#path(names.data(key)), 'r+');
    let at = offset;
    try {
      for await (const bytes of source) {
        await writeAll(file, bytes, at);
        at += bytes.length;
      }
    } finally {
      await file.datasync();
    }
  }

  async finish(): Promise<void> {
    // The bytes lie where they are read.
  }

  read(key: MediaKey, range?: ByteRange): AsyncIterable<Uint8Array> {
    const part = range === undefined ? {} : { start: range.from, end: range.to };
    return createReadStream(this.#path(names.data(key)), part);
  }

  async ownedBy(
    app: string,
    owner: string,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]> {
    const all = await this.#list(names.owner(app, owner));
    return all.filter((media) => media > after).slice(0, limit);
  }

  async startedBefore(timeMs: number): Promise<readonly MediaKey[]> {
    const all = await this.#list(names.started);
    return all.flatMap((name) => readStarted(name) ?? []).filter((started) => started.timeMs < timeMs);
  }

  async settle(record: MediaRecord): Promise<void> {
    await rm(this.#path(names.startedAt(record.createdMs, record)), { force: true });
  }

  async remove(record: MediaRecord): Promise<void> {
    await rm(this.#path(names.folder(record)), { recursive: true, force: true });
    await rm(this.#path(names.owned(record.app, record.owner, record.media)), { force: true });
    await this.settle(record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Every call closes what it opened.
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #list(name: string): Promise<string[]> {
    return ((await readdir(this.#path(name)).catch(unlessMissing)) ?? []).sort();
  }

  /** Replaces a file as a whole: after a crash it is the old or the new one. */
  async #write(name: string, text: string): Promise<void> {
    const path = this.#path(name);
    await mkdir(dirname(path), { recursive: true });
    {
      await using file = await open(`${path}.new`, 'w');
      await file.writeFile(text);
      await file.datasync();
    }
    await rename(`${path}.new`, path);
  }
}

/** A write may take fewer bytes than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}

function unlessMissing(error: unknown): undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
