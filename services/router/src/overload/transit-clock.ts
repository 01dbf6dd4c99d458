/** For so long the shortest way of a sender is remembered at least, and at most twice as long. */
const generationMs = 30_000;

/**
 * Tells how long commands waited on their way here by the time that their sender's clock gave them, though that clock
 * may be wrong by a constant: what counts is how much longer they took than the fastest of the last while from
 * there, as LEDBAT measures queues (RFC 6817, section 3.4.2). A step of a clock is forgotten within a minute.
 */
export class TransitClock {
  readonly #ownPeer: string;
  /** Shortest difference of the clocks, by sender. */
  #current = new Map<string, number>();
  #previous = new Map<string, number>();
  #turnMs = 0;

  constructor(ownPeer: string) {
    this.#ownPeer = ownPeer;
  }

  /** Times are milliseconds since 1970 (UTC). Commands of this process need no correction. */
  waitedMs(peer: string, ingressMs: number, nowMs: number): number {
    const tookMs = nowMs - ingressMs;
    if (peer === this.#ownPeer) return Math.max(0, tookMs);
    if (Math.abs(nowMs - this.#turnMs) >= generationMs) this.#turn(nowMs);
    const known = this.#current.get(peer);
    if (known === undefined || tookMs < known) this.#current.set(peer, tookMs);
    return tookMs - Math.min(tookMs, known ?? tookMs, this.#previous.get(peer) ?? tookMs);
  }

  #turn(nowMs: number): void {
    const isLongAgo = Math.abs(nowMs - this.#turnMs) >= 2 * generationMs;
    this.#previous = isLongAgo ? new Map() : this.#current;
    this.#current = new Map();
    this.#turnMs = nowMs;
  }
}
