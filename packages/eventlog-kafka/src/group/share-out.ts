/** A member and what it says it held. */
export interface Holder {
  readonly memberId: string;
  /** Of the assignment in which it held them; of two who claim a number the newer assignment wins. */
  readonly generation: number;
  readonly held: readonly number[];
}

/**
 * Shares out the numbers below `count`: shares differ by at most one, and everybody keeps as much as possible.
 * The same input gives the same result wherever it is computed.
 */
export function shareOut(count: number, holders: readonly Holder[]): ReadonlyMap<string, readonly number[]> {
  const members = [...holders].sort((a, b) => b.generation - a.generation || (a.memberId < b.memberId ? -1 : 1));
  const shares = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  if (members.length === 0) return shares;
  const free = new Set(Array.from({ length: count }, (_, number) => number));
  const claims = members.map(({ memberId, held }) => ({
    memberId,
    kept: held.filter((number) => free.delete(number)),
  }));
  const least = Math.floor(count / members.length);
  let larger = count % members.length;
  // Those who hold most take the larger shares, so that nothing moves without need.
  for (const { memberId, kept } of [...claims].sort((a, b) => b.kept.length - a.kept.length)) {
    const size = larger > 0 ? least + 1 : least;
    larger -= 1;
    shares.set(memberId, kept.slice(0, size));
    for (const number of kept.slice(size)) free.add(number);
  }
  deal(
    shares,
    { least, larger: count % members.length },
    [...free].sort((a, b) => a - b),
  );
  return shares;
}

/** Fills the shares up with what is free. */
function deal(shares: Map<string, number[]>, sizes: { readonly least: number; readonly larger: number }, free: number[]): void {
  const filled = [...shares.values()].sort((a, b) => b.length - a.length);
  filled.forEach((share, index) => {
    const size = index < sizes.larger ? sizes.least + 1 : sizes.least;
    while (share.length < size) {
      const number = free.shift();
      if (number === undefined) break;
      share.push(number);
    }
    share.sort((a, b) => a - b);
  });
}
