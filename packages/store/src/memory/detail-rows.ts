import { compareKeys, type KeyBounds } from '../detail-range.js';
import type { DetailRow } from '../history-store.js';

/** Rows of one space in memory, in the order of their keys; those that are empty stay until they are removed. */
export class DetailRows {
  readonly #rows = new Map<string, DetailRow>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  set(row: DetailRow): void {
    const { key } = row;
    if (!this.#rows.has(key)) this.#keys.splice(this.#indexOf(key), 0, key);
    this.#rows.set(key, row);
  }

  remove(key: string): void {
    if (this.#rows.delete(key)) this.#keys.splice(this.#indexOf(key), 1);
  }

  get(key: string): DetailRow | undefined {
    return this.#rows.get(key);
  }

  values(): Iterable<DetailRow> {
    return this.#rows.values();
  }

  /** Rows within bounds, one by one. */
  *within({ low, high, isHighIncluded }: KeyBounds, isBackwards: boolean): Generator<DetailRow, void, undefined> {
    const first = this.#indexOf(low);
    const behind = high === undefined ? this.#keys.length : this.#indexOf(high, isHighIncluded);
    if (isBackwards) for (let i = behind - 1; i >= first; i--) yield this.#at(i);
    else for (let i = first; i < behind; i++) yield this.#at(i);
  }

  #at(index: number): DetailRow {
    return this.#rows.get(this.#keys[index] as string) as DetailRow;
  }

  /** The place of the first key that is not below this one; with `isBehind`, of the first above it. */
  #indexOf(key: string, isBehind = false): number {
    const keys = this.#keys;
    let low = 0;
    let high = keys.length;
    // Most keys come in their order.
    if (high > 0 && compareKeys(keys[high - 1] as string, key) < 0) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const compared = compareKeys(keys[middle] as string, key);
      if (compared < 0 || (compared === 0 && isBehind)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
