import type { Level, LevelRates } from './policy.js';
import { type BucketPolicy, TokenBucket } from './token-bucket.js';

/** One token bucket per level, made when first needed: of a client, or of an app. Levels do not touch each other. */
export class LevelBuckets {
  #low: TokenBucket | undefined = undefined;
  #medium: TokenBucket | undefined = undefined;
  #high: TokenBucket | undefined = undefined;

  /**
   * Takes one message and answers 0, or takes nothing and answers the milliseconds to wait. `processes`: so many of
   * them hold a bucket of the same rates; each admits its part.
   */
  take(rates: LevelRates, level: Level, nowMs: number, processes = 1): number {
    const policy = rates[level];
    if (policy === undefined) return 0;
    return this.#bucketOf(level, policy, nowMs).take(policy, nowMs, costOf(policy, processes));
  }

  /** Gives back what `take` has just taken, for a message that was refused behind it. */
  giveBack(rates: LevelRates, level: Level, nowMs: number, processes = 1): void {
    const policy = rates[level];
    if (policy !== undefined) this.#bucketOf(level, policy, nowMs).giveBack(costOf(policy, processes));
  }

  #bucketOf(level: Level, policy: BucketPolicy, nowMs: number): TokenBucket {
    switch (level) {
      case 'low':
        this.#low ??= new TokenBucket(policy, nowMs);
        return this.#low;
      case 'medium':
        this.#medium ??= new TokenBucket(policy, nowMs);
        return this.#medium;
      case 'high':
        this.#high ??= new TokenBucket(policy, nowMs);
        return this.#high;
    }
  }
}

/** A message that costs n tokens is the nth part of the rate. */
const costOf = ({ burst }: BucketPolicy, processes: number): number => Math.max(1, Math.min(processes, burst));
