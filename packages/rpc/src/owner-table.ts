import type { Owner } from './owner-directory.js';

/**
 * Owners by service and partition; what every directory keeps in memory. An entry with an empty address says that
 * nobody serves the partition any more: it is kept for its fence, but not shown.
 */
export class OwnerTable {
  readonly #owners = new Map<string, Map<number, Owner>>();
  readonly #listeners = new Set<(owner: Owner) => void>();

  /** Takes an entry over and tells the listeners, unless it is known or a newer owner is: one with a greater fence. */
  apply(owner: Owner): boolean {
    const partitions = this.#owners.get(owner.service) ?? new Map<number, Owner>();
    this.#owners.set(owner.service, partitions);
    const known = partitions.get(owner.partition);
    if (known !== undefined && (known.fence > owner.fence || isSame(known, owner))) return false;
    partitions.set(owner.partition, owner);
    for (const listener of [...this.#listeners]) listener(owner);
    return true;
  }

  ownerOf(service: string, partition: number): Owner | undefined {
    const owner = this.#owners.get(service)?.get(partition);
    return owner?.address === '' ? undefined : owner;
  }

  /** One entry for each process. */
  peersOf(service: string): readonly Owner[] {
    const peers = new Map<string, Owner>();
    for (const owner of this.#owners.get(service)?.values() ?? []) {
      if (owner.address !== '') peers.set(owner.peer, owner);
    }
    return [...peers.values()];
  }

  onChange(listener: (owner: Owner) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const isSame = (a: Owner, b: Owner): boolean => a.fence === b.fence && a.address === b.address && a.peer === b.peer;
