export interface BucketPolicy {
  /** Tokens that come back per second. */
  readonly perSecond: number;
  /** The most that can be saved up. */
  readonly burst: number;
}

/** Admission by tokens. Pure: the caller brings the time (any monotonic milliseconds). */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(policy: BucketPolicy, nowMs: number) {
    this.#tokens = policy.burst;
    this.#at = nowMs;
  }

  /**
   * Takes tokens and answers 0, or takes nothing and answers the milliseconds until there will be enough.
   * The policy is an argument so that it can change and need not be kept per bucket.
   */
  take(policy: BucketPolicy, nowMs: number, count = 1): number {
    return this.#take(policy, nowMs, count, 0);
  }

  /**
   * Takes one token if `left` remain after it; answers like `take`. What lower levels leave is there for higher ones;
   * with a negative number a higher level runs into debt, and the lower ones wait until it is paid.
   */
  takeLeaving(policy: BucketPolicy, nowMs: number, left: number): number {
    return this.#take(policy, nowMs, 1, left);
  }

  /** Gives back what was taken for something that did not happen. */
  giveBack(count: number): void {
    this.#tokens += count;
  }

  #take(policy: BucketPolicy, nowMs: number, count: number, left: number): number {
    const refilled = this.#tokens + Math.max(0, nowMs - this.#at) * (policy.perSecond / 1_000);
    this.#tokens = Math.min(policy.burst, refilled);
    this.#at = nowMs;
    const needed = count + left;
    if (this.#tokens >= needed) {
      this.#tokens -= count;
      return 0;
    }
    return Math.ceil(((needed - this.#tokens) * 1_000) / policy.perSecond);
  }
}
