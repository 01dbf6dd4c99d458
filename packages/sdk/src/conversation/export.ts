import type { TimelineEvent } from '../events.js';
import type { HistoryPages } from '../history-pages.js';

/** Something that `JSON.stringify` writes as it is. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
/** One event of a conversation, as plain data; bytes are base64. */
export type ExportedEvent = { readonly type: TimelineEvent['type']; readonly seq: number; readonly [name: string]: Json };

/** Event after event, oldest first. Browsers without `Symbol.asyncIterator` call `next` themselves. */
export class Export implements AsyncIterableIterator<ExportedEvent> {
  readonly #pages: HistoryPages;
  #events: readonly TimelineEvent[] = [];
  #at = 0;

  constructor(pages: HistoryPages) {
    this.#pages = pages;
  }

  /** Throws a ParleyClientError when a page cannot be had; calling it again asks for that page again. */
  async next(): Promise<IteratorResult<ExportedEvent, undefined>> {
    while (this.#at === this.#events.length) {
      const page = await this.#pages.next();
      if (page.done === true) return page;
      this.#events = page.value.events;
      this.#at = 0;
    }
    const event = this.#events[this.#at++] as TimelineEvent;
    return { done: false, value: plain(event) as ExportedEvent };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function plain(value: unknown): Json {
  if (value instanceof Uint8Array) return base64(value);
  if (value instanceof Map) {
    const fields: { [name: string]: Json } = {};
    for (const [key, item] of value) fields[String(key)] = plain(item);
    return fields;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value as Json;
  const copy: { [name: string]: Json } = {};
  for (const [name, item] of Object.entries(value)) if (item !== undefined) copy[name] = plain(item);
  return copy;
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
