import type { CancelTimer, Clock } from '@parley/kernel';

/**
 * The server's time, as far as the device knows it: how long a message stays, or a conversation is muted, must not depend on how
 * the clock of the device is set. Until the first login it is the device's own.
 */
export class ServerClock implements Clock {
  readonly #clock: Clock;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(delayMs: number, action: () => void): CancelTimer {
    return this.#clock.setTimer(delayMs, action);
  }

  /** What the server's clock shows now, milliseconds since 1970 (UTC). */
  learn(serverTimeMs: number): void {
    this.#aheadMs = serverTimeMs - this.#clock.now();
  }
}
