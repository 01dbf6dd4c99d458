import type { OutboxStore, PendingSend } from './outbox-store.js';

/** The part of `localStorage` that is used. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/**
 * Keeps unanswered sends in `localStorage` or something like it, under one key. One key per user, and one tab at a
 * time: tabs that share it would overwrite each other.
 */
export function storageOutboxStore(storage: KeyValueStorage, key: string): OutboxStore {
  let sends: readonly PendingSend[] = read(storage.getItem(key));
  const write = (next: readonly PendingSend[]): void => {
    storage.setItem(key, JSON.stringify(next.map((send) => ({ ...send, content: Array.from(send.content) }))));
    sends = next;
  };
  return {
    load: () => sends,
    put: (send) => write([...sends.filter(({ clientMsgId }) => clientMsgId !== send.clientMsgId), send]),
    remove: (id) => write(sends.filter(({ clientMsgId }) => clientMsgId !== id)),
  };
}

/** What cannot be read is nothing: an outbox must not keep an application from starting. */
function read(text: string | null): readonly PendingSend[] {
  try {
    const items = JSON.parse(text ?? '[]') as readonly (Omit<PendingSend, 'content'> & { readonly content: readonly number[] })[];
    return items.map((item) => ({ ...item, content: Uint8Array.from(item.content) }));
  } catch {
    return [];
  }
}
