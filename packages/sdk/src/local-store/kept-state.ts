import type { KeptConversation, KeptEvent, KeptSend, KeptUpload, KeptView, SeqRange, StoreChange } from './local-store.js';

/** What is kept, in memory. */
export class KeptState {
  #epoch = '';
  #cursor = '';
  readonly #conversations = new Map<string, KeptConversation>();
  readonly #events = new Map<string, Map<number, KeptEvent>>();
  readonly #sends = new Map<string, KeptSend>();
  readonly #uploads = new Map<string, KeptUpload>();

  get view(): KeptView {
    return {
      epoch: this.#epoch,
      cursor: this.#cursor,
      conversations: [...this.#conversations.values()],
      sends: [...this.#sends.values()].sort((a, b) => a.order - b.order),
      uploads: [...this.#uploads.values()],
    };
  }

  /** Everything, as changes that lead to it from nothing. */
  *changes(): Generator<StoreChange> {
    yield { type: 'sync', epoch: this.#epoch, cursor: this.#cursor };
    for (const value of this.#conversations.values()) yield { type: 'conversation', value };
    for (const [conversation, events] of this.#events) {
      for (const value of events.values()) yield { type: 'event', conversation, value };
    }
    for (const value of this.#sends.values()) yield { type: 'send', value };
    for (const value of this.#uploads.values()) yield { type: 'upload', value };
  }

  events(conversation: string, { fromSeq, toSeq }: SeqRange): readonly KeptEvent[] {
    const events = [...(this.#events.get(conversation)?.values() ?? [])];
    return events.filter(({ seq }) => seq >= fromSeq && seq <= toSeq).sort((a, b) => a.seq - b.seq);
  }

  /** Whether a change takes away, or replaces, what was said. */
  takesAway(change: StoreChange): boolean {
    if (change.type === 'event') return this.#events.get(change.conversation)?.has(change.value.seq) === true;
    return change.type === 'trim' || change.type === 'forget' || change.type === 'reset';
  }

  clear(): void {
    this.#reset();
    this.#sends.clear();
    this.#uploads.clear();
  }

  apply(change: StoreChange): void {
    switch (change.type) {
      case 'sync':
        this.#epoch = change.epoch;
        this.#cursor = change.cursor;
        return;
      case 'conversation':
        this.#conversations.set(change.value.conversation, change.value);
        return;
      case 'forget':
        this.#conversations.delete(change.conversation);
        this.#events.delete(change.conversation);
        return;
      case 'send':
        this.#sends.set(change.value.send.clientMsgId, change.value);
        return;
      case 'sent':
        this.#sends.delete(change.clientMsgId);
        return;
      case 'upload':
        this.#uploads.set(change.value.key, change.value);
        return;
      case 'uploaded':
        this.#uploads.delete(change.key);
        return;
      case 'reset':
        this.#reset();
        return;
      default:
        this.#changeEvents(change);
    }
  }

  #changeEvents(change: Extract<StoreChange, { readonly type: 'event' | 'trim' }>): void {
    const events = this.#events.get(change.conversation) ?? new Map<number, KeptEvent>();
    if (change.type === 'event') events.set(change.value.seq, change.value);
    else for (const seq of [...events.keys()]) if (seq < change.fromSeq) events.delete(seq);
    if (events.size > 0) this.#events.set(change.conversation, events);
    else this.#events.delete(change.conversation);
  }

  #reset(): void {
    this.#epoch = '';
    this.#cursor = '';
    this.#conversations.clear();
    this.#events.clear();
  }
}
