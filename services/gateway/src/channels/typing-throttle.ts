import type { ConversationEvent } from '@parley/wire';

/** Who types where is forgotten beyond so many at a time; then some are told again too soon. */
const entriesMax = 20_000;

/**
 * Lets one notice of typing through per user, conversation and interval, and one of its end; what comes between says
 * nothing new.
 */
export class TypingThrottle {
  readonly #everyMs: number;
  /** When each was let through last, oldest first. */
  readonly #passed = new Map<string, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  passes(app: string, { conversation, sender, body }: ConversationEvent, nowMs: number): boolean {
    const isOver = body?.type === 'typing' && body.value.isOver;
    const key = `${app}/${conversation}/${sender}/${isOver}`;
    this.#forget(nowMs);
    if (this.#passed.has(key)) return false;
    this.#passed.set(key, nowMs);
    return true;
  }

  #forget(nowMs: number): void {
    for (const [key, atMs] of this.#passed) {
      if (nowMs - atMs < this.#everyMs && this.#passed.size < entriesMax) return;
      this.#passed.delete(key);
    }
  }
}
