/** Rows that were made before a wipe came after it: whoever made them begins anew, from the partition's checkpoint. */
export class HistoryWipedError extends Error {
  override readonly name = 'HistoryWipedError';

  constructor(partition: number) {
    super(`the history was wiped: partition ${partition} begins anew, from its checkpoint`);
  }
}

/**
 * Refuses what was made before a store was wiped: a batch follows from a checkpoint, and whoever has not asked for it
 * since would go on in the middle of the log and leave a hole behind.
 */
export class WipeGuard {
  #isWiped = false;
  readonly #begun = new Set<number>();

  wiped(): void {
    this.#isWiped = true;
    this.#begun.clear();
  }

  /** A partition's checkpoint was read. */
  begin(partition: number): void {
    if (this.#isWiped) this.#begun.add(partition);
  }

  /** Throws when the partition has to begin anew first. */
  check(partition: number): void {
    if (this.#isWiped && !this.#begun.has(partition)) throw new HistoryWipedError(partition);
  }
}
