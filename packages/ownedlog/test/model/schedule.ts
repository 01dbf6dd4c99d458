import type { CancelTimer, Clock, Random } from '@parley/kernel';

interface Action {
  readonly actor: string;
  readonly run: () => void;
}

/** Runs waiting actions one at a time, in an order that the seed decides. */
export class Schedule {
  step = 0;
  readonly #random: Random;
  readonly #paused = new Set<string>();
  #actions: Action[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  add(actor: string, run: () => void): void {
    this.#actions.push({ actor, run });
  }

  /** What the actor waits for stays until it is resumed. */
  pause(actor: string): void {
    this.#paused.add(actor);
  }

  resume(actor: string): void {
    this.#paused.delete(actor);
  }

  isPaused(actor: string): boolean {
    return this.#paused.has(actor);
  }

  /** Nothing of the actor happens any more. */
  kill(actor: string): void {
    this.#actions = this.#actions.filter((action) => action.actor !== actor);
    this.#paused.add(actor);
  }

  /** Lets everything happen that waits for nothing, then runs one action; false when there was none to run. */
  async next(): Promise<boolean> {
    // Ticks run when no promise has anything left to do.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const able = this.#actions.filter(({ actor }) => !this.#paused.has(actor));
    const chosen = able[Math.floor(this.#random.next() * able.length)];
    if (chosen === undefined) return false;
    this.#actions.splice(this.#actions.indexOf(chosen), 1);
    this.step++;
    chosen.run();
    return true;
  }

  /** Time is what the schedule makes of it: a timer fires whenever it is its turn. */
  clockOf(actor: string): Clock {
    return {
      now: () => this.step,
      monotonic: () => this.step,
      setTimer: (_delayMs: number, action: () => void): CancelTimer => {
        let isCancelled = false;
        this.add(actor, () => {
          if (!isCancelled) action();
        });
        return () => {
          isCancelled = true;
        };
      },
    };
  }
}
