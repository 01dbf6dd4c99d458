import type { Outcome, OutcomeInit } from '@parley/contracts/router';
import { createOutcome } from '@parley/contracts/router';
import { type CancelTimer, type Clock, ParleyError } from '@parley/kernel';

/** Calls of this process that wait for the outcome of a command. */
export class OwnCalls {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, { resolve: (outcome: Outcome) => void; cancel: CancelTimer }>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A number for Origin.connection, and the outcome that comes for it; rejects with TIMEOUT. */
  open(timeoutMs: number): { readonly connection: number; readonly outcome: Promise<Outcome> } {
    const connection = ++this.#last;
    const outcome = new Promise<Outcome>((resolve, reject) => {
      const cancel = this.#clock.setTimer(timeoutMs, () => {
        this.#waiting.delete(connection);
        reject(new ParleyError('TIMEOUT'));
      });
      this.#waiting.set(connection, { resolve, cancel });
    });
    return { connection, outcome };
  }

  settle(connection: number, outcome: OutcomeInit): void {
    const waiter = this.#waiting.get(connection);
    if (waiter === undefined) return;
    this.#waiting.delete(connection);
    waiter.cancel();
    waiter.resolve(createOutcome(outcome));
  }
}
