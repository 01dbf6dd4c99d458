import type { Clock } from '@parley/kernel';
import type { Owner } from '@parley/rpc';
import { runtimeLimits } from './limits.js';
import type { LogDirectory } from './log-directory.js';
import { gatewayService } from './publish-gateway.js';

/** How long a count is good for. */
const countEveryMs = 1_000;

/**
 * How many gateways live: those that say so again and again. An entry of one that was lost stays in the directory, where
 * it does no harm to calls; but shares of a rate must not be set aside for it. What the directory held when the
 * process started gets the benefit of the doubt for `gatewayLostMs`.
 */
export class LiveGateways {
  readonly #clock: Clock;
  readonly #heardAt = new Map<string, number>();
  #count = 1;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: Pick<LogDirectory, 'peersOf' | 'onHeard'>, clock: Clock) {
    this.#clock = clock;
    for (const owner of directory.peersOf(gatewayService)) this.#hear(owner);
    directory.onHeard((owner) => this.#hear(owner));
  }

  /** At least 1. Cheap: counted once a second, and when one comes or goes. */
  count(): number {
    const now = this.#clock.monotonic();
    if (now - this.#countedAt < countEveryMs) return this.#count;
    this.#countedAt = now;
    for (const [peer, heardAt] of this.#heardAt) if (now - heardAt > runtimeLimits.gatewayLostMs) this.#heardAt.delete(peer);
    this.#count = Math.max(1, this.#heardAt.size);
    return this.#count;
  }

  #hear({ service, peer, address }: Owner): void {
    if (service !== gatewayService) return;
    if (address === '') this.#heardAt.delete(peer);
    else this.#heardAt.set(peer, this.#clock.monotonic());
    this.#countedAt = Number.NEGATIVE_INFINITY;
  }
}
