import { type CancelTimer, type Clock, systemClock } from '@parley/kernel';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/**
 * Time stands still but for leaps; what was due meanwhile fires at once. Timers that nobody leaps over fire by the
 * machine's clock, so that nothing hangs.
 */
export class SkippingClock implements Clock {
  readonly #startMs = systemClock.now();
  #skippedMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#startMs + this.#skippedMs;
  }

  monotonic(): number {
    return this.#skippedMs;
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
