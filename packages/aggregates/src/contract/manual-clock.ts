import type { CancelTimer, Clock } from '@parley/kernel';

interface Timer {
  readonly dueMs: number;
  readonly action: () => void;
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, action: () => void): CancelTimer {
    const timer: Timer = { dueMs: this.#elapsedMs + delayMs, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what is due in this time, in order; also what is set meanwhile. */
  advance(ms: number): void {
    const until = this.#elapsedMs + ms;
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.dueMs <= until).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#move(Math.max(this.#elapsedMs, next.dueMs));
      next.action();
    }
    this.#move(until);
  }

  /** Sets the wall clock, as an operator may; timers do not notice. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #move(elapsedMs: number): void {
    this.#nowMs += elapsedMs - this.#elapsedMs;
    this.#elapsedMs = elapsedMs;
  }
}
