import type { ObservedDelivery, ObservedSend, SendOutcome } from './observations.js';

type SendFacts = Omit<ObservedSend, 'invokedAt' | 'outcome'>;
type DeliveryFacts = Omit<ObservedDelivery, 'at'>;

/** Writes down what clients do and see, in one order over all of them. */
export class Recorder {
  readonly #sends: { facts: SendFacts; invokedAt: number; outcome: SendOutcome }[] = [];
  readonly #deliveries: ObservedDelivery[] = [];
  #now = 0;

  /** Notes that a send begins; the answer is to be told what became of it. */
  send(facts: SendFacts): { ok(seq: number): void; refused(code: string): void } {
    const entry: { facts: SendFacts; invokedAt: number; outcome: SendOutcome } = {
      facts,
      invokedAt: ++this.#now,
      outcome: { type: 'unknown' },
    };
    this.#sends.push(entry);
    return {
      ok: (seq) => {
        entry.outcome = { type: 'ok', seq, at: ++this.#now };
      },
      refused: (code) => {
        entry.outcome = { type: 'refused', code, at: ++this.#now };
      },
    };
  }

  delivered(facts: DeliveryFacts): void {
    this.#deliveries.push({ ...facts, at: ++this.#now });
  }

  get sends(): readonly ObservedSend[] {
    return this.#sends.map(({ facts, invokedAt, outcome }) => ({ ...facts, invokedAt, outcome }));
  }

  get deliveries(): readonly ObservedDelivery[] {
    return this.#deliveries;
  }

  /** Sends whose outcome is known to be stored. */
  get acknowledged(): number {
    return this.#sends.filter(({ outcome }) => outcome.type === 'ok').length;
  }
}
