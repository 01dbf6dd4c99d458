import { type FileHandle, mkdir, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KeptState } from './kept-state.js';
import type { KeptEvent, KeptView, LocalStore, SeqRange, StoreChange } from './local-store.js';

/** The journal is written anew when it is so many times as long as what it says, and longer than this. */
const wasteMax = 4;
const journalBytesMin = 1024 * 1024;

/** Paths that are open in this process. */
const openPaths = new Set<string>();

/**
 * Keeps everything in one file: JSON, a line for the owner and one for each write, so that a write that was cut short by a
 * crash is as if it had never been. Sends are on disk when `write` resolves. What was taken away is out of the file when it is closed, or
 * opened next; at once where everything is. All of it is in memory as well. One process at a time. For Node.
 */
export function fileStore(path: string): LocalStore {
  return new FileStore(path);
}

class FileStore implements LocalStore {
  readonly #path: string;
  readonly #state = new KeptState();
  #file: FileHandle | undefined;
  #user = '';
  #bytes = 0;
  /** There are words in the file that are not kept any more. */
  #isStale = false;
  #compactBytes = journalBytesMin;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async open(user: string): Promise<KeptView> {
    await mkdir(dirname(this.#path), { recursive: true });
    await this.#lock();
    try {
      this.#user = user;
      const isOwn = await this.#replay();
      if (!isOwn) this.#state.clear();
      if (isOwn && !this.#isStale) this.#file = await open(this.#path, 'a');
      else await this.#rewrite();
    } catch (error) {
      await this.#unlock();
      throw error;
    }
    return this.#state.view;
  }

  events(conversation: string, range: SeqRange): Promise<readonly KeptEvent[]> {
    return this.#inOrder(async () => this.#state.events(conversation, range));
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    return this.#inOrder(async () => {
      const line = lineOf(changes);
      if (this.#file === undefined) throw new Error('the store is not open');
      // What a full disk has cut short must not spoil the next line.
      await this.#file.appendFile(line).catch(async (error: unknown) => {
        await this.#file?.truncate(this.#bytes);
        throw error;
      });
      if (changes.some(({ type }) => type === 'send')) await this.#file.datasync();
      this.#apply(changes);
      this.#bytes += Buffer.byteLength(line);
      const isEmptied = changes.some(({ type }) => type === 'reset');
      if (isEmptied || this.#bytes > this.#compactBytes) await this.#rewrite();
    });
  }

  close(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#file === undefined) return;
      if (this.#isStale) await this.#rewrite();
      await this.#file.datasync();
      await this.#file.close();
      this.#file = undefined;
      await this.#unlock();
    });
  }

  #inOrder<T>(action: () => Promise<T>): Promise<T> {
    const next = this.#last.then(action, action);
    this.#last = next.catch(() => {});
    return next;
  }

  /** False when the file is another user's, or none. What follows a torn line was never promised. */
  async #replay(): Promise<boolean> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    let at = 0;
    for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
      const entry = parsed(text.slice(at, end));
      if (entry === undefined || (at === 0 && !isHeader(entry, this.#user))) break;
      if (at > 0) this.#apply(entry as readonly StoreChange[]);
      at = end + 1;
    }
    this.#bytes = Buffer.byteLength(text.slice(0, at));
    this.#compactBytes = Math.max(journalBytesMin, this.#bytes);
    if (at > 0 && at < text.length) await truncate(this.#path, this.#bytes);
    return at > 0;
  }

  #apply(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      this.#isStale ||= this.#state.takesAway(change);
      this.#state.apply(change);
    }
  }

  /** Puts what is kept now in the place of the journal, at once. */
  async #rewrite(): Promise<void> {
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w');
    let bytes = 0;
    const append = async (line: string): Promise<void> => {
      await file.appendFile(line);
      bytes += Buffer.byteLength(line);
    };
    try {
      await append(`${JSON.stringify({ parley: 1, user: this.#user })}\n`);
      for (const part of inParts(this.#state.changes(), 200)) await append(lineOf(part));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.#path);
    await this.#file?.close();
    this.#file = await open(this.#path, 'a');
    this.#bytes = bytes;
    this.#isStale = false;
    this.#compactBytes = Math.max(journalBytesMin, bytes * wasteMax);
  }

  get #lockPath(): string {
    return `${this.#path}.lock`;
  }

  /** The lock of a process that has ended counts for nothing. */
  async #lock(): Promise<void> {
    if (openPaths.has(this.#path)) throw new Error(`${this.#path} is in use`);
    openPaths.add(this.#path);
    const holder = Number(await readFile(this.#lockPath, 'utf8').catch(() => '0'));
    if (holder !== process.pid && isAlive(holder)) {
      openPaths.delete(this.#path);
      throw new Error(`${this.#path} is in use by process ${holder}`);
    }
    await writeFile(this.#lockPath, String(process.pid));
  }

  async #unlock(): Promise<void> {
    openPaths.delete(this.#path);
    await rm(this.#lockPath, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const isHeader = (entry: unknown, user: string): boolean => {
  const { parley, user: owner } = entry as { readonly parley?: unknown; readonly user?: unknown };
  return parley === 1 && owner === user;
};

const bytesKey = '$bytes';

const lineOf = (changes: readonly StoreChange[]): string =>
  `${JSON.stringify(changes, (_, value: unknown) =>
    value instanceof Uint8Array ? { [bytesKey]: Buffer.from(value).toString('base64') } : value,
  )}\n`;

function parsed(line: string): unknown {
  try {
    return JSON.parse(line, (_, value: unknown) => {
      const base64 = (value as { readonly [bytesKey]?: unknown } | null)?.[bytesKey];
      return typeof base64 === 'string' ? Uint8Array.from(Buffer.from(base64, 'base64')) : value;
    });
  } catch {
    return undefined;
  }
}

function* inParts<Item>(items: Iterable<Item>, size: number): Generator<readonly Item[]> {
  let part: Item[] = [];
  for (const item of items) {
    part.push(item);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
