import type { CancelTimer } from '@parley/kernel';
import type { ConversationCursorInit } from '@parley/wire';
import type { ClientParts } from '../client-parts.js';
import type { Told } from '../event-decoder.js';
import type { ConversationChanged } from '../events.js';

interface Cursor {
  readSeq: number;
  deliveredSeq: number;
}

const perFrame = 100;

/**
 * Tells how far the user has read, and what has arrived: at most one frame in `limits.cursorEveryMs`, for all
 * conversations together. What was not answered is told again with the next; what was answered, but not seen to have come, once
 * more after the next login.
 */
export class Cursors {
  readonly #parts: ClientParts;
  readonly #tellsDelivery: boolean;
  /** What the server has taken over, as far as this client knows. */
  readonly #told = new Map<string, Cursor>();
  readonly #due = new Map<string, Cursor>();
  /** Answered, which the server does before it has decided. */
  readonly #unseen = new Map<string, Cursor>();
  /** Up to where the server has said that the user has read. */
  readonly #seen = new Map<string, number>();
  #cancelTimer: CancelTimer | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ClientParts, options: { readonly tellsDelivery: boolean }) {
    this.#parts = parts;
    this.#tellsDelivery = options.tellsDelivery;
    parts.steps.on('told', (told) => this.#observe(told));
    // At once: what the user does in the outbox comes after what they have read.
    parts.steps.on('online', () => {
      this.#tellAgain();
      this.#flush();
    });
    parts.steps.on('flush', () => this.#flush());
    parts.events.on('historyReset', () => {
      this.#told.clear();
      this.#due.clear();
      this.#unseen.clear();
      this.#seen.clear();
    });
  }

  /** Everything up to `seq` is read. */
  read(conversation: string, seq: number): void {
    const told = this.#told.get(conversation);
    const due = this.#dueOf(conversation);
    if (seq <= due.readSeq || (told !== undefined && seq <= told.readSeq)) return;
    due.readSeq = seq;
    this.#showOwn(conversation, seq);
    this.#schedule(0);
  }

  /** The same where the server seems not to know of it, although it may have been told. */
  again(conversation: string, seq: number): void {
    if (seq <= (this.#seen.get(conversation) ?? 0)) return;
    this.#told.delete(conversation);
    this.read(conversation, seq);
  }

  #observe({ event, source, conversation, seq }: Told): void {
    if (event.type === 'conversationChanged') this.#observeOwn(event, source.messageId !== '');
    if (!this.#tellsDelivery || event.type !== 'message' || event.isOwn || seq === 0) return;
    const isAwaited = conversation.startsWith('u:') || (conversation.startsWith('g:') && source.options?.needsReceipt === true);
    if (!isAwaited) return;
    const due = this.#dueOf(conversation);
    if (seq <= due.deliveredSeq || seq <= (this.#told.get(conversation)?.deliveredSeq ?? 0)) return;
    due.deliveredSeq = seq;
    this.#schedule(this.#parts.limits.cursorEveryMs);
  }

  #observeOwn(event: ConversationChanged, isOfServer: boolean): void {
    const { conversation } = event;
    if (event.what === 'settings' && event.settings.isMarkedUnread === true) {
      // Reading it again is news, and only that ends the mark.
      this.#told.delete(conversation);
      this.#unseen.delete(conversation);
    }
    if (event.what !== 'cursor' || !isOfServer) return;
    this.#seen.set(conversation, Math.max(this.#seen.get(conversation) ?? 0, event.readSeq));
    const { readSeq = 0, deliveredSeq = 0 } = this.#unseen.get(conversation) ?? {};
    if (event.readSeq >= readSeq && event.deliveredSeq >= deliveredSeq) this.#unseen.delete(conversation);
  }

  /** The list shows at once what was read; the server's own event may follow. */
  #showOwn(conversation: string, readSeq: number): void {
    const { decoder, timeline, clock, self } = this.#parts;
    const source = { conversation, seq: 0, messageId: '', sender: self(), timeMs: clock.now(), priority: 0, clientMsgId: '' } as const;
    const value = { user: self(), readSeq, deliveredSeq: 0, countable: 0 };
    timeline.offer(decoder.tell({ ...source, options: undefined, body: { type: 'cursor', value } }));
  }

  #dueOf(conversation: string): Cursor {
    const known = this.#due.get(conversation) ?? { readSeq: 0, deliveredSeq: 0 };
    this.#due.set(conversation, known);
    return known;
  }

  #schedule(delayMs: number): void {
    const { clock, limits, requests } = this.#parts;
    if (this.#due.size === 0 || this.#cancelTimer !== undefined || requests.connection === undefined) return;
    const waitMs = Math.max(delayMs, this.#lastAt + limits.cursorEveryMs - clock.monotonic(), 0);
    this.#cancelTimer = clock.setTimer(waitMs, () => this.#flush());
  }

  #flush(): void {
    const { clock, requests } = this.#parts;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const cursors = [...this.#due].filter(([conversation, cursor]) => this.#isNews(conversation, cursor));
    if (requests.connection === undefined || cursors.length === 0) return;
    this.#due.clear();
    this.#lastAt = clock.monotonic();
    this.#tell(cursors, (conversation, cursor) => this.#advance(this.#unseen, conversation, cursor));
  }

  /** Once: where nothing moves there is nothing to be seen. */
  #tellAgain(): void {
    const unseen = [...this.#unseen];
    this.#unseen.clear();
    if (this.#parts.requests.connection !== undefined) this.#tell(unseen, () => {});
  }

  #tell(cursors: readonly (readonly [string, Cursor])[], answered: (conversation: string, cursor: Cursor) => void): void {
    for (let at = 0; at < cursors.length; at += perFrame) this.#tellPart(cursors.slice(at, at + perFrame), answered);
  }

  #tellPart(part: readonly (readonly [string, Cursor])[], answered: (conversation: string, cursor: Cursor) => void): void {
    const cursors: ConversationCursorInit[] = part.map(([conversation, cursor]) => ({ conversation, ...cursor }));
    const told = this.#parts.requests.call({ body: { type: 'moveCursors', value: { cursors } }, expect: 'done', isImmediate: true });
    told.then(
      () => {
        for (const [conversation, cursor] of part) {
          this.#advance(this.#told, conversation, cursor);
          answered(conversation, cursor);
        }
      },
      (error: unknown) => {
        // A refusal for good concerns what is asked, so asking again would not help.
        if ((error as { retryable?: boolean }).retryable === false) return;
        for (const [conversation, cursor] of part) this.#advance(this.#due, conversation, cursor);
        this.#schedule(this.#parts.limits.cursorEveryMs);
      },
    );
  }

  #isNews(conversation: string, { readSeq, deliveredSeq }: Cursor): boolean {
    const told = this.#told.get(conversation) ?? { readSeq: 0, deliveredSeq: 0 };
    return readSeq > told.readSeq || deliveredSeq > told.deliveredSeq;
  }

  #advance(cursors: Map<string, Cursor>, conversation: string, { readSeq, deliveredSeq }: Cursor): void {
    const known = cursors.get(conversation) ?? { readSeq: 0, deliveredSeq: 0 };
    cursors.set(conversation, { readSeq: Math.max(known.readSeq, readSeq), deliveredSeq: Math.max(known.deliveredSeq, deliveredSeq) });
  }
}
