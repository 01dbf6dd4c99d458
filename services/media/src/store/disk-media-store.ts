import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ParleyError } from '@parley/kernel';
import { mediaLimits } from '../limits.js';
import type { MediaRecord } from '../media-record.js';
import type { ByteRange, MediaKey, MediaStore, RemovableFile, TimedFile } from '../ports.js';
import { dayOf, dayStart, names, readKept, readStarted } from './file-names.js';

/** Space left on the disk that a folder is on, bytes. */
export type FreeBytes = (folder: string) => Promise<number>;

/** Files in a folder of the local disk; one process at a time. */
export class DiskMediaStore implements MediaStore {
  readonly #folder: string;
  readonly #freeBytes: FreeBytes;

  constructor(folder: string, freeBytes: FreeBytes = freeBytesOf) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
  }

  async create(record: MediaRecord): Promise<void> {
    await this.#demandRoom(record.sizeBytes);
    // The note of the start comes first: whatever is left of a crash is found by it.
    await this.#write(names.startedAt(record.createdMs, record), '');
    await this.#write(names.data(record), '');
    await this.putRecord(record);
    await this.#write(names.owned(record.app, record.owner, record.media), '');
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
    await this.#demandRoom(0);
    await using file = await open(this.#path(names.data(key)), 'r+');
    let at = offset;
    try {
      for await (const bytes of source) {
        await writeAll(file, bytes, at).catch(asUnavailable);
        at += bytes.length;
      }
    } catch (error) {
      // What came before is kept, as far as the disk lets it.
      await file.datasync().catch(() => undefined);
      throw error;
    }
    await file.datasync().catch(asUnavailable);
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

  async startedBefore(timeMs: number): Promise<readonly TimedFile[]> {
    const all = await this.#list(names.started);
    return all.flatMap((name) => readStarted(name) ?? []).filter((started) => started.timeMs < timeMs);
  }

  async settle(record: MediaRecord): Promise<void> {
    await this.#write(names.keptOn(record.createdMs, record), '');
    await this.#forget(names.startedAt(record.createdMs, record));
  }

  async keptBefore(app: string, timeMs: number): Promise<readonly TimedFile[]> {
    const found: TimedFile[] = [];
    for (const day of await this.#list(names.kept(app))) {
      if (day >= dayOf(timeMs) || found.length >= mediaLimits.keptPageMax) break;
      const ofDay = await this.#list(`${names.kept(app)}/${day}`);
      found.push(...ofDay.flatMap((name) => readKept(app, `${day}/${name}`) ?? []));
    }
    return found;
  }

  async moveKept(file: TimedFile, toMs: number | undefined): Promise<void> {
    if (toMs !== undefined) await this.#write(names.keptOn(toMs, file), '');
    if (toMs !== undefined && dayStart(toMs) === file.timeMs) return;
    const note = names.keptOn(file.timeMs, file);
    await this.#forget(note);
    // The folder of a day goes with its last file.
    await rmdir(dirname(this.#path(note))).catch(() => undefined);
  }

  async remove(file: RemovableFile): Promise<void> {
    await rm(this.#path(names.folder(file)), { recursive: true, force: true });
    if (file.owner !== undefined) await this.#forget(names.owned(file.app, file.owner, file.media));
    await this.#forget(names.keptOn(file.createdMs, file));
    await this.#forget(names.startedAt(file.createdMs, file));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Every call closes what it opened.
  }

  /** The log may be on the same disk: people go on writing to each other when there is no room for files any more. */
  async #demandRoom(bytes: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const left = (await this.#freeBytes(this.#folder)) - bytes;
    if (left >= mediaLimits.diskKeptFreeBytes) return;
    const cause = new Error(`${left} bytes would be left, ${mediaLimits.diskKeptFreeBytes} are kept free`);
    throw new ParleyError('UNAVAILABLE', 'the disk of files is nearly full', { cause });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #list(name: string): Promise<string[]> {
    return ((await readdir(this.#path(name)).catch(unlessMissing)) ?? []).sort();
  }

  async #forget(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  /** Replaces a file as a whole: after a crash it is the old or the new one. */
  async #write(name: string, text: string): Promise<void> {
    await replaceFile(this.#path(name), text).catch(asUnavailable);
  }
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  {
    await using file = await open(`${path}.new`, 'w');
    await file.writeFile(text);
    await file.datasync();
  }
  await rename(`${path}.new`, path);
}

/** A write may take fewer bytes than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

/** What a disk that is full, read-only or broken says. It may be otherwise tomorrow: clients keep what they have and come again. */
const diskFaults: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);

function asUnavailable(error: unknown): never {
  const code = codeOf(error);
  throw diskFaults.has(code) ? new ParleyError('UNAVAILABLE', `the disk of files says ${String(code)}`, { cause: error }) : error;
}

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);
