import type { MessageList } from '@parley/wire';
import { backOff } from '../catch-up.js';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import type { Told } from '../event-decoder.js';

/** An answer, and what was told while it was on its way: it need not know of that. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly heard: readonly Told[];
}

/** Questions about one conversation, and what happens there while they are out. */
export class Inquiry {
  readonly #parts: ClientParts;
  readonly #conversation: string;
  readonly #listening = new Set<Told[]>();
  /** Changes when what is under way has become void. */
  #generation = 0;

  constructor(parts: ClientParts, conversation: string) {
    this.#parts = parts;
    this.#conversation = conversation;
  }

  /** Something was told. */
  hear(told: Told): void {
    for (const heard of this.#listening) heard.push(told);
  }

  /** Whatever is under way has become void. */
  renew(): void {
    this.#generation++;
  }

  /** Waits for an answer, and hears meanwhile. Undefined when it has become void. */
  async during<Answer>(question: () => Promise<Answer>): Promise<Answered<Answer> | undefined> {
    const generation = this.#generation;
    const heard: Told[] = [];
    this.#listening.add(heard);
    try {
      const answer = await question();
      return generation === this.#generation ? { answer, heard } : undefined;
    } finally {
      this.#listening.delete(heard);
    }
  }

  /** The same for answers that say how far history had come: one that is older than what was told before is an error. */
  ask<Answer extends { readonly headSeq: number }>(
    question: (atLeastSeq: number) => Promise<Answer>,
  ): Promise<Answered<Answer> | undefined> {
    const { timeline } = this.#parts;
    const told = timeline.lastSeq(this.#conversation);
    return this.during(async () => {
      const answer = await question(timeline.knownHead(this.#conversation));
      if (answer.headSeq < told) throw ParleyClientError.of('UNAVAILABLE', 'history is behind');
      return answer;
    });
  }

  /** Messages by their seqs, at most 100. */
  messages(seqs: readonly number[], atLeastSeq: number): Promise<MessageList> {
    const value = { conversation: this.#conversation, seqs, atLeastSeq };
    return this.#parts.requests.call({ body: { type: 'getMessages', value }, expect: 'messageList', isRepeatable: true });
  }

  /** Until it succeeds, has become void, or there is no hope left; each failure is told, and whether it is the last one. */
  async keepTrying(action: () => Promise<void>, failed: (error: ParleyClientError, isLast: boolean) => void): Promise<void> {
    const generation = this.#generation;
    for (let failures = 0; generation === this.#generation; failures++) {
      try {
        await action();
        return;
      } catch (thrown) {
        if (generation !== this.#generation) return;
        const error = ParleyClientError.from(thrown);
        const isLast = !error.retryable || this.#parts.requests.isClosed;
        failed(error, isLast);
        if (isLast) return;
        await backOff(this.#parts, failures, error.retryAfterMs);
      }
    }
  }
}
