import type { Clock } from '@parley/kernel';
import type { Owner } from '@parley/rpc';
import { runtimeLimits } from './limits.js';
import type { LogDirectory } from './log-directory.js';

/** How long a list is good for. */
const listEveryMs = 1_000;

/**
 * The processes of a service that live: those that say so again and again. An entry of one that was lost stays in the
 * directory; shares of a rate must not be set aside for it, and calls should not be tried at it first. What the
 * directory held when the process started gets the benefit of the doubt for `gatewayLostMs`.
 */
export class LiveProcesses {
  readonly #service: string;
  readonly #clock: Clock;
  readonly #heard = new Map<string, { readonly owner: Owner; readonly atMs: number }>();
  #live: readonly Owner[] = [];
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(service: string, directory: Pick<LogDirectory, 'peersOf' | 'onHeard'>, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    for (const owner of directory.peersOf(service)) this.#hear(owner);
    directory.onHeard((owner) => this.#hear(owner));
  }

  /** Cheap: looked through once a second, and when one comes or goes. */
  list(): readonly Owner[] {
    const now = this.#clock.monotonic();
    if (now - this.#listedAt < listEveryMs) return this.#live;
    this.#listedAt = now;
    for (const [peer, { atMs }] of this.#heard) if (now - atMs > runtimeLimits.gatewayLostMs) this.#heard.delete(peer);
    this.#live = [...this.#heard.values()].map(({ owner }) => owner);
    return this.#live;
  }

  #hear(owner: Owner): void {
    if (owner.service !== this.#service) return;
    if (owner.address === '') this.#heard.delete(owner.peer);
    else this.#heard.set(owner.peer, { owner, atMs: this.#clock.monotonic() });
    this.#listedAt = Number.NEGATIVE_INFINITY;
  }
}
