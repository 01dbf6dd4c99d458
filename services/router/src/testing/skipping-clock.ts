import { type CancelTimer, type Clock, systemClock } from '@parley/kernel';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** The machine's clock, with leaps: what was due meanwhile fires at once. */
export class SkippingClock implements Clock {
  #skippedMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now() + this.#skippedMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#skippedMs;
  }

  setTimer(delayMs: number, action: () => void): CancelTimer {
    const end = (): void => {
      this.#timers.delete(timer);
      cancel();
    };
    const fire = (): void => {
      end();
      action();
    };
    const timer = { dueMs: this.monotonic() + delayMs, fire };
    const cancel = systemClock.setTimer(delayMs, fire);
    this.#timers.add(timer);
    return end;
  }

  skip(ms: number): void {
    this.#skippedMs += ms;
    for (const timer of [...this.#timers]) if (timer.dueMs <= this.monotonic() && this.#timers.has(timer)) timer.fire();
  }
}
