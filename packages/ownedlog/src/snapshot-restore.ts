import type { SnapshotEntry, SnapshotPart } from '@parley/contracts/events';

/**
 * Takes the parts of one snapshot. Until its last part is in, a record counts only if its key has been
 * brought: the state that is still to come includes the record's effect, and if no part brings the key,
 * the aggregate no longer existed when the snapshot ended.
 */
export class SnapshotRestore {
  readonly firstIndex: number;
  readonly #onState: (key: string, state: Uint8Array) => void;
  readonly #brought = new Set<string>();
  /** Pieces of a state that is longer than a part. */
  #pieces: Uint8Array[] = [];
  #hasBegun = false;

  constructor(firstIndex: number, onState: (key: string, state: Uint8Array) => void) {
    this.firstIndex = firstIndex;
    this.#onState = onState;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the records of a key must be applied from now on. */
  holds(key: string): boolean {
    return this.#brought.has(key);
  }

  /** True when this was the last part. */
  takePart(part: SnapshotPart): boolean {
    this.#hasBegun = true;
    for (const entry of part.entries) this.#takeEntry(entry);
    return part.isLast;
  }

  #takeEntry({ key, state, continues }: SnapshotEntry): void {
    if (continues) {
      this.#pieces.push(state);
      return;
    }
    this.#brought.add(key);
    if (this.#pieces.length === 0) {
      this.#onState(key, state);
      return;
    }
    this.#pieces.push(state);
    this.#onState(key, concat(this.#pieces));
    this.#pieces = [];
  }
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
