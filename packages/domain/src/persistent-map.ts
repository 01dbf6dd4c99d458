/** Keys of a leaf, sorted, and their values at the same places. */
interface Leaf<Value> {
  readonly keys: readonly string[];
  readonly values: readonly Value[];
}

const leafSizeMax = 512;
/** Neighbours are joined below this, so that a shrinking map sheds its leaves. */
const mergedSizeMax = leafSizeMax / 2;

/**
 * An immutable map from text, sorted by it. A change copies one leaf and the list of leaves, not the entries:
 * with 100 000 of them a change moves some 10 KiB, and older versions stay valid (for a decision that is not
 * committed yet, a snapshot, a reader).
 */
export class PersistentMap<Value> {
  readonly size: number;
  readonly #leaves: readonly Leaf<Value>[];

  private constructor(leaves: readonly Leaf<Value>[], size: number) {
    this.#leaves = leaves;
    this.size = size;
  }

  static empty<Value>(): PersistentMap<Value> {
    return new PersistentMap<Value>([], 0);
  }

  /** The map of the entries; the last one of a repeated key counts. */
  static of<Value>(entries: Iterable<readonly [string, Value]>): PersistentMap<Value> {
    const sorted = [...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : 1));
    const leaves: Leaf<Value>[] = [];
    for (let at = 0; at < sorted.length; at += mergedSizeMax) {
      const part = sorted.slice(at, at + mergedSizeMax);
      leaves.push({ keys: part.map(([key]) => key), values: part.map(([, value]) => value) });
    }
    return new PersistentMap(leaves, sorted.length);
  }

  has(key: string): boolean {
    const keys = this.#leaves[this.#leafOf(key)]?.keys;
    return keys !== undefined && keys[firstAtLeast(keys, key)] === key;
  }

  get(key: string): Value | undefined {
    const leaf = this.#leaves[this.#leafOf(key)];
    if (leaf === undefined) return undefined;
    const at = firstAtLeast(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  /** The map with the value under the key, instead of the one that was there. */
  with(key: string, value: Value): PersistentMap<Value> {
    const index = this.#leafOf(key);
    const leaf = this.#leaves[index];
    if (leaf === undefined) return new PersistentMap([{ keys: [key], values: [value] }], 1);
    const at = firstAtLeast(leaf.keys, key);
    if (leaf.keys[at] === key) {
      return new PersistentMap(this.#leaves.with(index, { keys: leaf.keys, values: leaf.values.with(at, value) }), this.size);
    }
    const grown: Leaf<Value> = { keys: leaf.keys.toSpliced(at, 0, key), values: leaf.values.toSpliced(at, 0, value) };
    const leaves = this.#leaves.toSpliced(index, 1, ...(grown.keys.length > leafSizeMax ? halves(grown) : [grown]));
    return new PersistentMap(leaves, this.size + 1);
  }

  /** The map without the key; the same map when there is none. */
  without(key: string): PersistentMap<Value> {
    const index = this.#leafOf(key);
    const leaf = this.#leaves[index];
    if (leaf === undefined) return this;
    const at = firstAtLeast(leaf.keys, key);
    if (leaf.keys[at] !== key) return this;
    const rest: Leaf<Value> = { keys: leaf.keys.toSpliced(at, 1), values: leaf.values.toSpliced(at, 1) };
    return new PersistentMap(withShrunkLeaf(this.#leaves, index, rest), this.size - 1);
  }

  /** Up to `limit` keys behind `after` ('' for the first). */
  keysAfter(after: string, limit: number): readonly string[] {
    const page: string[] = [];
    for (let index = this.#leafOf(after); index < this.#leaves.length && page.length < limit; index++) {
      const keys = this.#leaves[index]?.keys ?? [];
      const at = firstAtLeast(keys, after);
      const from = keys[at] === after ? at + 1 : at;
      page.push(...keys.slice(from, from + limit - page.length));
    }
    return page;
  }

  /** All entries, sorted by key. */
  *entries(): Generator<readonly [string, Value]> {
    for (const { keys, values } of this.#leaves) {
      // A leaf has as many values as keys.
      for (const [i, key] of keys.entries()) yield [key, values[i] as Value];
    }
  }

  /** The only leaf that may hold the key: the last one that starts at or before it. */
  #leafOf(key: string): number {
    let low = 0;
    let high = this.#leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#leaves[middle]?.keys[0] ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first key that is not before the given one. */
function firstAtLeast(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function halves<Value>({ keys, values }: Leaf<Value>): readonly [Leaf<Value>, Leaf<Value>] {
  const middle = keys.length >>> 1;
  return [
    { keys: keys.slice(0, middle), values: values.slice(0, middle) },
    { keys: keys.slice(middle), values: values.slice(middle) },
  ];
}

function withShrunkLeaf<Value>(leaves: readonly Leaf<Value>[], index: number, leaf: Leaf<Value>): readonly Leaf<Value>[] {
  if (leaf.keys.length === 0) return leaves.toSpliced(index, 1);
  const next = leaves[index + 1];
  if (next === undefined || leaf.keys.length + next.keys.length > mergedSizeMax) return leaves.with(index, leaf);
  return leaves.toSpliced(index, 2, { keys: [...leaf.keys, ...next.keys], values: [...leaf.values, ...next.values] });
}
