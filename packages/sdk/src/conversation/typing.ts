import type { CancelTimer } from '@parley/kernel';
import type { ClientParts } from '../client-parts.js';
import type { TypingChanged } from '../events.js';

/** Who writes where: tells it of this user, rarely, and lets it end of others when nothing follows. */
export class Typing {
  readonly #parts: ClientParts;
  /** When the own writing was told last, by conversation. */
  readonly #toldAt = new Map<string, number>();
  readonly #others = new Map<string, CancelTimer>();
  #looksAt: string | undefined;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    parts.steps.on('told', ({ event }) => {
      if (event.type === 'typing') this.#heard(event);
      // Whoever has said something has stopped writing it.
      if (event.type === 'message') this.#end(event.conversation, event.sender);
    });
    parts.steps.on('online', () => {
      if (this.#looksAt !== undefined) this.#tellLook(this.#looksAt);
    });
    parts.events.on('connection', ({ state }) => {
      if (state === 'closed') for (const cancel of this.#others.values()) cancel();
    });
  }

  /** What the user has in front of them: others' typing is told for that conversation only. Undefined: none. */
  look(conversation: string | undefined): void {
    if (conversation === this.#looksAt) return;
    this.#looksAt = conversation;
    this.#tellLook(conversation ?? '');
  }

  /** Call it with every key that is pressed; told every 3 seconds at most. `isTyping` false ends it. */
  typing(conversation: string, isTyping: boolean): void {
    const { clock, limits, requests } = this.#parts;
    const now = clock.monotonic();
    const toldAt = this.#toldAt.get(conversation);
    const isKnown = toldAt !== undefined && now - toldAt < (isTyping ? limits.typingEveryMs : limits.typingEndsMs);
    if (isKnown === isTyping || requests.connection === undefined) return;
    if (isTyping) this.#toldAt.set(conversation, now);
    else this.#toldAt.delete(conversation);
    const act = { kind: { type: 'typing', value: { isOver: !isTyping } } } as const;
    // Worth nothing later: what is refused or lost is forgotten.
    requests.call({ body: { type: 'act', value: { conversation, act } }, expect: 'stored', isImmediate: true }).catch(() => {});
  }

  #tellLook(conversation: string): void {
    if (this.#parts.requests.connection === undefined) return;
    this.#parts.requests.call({ body: { type: 'look', value: { conversation } }, expect: 'done', isImmediate: true }).catch(() => {});
  }

  #heard({ conversation, user, isTyping }: TypingChanged): void {
    const key = `${conversation}/${user}`;
    this.#others.get(key)?.();
    this.#others.delete(key);
    if (!isTyping) return;
    const { clock, limits } = this.#parts;
    this.#others.set(
      key,
      clock.setTimer(limits.typingEndsMs, () => this.#end(conversation, user)),
    );
  }

  #end(conversation: string, user: string): void {
    const key = `${conversation}/${user}`;
    const cancel = this.#others.get(key);
    if (cancel === undefined) return;
    cancel();
    this.#others.delete(key);
    const { clock, events } = this.#parts;
    const over: TypingChanged = { type: 'typing', conversation, seq: 0, timeMs: clock.now(), user, isTyping: false };
    events.emit('event', over);
    events.emit('typing', over);
  }
}
