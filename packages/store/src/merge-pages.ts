import type { EventRange, EventRow, MemberRow, PageRequest } from './history-store.js';

/** The place of the first event with at least this seq; `events` ascend by seq. */
export function eventIndex(events: readonly EventRow[], seq: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle] as EventRow).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The part of ascending events that a range asks for, in the order asked for. */
export function sliceEvents(events: readonly EventRow[], range: EventRange): readonly EventRow[] {
  if (!range.backwards) {
    const start = eventIndex(events, range.from);
    return events.slice(start, start + range.limit);
  }
  const end = eventIndex(events, range.from + 1);
  return events.slice(Math.max(0, end - range.limit), end).reverse();
}

/** One page out of the pages of several layers, newest layer first: where two hold the same seq, the newer counts. */
export function mergeEvents(layers: readonly (readonly EventRow[])[], range: EventRange): readonly EventRow[] {
  const order = range.backwards ? -1 : 1;
  return mergePages(layers, range.limit, (a, b) => order * (a.seq - b.seq));
}

/** One page of members, by user id, newest layer first. */
export function mergeMembers(layers: readonly (readonly MemberRow[])[], limit: number): readonly MemberRow[] {
  return mergePages(layers, limit, (a, b) => compareText(a.user, b.user));
}

/** One page of ids. */
export function mergeTexts(layers: readonly (readonly string[])[], limit: number): readonly string[] {
  return mergePages(layers, limit, compareText);
}

/** The page of an unsorted collection of ids. */
export function pageOfTexts(texts: Iterable<string>, page: PageRequest): readonly string[] {
  const { after } = page;
  const behind = after === undefined ? [...texts] : [...texts].filter((text) => text > after);
  return behind.sort(compareText).slice(0, page.limit);
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Every layer's page is complete up to its last row, so the first `limit` of all of them are the page. */
export function mergePages<Row>(layers: readonly (readonly Row[])[], limit: number, compare: (a: Row, b: Row) => number): readonly Row[] {
  const filled = layers.filter((layer) => layer.length > 0);
  const [only] = filled;
  if (only === undefined) return [];
  if (filled.length === 1) return only.slice(0, limit);
  // The sort is stable and layers come newest first, so of equal rows the newest stands first.
  const sorted = filled.flat().sort(compare);
  const page: Row[] = [];
  let last: Row | undefined;
  for (const row of sorted) {
    if (last !== undefined && compare(last, row) === 0) continue;
    if (page.length === limit) break;
    page.push(row);
    last = row;
  }
  return page;
}
