/** A stored send, as it must be answered again. */
export interface PriorSend {
  readonly seq: number;
  readonly messageId: string;
  readonly timeMs: number;
  readonly bodyHash: number;
}

export interface DedupeLimits {
  readonly windowMs: number;
  readonly entriesMax: number;
}

export const sendKey = (conversationKey: string, sender: string, clientMsgId: string): string =>
  `${conversationKey}/${sender}/${clientMsgId}`;

/** The stored sends of the last while, oldest first. Entries come in order of time. */
export class DedupeWindow {
  readonly #limits: DedupeLimits;
  readonly #sends = new Map<string, PriorSend>();

  constructor(limits: DedupeLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#sends.size;
  }

  find(key: string): PriorSend | undefined {
    return this.#sends.get(key);
  }

  add(key: string, send: PriorSend): void {
    this.#sends.set(key, send);
    const oldestMs = send.timeMs - this.#limits.windowMs;
    for (const [first, prior] of this.#sends) {
      if (prior.timeMs >= oldestMs && this.#sends.size <= this.#limits.entriesMax) break;
      this.#sends.delete(first);
    }
  }
}
