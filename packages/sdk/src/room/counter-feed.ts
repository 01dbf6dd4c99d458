import { backoffMs, type CancelTimer, type Clock, randomId, type Random } from '@parley/kernel';
import { ParleyClientError } from '../client-error.js';
import type { SdkLimits } from '../limits.js';

export interface CounterFeedOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  /** Tells the server a total under a nonce; answers with the counter's value. */
  send(counter: string, nonce: string, total: number): Promise<number>;
  counted(counter: string, value: number): void;
  error(error: ParleyClientError): void;
}

/** What this user adds to one counter. */
interface Tap {
  readonly counter: string;
  /** Everything added under the nonce of this stay. */
  total: number;
  /** As far as the server has confirmed it. */
  confirmed: number;
  /** As far as it was ever written: it may be counted. */
  written: number;
  isUnderWay: boolean;
  cancelTimer: CancelTimer | undefined;
  nextAt: number;
  failures: number;
}

/**
 * Collects what a user adds to the counters of a room and tells it as growing totals, not too often, until each is
 * confirmed. The server counts the largest total of a nonce, so telling it twice changes nothing.
 */
export class CounterFeed {
  readonly #options: CounterFeedOptions;
  readonly #taps = new Map<string, Tap>();
  #nonce: string;
  #isPaused = true;
  #idle: (() => void)[] = [];

  constructor(options: CounterFeedOptions) {
    this.#options = options;
    this.#nonce = randomId(options.random, nonceChars);
  }

  add(counter: string, count: number): void {
    const tap = this.#tap(counter);
    tap.total += count;
    this.#work(tap);
  }

  /** Tells everything that is not confirmed. Resolves when it is, or when it has become useless to wait. */
  flush(): Promise<void> {
    if (this.#isPaused || this.#isIdle) return Promise.resolve();
    for (const tap of this.#taps.values()) {
      tap.cancelTimer?.();
      tap.cancelTimer = undefined;
      tap.nextAt = 0;
      this.#work(tap);
    }
    return new Promise((resolve) => {
      const cancel = this.#options.clock.setTimer(this.#options.limits.counterFlushMs, () => done());
      const done = (): void => {
        cancel();
        resolve();
      };
      this.#idle.push(done);
    });
  }

  pause(): void {
    this.#isPaused = true;
    for (const tap of this.#taps.values()) {
      tap.cancelTimer?.();
      tap.cancelTimer = undefined;
    }
    this.#tellIdle();
  }

  /**
   * Goes on. A stay that has ended was settled by the server: what it was told counts, so only what it never heard is
   * told again, under another nonce. What was written but not confirmed is left out rather than counted twice.
   */
  resume(stay: 'same' | 'another'): void {
    this.#isPaused = false;
    if (stay === 'another') {
      this.#nonce = randomId(this.#options.random, nonceChars);
      for (const tap of this.#taps.values()) {
        tap.total -= tap.written;
        tap.confirmed = 0;
        tap.written = 0;
      }
    }
    for (const tap of this.#taps.values()) this.#work(tap);
  }

  #tap(counter: string): Tap {
    let tap = this.#taps.get(counter);
    if (tap === undefined) {
      tap = { counter, total: 0, confirmed: 0, written: 0, isUnderWay: false, cancelTimer: undefined, nextAt: 0, failures: 0 };
      this.#taps.set(counter, tap);
    }
    return tap;
  }

  get #isIdle(): boolean {
    for (const { total, confirmed } of this.#taps.values()) if (total > confirmed) return false;
    return true;
  }

  #work(tap: Tap): void {
    if (this.#isPaused || tap.isUnderWay || tap.cancelTimer !== undefined || tap.total <= tap.confirmed) return;
    const { clock } = this.#options;
    const waitMs = tap.nextAt - clock.monotonic();
    if (waitMs <= 0) {
      void this.#tell(tap);
      return;
    }
    tap.cancelTimer = clock.setTimer(waitMs, () => {
      tap.cancelTimer = undefined;
      this.#work(tap);
    });
  }

  async #tell(tap: Tap): Promise<void> {
    const { clock, limits, send, counted } = this.#options;
    const { counter, total } = tap;
    const nonce = this.#nonce;
    tap.isUnderWay = true;
    tap.written = total;
    tap.nextAt = clock.monotonic() + limits.counterEveryMs;
    try {
      const value = await send(counter, nonce, total);
      counted(counter, value);
      if (nonce === this.#nonce) tap.confirmed = total;
      tap.failures = 0;
    } catch (thrown) {
      if (nonce === this.#nonce) this.#refused(tap, total, ParleyClientError.from(thrown));
    }
    tap.isUnderWay = false;
    if (this.#isIdle) this.#tellIdle();
    this.#work(tap);
  }

  #refused(tap: Tap, total: number, error: ParleyClientError): void {
    const { clock, random, limits } = this.#options;
    if (error.retryable) {
      const policy = { firstMs: limits.retryFirstMs, longestMs: limits.retryLongestMs };
      const delayMs = Math.max(limits.counterEveryMs, error.retryAfterMs) + backoffMs(policy, tap.failures++, random);
      tap.nextAt = clock.monotonic() + delayMs;
      return;
    }
    // Nothing will change the server's mind: what it refused is given up, what comes is tried anew.
    tap.confirmed = total;
    this.#options.error(error);
  }

  #tellIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const done of idle) done();
  }
}

const nonceChars = 16;
