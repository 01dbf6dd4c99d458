import type { EventRow, HistoryStore } from '@parley/store';
import type { Conversations } from './conversations.js';
import { historyLimits } from '../limits.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { type Entitlement, mayRead } from './entitlement.js';

export interface PageRange {
  readonly entitlement: Entitlement;
  readonly fromSeq: number;
  readonly backwards: boolean;
  readonly limit: number;
}

export interface Page {
  readonly events: readonly EventRow[];
  /** Below it events were retired while the page was read; 0 when none were. */
  readonly keptFromSeq: number;
}

export interface ReadDeps {
  readonly store: HistoryStore;
  readonly conversations: Conversations;
}

/** A page of what the viewer may see, without holes. */
export async function readPage({ store, conversations }: ReadDeps, { row }: HeldConversation, range: PageRange): Promise<Page> {
  const { app, conversation } = row;
  const { entitlement, fromSeq, backwards, limit } = range;
  const events: EventRow[] = [];
  let isComplete = true;
  const spans = backwards ? entitlement.spans.toReversed() : entitlement.spans;
  for (const span of spans) {
    if (events.length >= limit) break;
    const from = backwards ? Math.min(fromSeq, span.to) : Math.max(fromSeq, span.from);
    const seqs = backwards ? from - span.from + 1 : span.to - from + 1;
    if (seqs <= 0) continue;
    const wanted = Math.min(seqs, limit - events.length);
    const rows = await store.events(app, conversation, { from, limit: wanted, backwards });
    const inSpan = rows.filter(({ seq }) => seq >= span.from && seq <= span.to);
    // Seqs are dense, so as many up to the last one wanted are all of them.
    isComplete &&= inSpan.length === wanted && inSpan.at(-1)?.seq === (backwards ? from - wanted + 1 : from + wanted - 1);
    events.push(...inSpan);
  }
  if (isComplete) return { events, keptFromSeq: 0 };
  // What is missing has been retired since the conversation's row was read.
  const { keptFromSeq } = (await conversations.get(app, conversation)).row;
  return { events: events.filter(({ seq }) => seq >= keptFromSeq), keptFromSeq };
}

/** As many of the events as one answer holds, and at least one. */
export function whatFits(events: readonly EventRow[]): readonly EventRow[] {
  let bytes = 0;
  const end = events.findIndex(({ event }) => {
    bytes += event.length;
    return bytes > historyLimits.eventBytesMax;
  });
  return end < 0 ? events : events.slice(0, Math.max(1, end));
}

/** Those of single events that the viewer may see and that are kept, ascending; neighbours are read together. */
export async function readSeqs(
  { store }: ReadDeps,
  { row }: HeldConversation,
  { entitlement, seqs }: { readonly entitlement: Entitlement; readonly seqs: readonly number[] },
): Promise<readonly EventRow[]> {
  const { app, conversation } = row;
  const runs: { from: number; count: number }[] = [];
  for (const seq of [...new Set(seqs)].filter((each) => mayRead(entitlement, each)).sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.from + run.count === seq) run.count++;
    else runs.push({ from: seq, count: 1 });
  }
  const pages = await Promise.all(
    runs.map(async ({ from, count }) => {
      const rows = await store.events(app, conversation, { from, limit: count, backwards: false });
      return rows.filter(({ seq }) => seq < from + count);
    }),
  );
  return pages.flat();
}
