import { type BucketPolicy, TokenBucket } from '@parley/lanes';
import type { RateLimits } from '../limits.js';
import type { GatewayApp } from '../ports.js';
import type { ClientConnection } from '../sessions/client-connection.js';

/** What is counted separately. */
export type RateClass = keyof RateLimits;

/** Holds clients to the rates of their app. */
export class RateLimiter {
  readonly #defaults: RateLimits;

  constructor(defaults: RateLimits) {
    this.#defaults = defaults;
  }

  /** 0 admits; otherwise the milliseconds until the client may try again. */
  take(connection: ClientConnection, rateClass: RateClass, app: GatewayApp | undefined, nowMs: number): number {
    const policy: BucketPolicy = app?.rates?.[rateClass] ?? this.#defaults[rateClass];
    connection.buckets ??= {};
    connection.buckets[rateClass] ??= new TokenBucket(policy, nowMs);
    return connection.buckets[rateClass].take(policy, nowMs);
  }
}
