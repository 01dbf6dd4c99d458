import { type Clock, systemClock } from '@parley/kernel';
import type { PendingSend } from '../outbox-store.js';
import { completed, type IdbDatabase, type IdbGlobals, type IdbTable, resultOf } from './indexed-db.js';
import type { KeptConversation, KeptEvent, KeptSend, KeptUpload, KeptView, LocalStore, SeqRange, StoreChange } from './local-store.js';

export interface IndexedDbOptions {
  /** Those of the page by default. */
  readonly globals?: IdbGlobals;
  readonly clock?: Clock;
}

const tables = ['facts', 'conversations', 'events', 'sends', 'uploads'] as const;
type Table = (typeof tables)[number];
/** Whose it is, and where sync goes on. */
const facts = 'facts';
/** How long another page may take to let go, such as the one that is just being reloaded. */
const lockWaitMs = 1_000;

interface Facts {
  readonly user: string;
  readonly epoch: string;
  readonly cursor: string;
}

/**
 * Keeps everything in an IndexedDB database of this name; one per user of the application. Pages share it one at a time
 * where the browser has locks: a second one runs without.
 */
export function indexedDbStore(name: string, options: IndexedDbOptions = {}): LocalStore {
  return new IndexedDbStore(name, options);
}

class IndexedDbStore implements LocalStore {
  readonly #name: string;
  readonly #globals: IdbGlobals;
  readonly #clock: Clock;
  #database: IdbDatabase | undefined;
  #facts: Facts = { user: '', epoch: '', cursor: '' };
  #release: () => void = () => {};

  constructor(name: string, { globals = globalThis as IdbGlobals, clock = systemClock }: IndexedDbOptions) {
    this.#name = name;
    this.#globals = globals;
    this.#clock = clock;
  }

  async open(user: string): Promise<KeptView> {
    await this.#lock();
    try {
      this.#database = await this.#openDatabase();
      return await this.#begin(this.#database, user);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async events(conversation: string, { fromSeq, toSeq }: SeqRange): Promise<readonly KeptEvent[]> {
    const table = this.#opened.transaction(['events'], 'readonly').objectStore('events');
    return (await resultOf(table.getAll(this.#range(conversation, fromSeq, toSeq)))) as KeptEvent[];
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    const transaction = this.#opened.transaction([...tables], 'readwrite');
    const done = completed(transaction);
    try {
      for (const change of changes) this.#write((name) => transaction.objectStore(name), change);
    } catch (error) {
      done.catch(() => {});
      transaction.abort();
      throw error;
    }
    return done;
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
    this.#release();
  }

  get #opened(): IdbDatabase {
    if (this.#database === undefined) throw new Error('the store is not open');
    return this.#database;
  }

  /** What belongs to another user goes before anything is read. */
  async #begin(database: IdbDatabase, user: string): Promise<KeptView> {
    const transaction = database.transaction([...tables], 'readwrite');
    const done = completed(transaction);
    done.catch(() => {});
    const found = (await resultOf(transaction.objectStore(facts).get(facts))) as Facts | undefined;
    const isOwn = found?.user === user;
    this.#facts = isOwn ? found : { user, epoch: '', cursor: '' };
    if (!isOwn) for (const name of tables) transaction.objectStore(name).clear();
    transaction.objectStore(facts).put(this.#facts, facts);
    const [conversations, sends, uploads] = await Promise.all(
      (['conversations', 'sends', 'uploads'] as const).map((name) => resultOf(transaction.objectStore(name).getAll())),
    );
    await done;
    const { epoch, cursor } = this.#facts;
    return {
      ...{ epoch, cursor, conversations: conversations as KeptConversation[], uploads: uploads as KeptUpload[] },
      sends: (sends as KeptSend[]).sort((a, b) => a.order - b.order),
    };
  }

  #write(table: (name: Table) => IdbTable, change: StoreChange): void {
    switch (change.type) {
      case 'sync':
        this.#putFacts(table, change);
        return;
      case 'conversation':
        table('conversations').put({ ...change.value, head: ownBytes(change.value.head) }, change.value.conversation);
        return;
      case 'forget':
        table('conversations').delete(change.conversation);
        table('events').delete(this.#range(change.conversation, 0, Number.MAX_SAFE_INTEGER));
        return;
      case 'event':
        table('events').put(ownEvent(change.value), [change.conversation, change.value.seq]);
        return;
      case 'trim':
        if (change.fromSeq > 0) table('events').delete(this.#range(change.conversation, 0, change.fromSeq - 1));
        return;
      case 'send':
        table('sends').put({ ...change.value, send: ownSend(change.value.send) }, change.value.send.clientMsgId);
        return;
      case 'sent':
        table('sends').delete(change.clientMsgId);
        return;
      case 'upload':
        table('uploads').put(change.value, change.value.key);
        return;
      case 'uploaded':
        table('uploads').delete(change.key);
        return;
      case 'reset':
        this.#putFacts(table, { epoch: '', cursor: '' });
        table('conversations').clear();
        table('events').clear();
    }
  }

  #putFacts(table: (name: Table) => IdbTable, { epoch, cursor }: { readonly epoch: string; readonly cursor: string }): void {
    this.#facts = { user: this.#facts.user, epoch, cursor };
    table(facts).put(this.#facts, facts);
  }

  #range(conversation: string, fromSeq: number, toSeq: number): unknown {
    return this.#globals.IDBKeyRange?.bound([conversation, fromSeq], [conversation, toSeq]);
  }

  #openDatabase(): Promise<IdbDatabase> {
    const { indexedDB } = this.#globals;
    if (indexedDB === undefined) throw new Error('no IndexedDB here');
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, 1);
      request.onupgradeneeded = () => {
        for (const name of tables) request.result.createObjectStore(name);
      };
      request.onblocked = () => reject(new Error('another page holds an older version of the store'));
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        database.onversionchange = () => void this.close();
        database.onclose = () => void this.close();
        resolve(database);
      };
    });
  }

  /** Two pages that write would undo what the other one has written. */
  #lock(): Promise<void> {
    const locks = this.#globals.navigator?.locks;
    if (locks === undefined) return Promise.resolve();
    const waiting = new AbortController();
    const cancel = this.#clock.setTimer(lockWaitMs, () => waiting.abort(new Error('another page uses the store')));
    return new Promise((resolve, reject) => {
      const hold = (): Promise<unknown> => {
        cancel();
        return new Promise<void>((release) => {
          this.#release = release;
          resolve();
        });
      };
      locks.request(`parley ${this.#name}`, { signal: waiting.signal }, hold).catch(reject);
    });
  }
}

/** A view would be written with all of the buffer that it looks at. */
const ownBytes = (bytes: Uint8Array): Uint8Array => (bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice());
const ownSend = (send: PendingSend): PendingSend => ({ ...send, content: ownBytes(send.content) });
const ownEvent = ({ seq, event, state }: KeptEvent): KeptEvent => ({
  seq,
  event: ownBytes(event),
  ...(state !== undefined && { state: ownBytes(state) }),
});
