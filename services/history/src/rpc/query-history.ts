import type { QueryHistoryRequest, QueryHistoryResponseInit } from '@parley/contracts/history';
import { limits, ParleyError } from '@parley/kernel';
import type { ConversationRow, EventRow, HistoryStore } from '@parley/store';
import { emptyConversation } from '../empty-conversation.js';
import { boundsOf, type Entitlement, entitlementOf } from '../entitlement.js';
import type { Progress } from '../progress.js';
import type { PartitionProjector } from '../project/partition-projector.js';
import type { RoomWindow } from '../room-window.js';
import { checkFields } from './fields.js';

export interface QueryDeps {
  readonly store: HistoryStore;
  readonly window: RoomWindow;
  readonly progress: Progress;
  readonly projectorOf: (app: string, conversation: string) => PartitionProjector;
}

/** A page of a conversation, clipped to what the viewer may see. */
export async function queryHistory(deps: QueryDeps, request: QueryHistoryRequest): Promise<QueryHistoryResponseInit> {
  check(request);
  const { app, conversation, viewer, backwards, atLeastSeq } = request;
  const { store, progress } = deps;
  const projector = deps.projectorOf(app, conversation);
  const before = await rowOf(store, app, conversation);
  if (before.headSeq < atLeastSeq) {
    await progress.until(projector, async () => (await rowOf(store, app, conversation)).headSeq >= atLeastSeq);
  }
  const row = before.headSeq < atLeastSeq ? await rowOf(store, app, conversation) : before;
  const entitlement = await entitlementOf(deps, row, viewer);
  const { firstSeq, headSeq } = boundsOf(entitlement);
  const limit = request.limit === 0 ? limits.historyPageDefault : request.limit;
  const fromSeq = request.fromSeq === 0 ? (backwards ? headSeq : firstSeq) : request.fromSeq;
  const page = await readPage(store, row, { entitlement, fromSeq, backwards, limit });
  const bounds = { firstSeq: Math.max(firstSeq, page.keptFromSeq), headSeq };
  const last = page.events.at(-1)?.seq;
  const hasMore = last !== undefined && (backwards ? last > bounds.firstSeq : last < bounds.headSeq);
  return { events: page.events.map(({ event }) => event), ...bounds, epoch: await store.epoch(), hasMore };
}

function check(request: QueryHistoryRequest): void {
  const { app, conversation, viewer } = request;
  checkFields({ app, conversation, viewer });
  if (request.limit > limits.historyPageMax) throw new ParleyError('INVALID_ARGUMENT', `limit: at most ${limits.historyPageMax}`);
}

async function rowOf(store: HistoryStore, app: string, conversation: string): Promise<ConversationRow> {
  const row = await store.conversation(app, conversation);
  return row ?? emptyConversation(app, conversation);
}

interface PageRange {
  readonly entitlement: Entitlement;
  readonly fromSeq: number;
  readonly backwards: boolean;
  readonly limit: number;
}

interface Page {
  readonly events: readonly EventRow[];
  /** Below it events were retired while the page was read; 0 when none were. */
  readonly keptFromSeq: number;
}

async function readPage(store: HistoryStore, { app, conversation }: ConversationRow, range: PageRange): Promise<Page> {
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
  const { keptFromSeq } = await rowOf(store, app, conversation);
  return { events: events.filter(({ seq }) => seq >= keptFromSeq), keptFromSeq };
}
