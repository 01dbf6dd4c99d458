import type { HistoryStore } from '@parley/store';

/** From now on reads of events take a turn of the event loop; tells how many were under way at once, at most. */
export function watchEventReads(store: HistoryStore): { readonly most: number } {
  const reads = { most: 0 };
  const events = store.events.bind(store);
  let asking = 0;
  store.events = async (...of) => {
    reads.most = Math.max(reads.most, ++asking);
    await new Promise((resolve) => setImmediate(resolve));
    asking--;
    return events(...of);
  };
  return reads;
}
