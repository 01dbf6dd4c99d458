import type { Outcome } from '@parley/contracts/router';
import type { CancelTimer, Clock } from '@parley/kernel';
import type { Lane } from '@parley/lanes';
import type { RouterClient } from '@parley/router-client';
import type { RouterCommand } from './companion.js';

export interface RouterCallsDeps {
  readonly router: RouterClient;
  readonly clock: Clock;
  /** Tells these calls' outcomes from all others of the process. */
  readonly connection: number;
}

interface Waiting {
  readonly resolve: (outcome: Outcome | undefined) => void;
  readonly cancelTimer: CancelTimer;
}

/** Commands beside the forwarded changes, and the routers' answers to them. */
export class RouterCalls {
  readonly #deps: RouterCallsDeps;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = 0;
  #isClosed = false;

  constructor(deps: RouterCallsDeps) {
    this.#deps = deps;
  }

  /** Resolves with the outcome, or undefined when none came in time or the calls were closed. */
  ask(lane: Lane, command: RouterCommand, timeoutMs: number): Promise<Outcome | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    const { router, clock, connection } = this.#deps;
    this.#lastRequest = (this.#lastRequest + 1) >>> 0;
    const request = this.#lastRequest;
    return new Promise((resolve) => {
      const cancelTimer = clock.setTimer(timeoutMs, () => this.#settle(request, undefined));
      this.#waiting.set(request, { resolve, cancelTimer });
      // Last, because a refusal may come back before `submit` returns.
      router.submit(lane, { ...command, ingressMs: clock.now(), origin: { peer: router.peer, connection, request } });
    });
  }

  onOutcome(outcome: Outcome): void {
    this.#settle(outcome.request, outcome);
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
    for (const request of this.#waiting.keys()) this.#settle(request, undefined);
  }

  #settle(request: number, outcome: Outcome | undefined): void {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined) return;
    this.#waiting.delete(request);
    waiting.cancelTimer();
    waiting.resolve(outcome);
  }
}
