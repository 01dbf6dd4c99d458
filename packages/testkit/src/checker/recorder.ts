import type { ObservedPassage } from './check-members.js';
import type { ObservedReading } from './check-reading.js';
import type { ObservedDelivery, ObservedSend, SendOutcome } from './observations.js';

type SendFacts = Omit<ObservedSend, 'invokedAt' | 'wasPostponed' | 'outcome'>;
type DeliveryFacts = Omit<ObservedDelivery, 'at'>;

type PassageFacts = Omit<ObservedPassage, 'outcome'>;

interface SendEntry {
  readonly facts: SendFacts;
  readonly invokedAt: number;
  wasPostponed: boolean;
  outcome: SendOutcome;
}

/** Writes down what clients do and see, in one order over all of them. */
export class Recorder {
  readonly #sends: SendEntry[] = [];
  readonly #deliveries: ObservedDelivery[] = [];
  readonly #passages: { readonly facts: PassageFacts; outcome: ObservedPassage['outcome'] }[] = [];
  readonly #readings: ObservedReading[] = [];
  #acts = 0;
  #now = 0;

  /** Notes that a send begins; the answer is to be told what became of it. */
  send(facts: SendFacts): { postponed(): void; ok(seq: number): void; refused(code: string): void } {
    const entry: SendEntry = { facts, invokedAt: ++this.#now, wasPostponed: false, outcome: { type: 'unknown' } };
    this.#sends.push(entry);
    if (facts.act !== undefined) this.#acts++;
    return {
      postponed: () => {
        entry.wasPostponed = true;
      },
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

  /** Notes that somebody is to come into a group, or to go; the answer is to be told what became of it. */
  passage(facts: PassageFacts): { ok(): void; refused(): void } {
    const entry: { readonly facts: PassageFacts; outcome: ObservedPassage['outcome'] } = { facts, outcome: 'unknown' };
    this.#passages.push(entry);
    return {
      ok: () => {
        entry.outcome = 'ok';
      },
      refused: () => {
        entry.outcome = 'refused';
      },
    };
  }

  read(reading: ObservedReading): void {
    this.#readings.push(reading);
  }

  get passages(): readonly ObservedPassage[] {
    return this.#passages.map(({ facts, outcome }) => ({ ...facts, outcome }));
  }

  get readings(): readonly ObservedReading[] {
    return this.#readings;
  }

  get sends(): readonly ObservedSend[] {
    return this.#sends.map(({ facts, ...seen }) => ({ ...facts, ...seen }));
  }

  /** How many of the sends are acts. */
  get acts(): number {
    return this.#acts;
  }

  get deliveries(): readonly ObservedDelivery[] {
    return this.#deliveries;
  }

  /** Sends whose outcome is known to be stored. */
  get acknowledged(): number {
    return this.#sends.filter(({ outcome }) => outcome.type === 'ok').length;
  }
}
