/** Queueing delays are averaged over windows of so many milliseconds. */
export const delayWindowMs = 100;

/** So many windows are made up for after a pause; what was before does not matter any more. */
const windowsAtOnce = 16;

/**
 * Mean queueing delay per window of {@link delayWindowMs}: of one lane, or of several taken together. Pure: the
 * caller brings the time (any monotonic milliseconds).
 *
 * A window in which nothing was taken up is not calm when something waited all along: its mean is how long that
 * had waited at its end. So a stage that stands still shows a growing delay, and an idle one shows none.
 */
export class DelayGauge {
  #startMs: number;
  #sumMs = 0;
  #count = 0;
  #meanMs = 0;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
  }

  /** Mean of the last window that is over, milliseconds. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** So many messages were taken up after waiting so long. */
  record(delayMs: number, count = 1): void {
    this.#sumMs += delayMs * count;
    this.#count += count;
  }

  /**
   * Closes the next window if it is over and answers whether it did: to be repeated until it does not, so that
   * whoever watches the mean sees each window once. `oldestMs`: how long the oldest message has waited that still does.
   */
  advance(nowMs: number, oldestMs = 0): boolean {
    const endMs = this.#startMs + delayWindowMs;
    if (nowMs < endMs) return false;
    this.#meanMs = this.#count === 0 ? Math.max(0, oldestMs - (nowMs - endMs)) : this.#sumMs / this.#count;
    this.#sumMs = 0;
    this.#count = 0;
    this.#startMs = Math.max(endMs, nowMs - windowsAtOnce * delayWindowMs);
    return true;
  }
}
