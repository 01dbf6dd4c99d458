import { type BucketPolicy, type Level, TokenBucket } from '@parley/lanes';
import type { RateLimits } from '../limits.js';
import type { ClientConnection } from '../sessions/client-connection.js';

/** What is counted separately. */
export type RateClass = keyof RateLimits;
export type MessageClass = Extract<RateClass, 'stored' | 'command' | 'bullet' | 'acts' | 'typing' | 'cursors'>;

/** Holds clients to the rates of their app. */
export class RateLimiter {
  readonly #defaults: RateLimits;

  constructor(defaults: RateLimits) {
    this.#defaults = defaults;
  }

  /** 0 admits; otherwise the milliseconds until the client may try again. What is no message counts as medium. */
  take(connection: ClientConnection, rateClass: RateClass, level: Level, nowMs: number, cost = 1): number {
    const policy: BucketPolicy = connection.session?.app.rates?.[rateClass] ?? this.#defaults[rateClass];
    connection.buckets ??= {};
    connection.buckets[rateClass] ??= new TokenBucket(policy, nowMs);
    if (cost > 1) return connection.buckets[rateClass].take(policy, nowMs, Math.min(cost, policy.burst));
    return connection.buckets[rateClass].takeLeaving(policy, nowMs, leftBy(rateClass, level, policy));
  }
}

/**
 * The levels share a rate, but not on equal terms: LOW leaves a third of what was saved up to the others, and HIGH may
 * run as much into debt. So a client's own flood of LOW does not shut its HIGH out. Bullets are LOW by nature.
 */
function leftBy(rateClass: RateClass, level: Level, { burst }: BucketPolicy): number {
  if (level === 'high') return -Math.ceil(burst / 3);
  return level === 'low' && (rateClass === 'stored' || rateClass === 'command') ? Math.floor(burst / 3) : 0;
}
