/** A handler whose event may be typed more narrowly: a method, so that it is compared in both directions. */
type Handler = { handle(event: unknown): unknown }['handle'] | null;

/** The part of IndexedDB that is used (W3C "Indexed Database API 2.0"). */
export interface IdbRequest<Result = unknown> {
  readonly result: Result;
  readonly error: unknown;
  onsuccess: Handler;
  onerror: Handler;
}

interface IdbOpenRequest extends IdbRequest<IdbDatabase> {
  onupgradeneeded: Handler;
  onblocked: Handler;
}

export interface IdbDatabase {
  onversionchange: Handler;
  onclose: Handler;
  createObjectStore(name: string): unknown;
  transaction(names: string[], mode: 'readonly' | 'readwrite'): IdbTransaction;
  close(): void;
}

export interface IdbTransaction {
  readonly error: unknown;
  oncomplete: Handler;
  onabort: Handler;
  objectStore(name: string): IdbTable;
  abort(): void;
}

export interface IdbTable {
  get(key: IdbKey): IdbRequest;
  getAll(range?: unknown): IdbRequest;
  put(value: unknown, key: IdbKey): IdbRequest;
  delete(keyOrRange: unknown): IdbRequest;
  clear(): IdbRequest;
}

type IdbKey = string | (string | number)[];

/** The global objects. */
export interface IdbGlobals {
  readonly indexedDB?: { open(name: string, version: number): IdbOpenRequest };
  readonly IDBKeyRange?: { bound(from: IdbKey, to: IdbKey, isFromOpen?: boolean, isToOpen?: boolean): unknown };
  readonly navigator?: { readonly locks?: IdbLocks };
}

/** The part of the Web Locks API that is used. */
export interface IdbLocks {
  request(name: string, options: { signal: AbortSignal }, held: () => Promise<unknown>): Promise<unknown>;
}

/** The result of a request. */
export function resultOf<Result>(request: IdbRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves once everything that was asked of the transaction is written. */
export function completed(transaction: IdbTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
  });
}
