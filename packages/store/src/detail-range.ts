import type { DetailRange, DetailRow } from './history-store.js';

/** The keys from `low` on, up to `high` or, where that is missing, to the end of the space. */
export interface KeyBounds {
  readonly low: string;
  readonly high?: string;
  readonly isHighIncluded: boolean;
}

/** The keys that a range may give, whichever way they are read; may be none. */
export function boundsOf({ from, prefix = '', isBackwards = false }: DetailRange): KeyBounds {
  const behind = keyBehind(prefix);
  const isStartWithin = from !== undefined && (behind === undefined || compareKeys(from, behind) < 0);
  if (isBackwards && isStartWithin) return { low: prefix, high: from, isHighIncluded: true };
  const low = !isBackwards && from !== undefined && compareKeys(from, prefix) > 0 ? from : prefix;
  return { low, isHighIncluded: false, ...(behind === undefined ? {} : { high: behind }) };
}

/** The first key behind all that have the prefix, or undefined where every key may have it. */
function keyBehind(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    // Between these two lie the halves of pairs, which no text holds alone.
    if (point < 0x10ffff) return points.join('') + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}

/** Orders texts by their code points, as the bytes of their UTF-8 are ordered; JavaScript's `<` orders pairs differently. */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const [unitOfA, unitOfB] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (unitOfA !== unitOfB) return rankOf(unitOfA) - rankOf(unitOfB);
  }
  return a.length - b.length;
}

/** Halves of pairs stand for code points above all others. */
const rankOf = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);

/** Rows of two layers, both in the order of `isBackwards`, as one; of two with the same key the newer layer's. */
export function* overlayDetails(
  newer: Iterable<DetailRow>,
  older: Iterable<DetailRow>,
  isBackwards: boolean,
): Generator<DetailRow, void, undefined> {
  const order = isBackwards ? -1 : 1;
  const above = newer[Symbol.iterator]();
  let next = above.next();
  for (const row of older) {
    let compared = 1;
    while (next.done !== true) {
      compared = order * compareKeys(next.value.key, row.key);
      if (compared > 0) break;
      yield next.value;
      next = above.next();
      if (compared === 0) break;
    }
    if (compared !== 0) yield row;
  }
  for (; next.done !== true; next = above.next()) yield next.value;
}

/** The first rows that are not empty; reads no further than it must. */
export function pageOfDetails(rows: Iterable<DetailRow>, limit: number): readonly DetailRow[] {
  const page: DetailRow[] = [];
  if (limit <= 0) return page;
  for (const row of rows) {
    if (row.value.length === 0) continue;
    page.push(row);
    if (page.length === limit) break;
  }
  return page;
}
