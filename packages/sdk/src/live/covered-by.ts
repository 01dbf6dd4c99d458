import type { HistoryPage, QueryHistoryInit } from '@parley/wire';
import type { Told } from '../event-decoder.js';
import type { SeqRange } from '../local-store/local-store.js';

/** Events of a conversation, from the local store or the server: all that there are from `fromSeq` to `toSeq`. */
export interface KeptEvents extends SeqRange {
  readonly events: readonly Told[];
}

/** The part of it from a seq on. */
export const clippedTo = ({ events, fromSeq, toSeq }: KeptEvents, firstSeq: number): KeptEvents => ({
  events: events.filter(({ seq }) => seq >= firstSeq),
  fromSeq: Math.max(fromSeq, firstSeq),
  toSeq,
});

/** Of which seqs the page tells everything. */
export function coveredBy(page: HistoryPage, place: QueryHistoryInit, events: readonly Told[]): KeptEvents {
  const seqs = events.map(({ seq }) => seq);
  const { fromSeq = 0, backwards = false, isAround = false } = place;
  const lowest = Math.min(...seqs);
  const highest = Math.max(...seqs);
  const head = Math.max(page.headSeq, seqs.length === 0 ? 0 : highest);
  if (isAround) return { events, fromSeq: lowest, toSeq: page.hasMore ? highest : head };
  if (backwards) {
    const toSeq = fromSeq === 0 ? head : fromSeq;
    return { events, fromSeq: page.hasMore ? lowest : Math.min(Math.max(1, page.firstSeq), toSeq), toSeq };
  }
  return { events, fromSeq, toSeq: page.hasMore ? highest : head };
}
