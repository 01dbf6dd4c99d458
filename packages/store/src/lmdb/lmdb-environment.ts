import { mkdirSync } from 'node:fs';
import { type Random, randomId } from '@parley/kernel';
import { type Database, open, type RootDatabase } from 'lmdb';
import { storeLimits } from '../limits.js';

/** A database of raw keys in byte order and raw values. */
export type BytesDatabase = Database<Uint8Array, Uint8Array>;

const databasesMax = 32;
/** How rows are kept: as the bytes that they are given as. */
export const raw = { keyEncoding: 'binary', encoding: 'binary' } as const;

/** The file within a store's folder. */
export const dataFile = 'data.mdb';

export interface LmdbEnvironmentOptions {
  readonly path: string;
  readonly purpose: string;
  /** The newest format that the caller reads and the one that it writes; all former ones are read as well. */
  readonly format: number;
  readonly random: Random;
}

/** One LMDB file with an epoch and a purpose. */
export class LmdbEnvironment {
  readonly epoch: string;
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #meta: BytesDatabase;
  #isClosed = false;

  /** Opens or creates it; throws when the folder holds something else or something newer. */
  constructor(options: LmdbEnvironmentOptions) {
    const { path } = options;
    mkdirSync(path, { recursive: true });
    this.#root = openRoot(path, { noMemInit: true });
    this.#meta = this.database('meta');
    this.epoch = this.#root.transactionSync(() => this.#prepare(options));
  }

  /** Opens a named database, creating it when it is new. */
  database(name: string): BytesDatabase {
    return this.#root.openDB<Uint8Array, Uint8Array>({ name, ...raw });
  }

  /** All named databases. */
  names(): readonly string[] {
    return [...this.#root.getKeys()].map((name) => Buffer.from(name).toString());
  }

  /** Runs the writes as one transaction; resolves when it is on disk, rejects with the cause when it is not. */
  async transaction(writes: () => void): Promise<void> {
    try {
      await this.#root.batch(writes);
    } catch (error) {
      throw new Error('LMDB could not commit', { cause: await causeOf(error) });
    }
  }

  /** Closing twice does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#root.close();
  }

  #prepare({ path, purpose, format, random }: LmdbEnvironmentOptions): string {
    const found = this.#read('purpose');
    if (found === undefined) {
      this.#write('purpose', purpose);
      this.#write('format', String(format));
      this.#write('epoch', randomId(random));
    } else if (found !== purpose) {
      throw new Error(`${path} holds the store "${found}", not "${purpose}"`);
    }
    const foundFormat = Number(this.#read('format'));
    if (!(foundFormat >= 1 && foundFormat <= format)) {
      throw new Error(`${path} has format ${foundFormat}; this version of Parley reads formats up to ${format}`);
    }
    // From now on it may hold rows that a former version would misread.
    if (foundFormat < format) this.#write('format', String(format));
    const epoch = this.#read('epoch');
    if (epoch === undefined) throw new Error(`${path} has no epoch`);
    return epoch;
  }

  #read(name: string): string | undefined {
    const value = this.#meta.get(Buffer.from(name));
    return value === undefined ? undefined : Buffer.from(value).toString();
  }

  #write(name: string, value: string): void {
    this.#meta.putSync(Buffer.from(name), Buffer.from(value));
  }
}

/** Opens the LMDB file in a folder. */
export function openRoot(path: string, { noMemInit }: { readonly noMemInit: boolean }): RootDatabase<Uint8Array, Uint8Array> {
  return open<Uint8Array, Uint8Array>({
    path,
    noSubdir: false,
    ...raw,
    maxDbs: databasesMax,
    mapSize: storeLimits.mapBytes,
    // Otherwise a resolved write is visible, but not yet on disk.
    overlappingSync: false,
    // One explicit batch is one transaction. Gathering by turn would add a promise that nobody holds, and
    // a full disk would end the process through it.
    eventTurnBatching: false,
    noMemInit,
  });
}

/** LMDB rejects writes with a placeholder whose `commitError` promise knows why. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    return await error.commitError;
  } catch (cause) {
    return cause;
  }
}
