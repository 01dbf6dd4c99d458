import type { Random } from './random.js';

export interface BackoffPolicy {
  /** Upper bound of the first delay. */
  readonly firstMs: number;
  /** Upper bound of every delay. */
  readonly longestMs: number;
}

/**
 * Delay before retry number `attempt` (from 0): anywhere between 0 and a bound that doubles each time
 * ("full jitter"), so that many clients that failed together do not come back together.
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const bound = Math.min(policy.longestMs, policy.firstMs * 2 ** Math.min(attempt, 30));
  return Math.floor(random.next() * bound);
}
