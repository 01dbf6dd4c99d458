import type { HandshakeRequest } from '@parley/edge-listener';
import { type BucketPolicy, TokenBucket } from '@parley/lanes';
import { TrustedProxies } from './trusted-proxies.js';

export interface HandshakeGuardOptions {
  /** Absent: any. */
  readonly origins: readonly string[] | undefined;
  readonly unlimitedAddresses: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly perAddress: BucketPolicy;
}

/** Addresses remembered at a time; above it the oldest half is forgotten. */
const addressesMax = 100_000;

/** Decides about handshakes: known origins only, and not too many from one address. */
export class HandshakeGuard {
  readonly #options: HandshakeGuardOptions;
  readonly #origins: ReadonlySet<string> | undefined;
  readonly #unlimited: ReadonlySet<string>;
  readonly #proxies: TrustedProxies;
  #recent = new Map<string, TokenBucket>();
  #older = new Map<string, TokenBucket>();

  constructor(options: HandshakeGuardOptions) {
    this.#options = options;
    this.#origins = options.origins === undefined ? undefined : new Set(options.origins);
    this.#unlimited = new Set(options.unlimitedAddresses);
    this.#proxies = new TrustedProxies(options.trustedProxies);
  }

  /** Undefined lets the client in; a number is the HTTP status of the refusal. */
  check(request: HandshakeRequest, nowMs: number): number | undefined {
    if (this.#origins !== undefined && request.origin !== '' && !this.#origins.has(request.origin)) return 403;
    const address = this.#proxies.clientOf(request);
    if (address === undefined || this.#unlimited.has(address)) return undefined;
    return this.#bucketOf(address, nowMs).take(this.#options.perAddress, nowMs) === 0 ? undefined : 429;
  }

  /** Forgets addresses that were not seen since the turn before last. To be called now and then. */
  turn(): void {
    this.#older = this.#recent;
    this.#recent = new Map();
  }

  #bucketOf(address: string, nowMs: number): TokenBucket {
    const known = this.#recent.get(address) ?? this.#older.get(address);
    const bucket = known ?? new TokenBucket(this.#options.perAddress, nowMs);
    if (this.#recent.size >= addressesMax / 2) this.turn();
    this.#recent.set(address, bucket);
    return bucket;
  }
}
