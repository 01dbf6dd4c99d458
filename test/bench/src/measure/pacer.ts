import type { Clock } from '@parley/kernel';

/** How many of the operations of an open loop are due after so many milliseconds. The first is due at once. */
export const dueAfter = (elapsedMs: number, ratePerSecond: number): number =>
  elapsedMs < 0 ? 0 : Math.floor((elapsedMs * ratePerSecond) / 1000 + 1e-9) + 1;

/** When the n-th operation is due, milliseconds after the start. */
export const dueAt = (n: number, ratePerSecond: number): number => (n * 1000) / ratePerSecond;

export interface OpenLoop {
  readonly clock: Clock;
  readonly ratePerSecond: number;
  readonly count: number;
  /** Starts the n-th operation, which was due at `dueMs` of the clock's monotonic time. Must not throw. */
  start(n: number, dueMs: number): void;
}

/**
 * Starts operations at a fixed rate whatever becomes of them. Latency is to be counted from `dueMs`: a stall of
 * either side then shows in every operation that it delays, not in one. Resolves when the last was started.
 */
export function runOpenLoop({ clock, ratePerSecond, count, start }: OpenLoop): Promise<void> {
  const startMs = clock.monotonic();
  let next = 0;
  return new Promise((resolve) => {
    const tick = (): void => {
      const due = Math.min(count, dueAfter(clock.monotonic() - startMs, ratePerSecond));
      for (; next < due; next++) start(next, startMs + dueAt(next, ratePerSecond));
      if (next === count) resolve();
      else clock.setTimer(Math.max(1, Math.floor(startMs + dueAt(next, ratePerSecond) - clock.monotonic())), tick);
    };
    tick();
  });
}
