import type { QueryHistoryRequest, QueryHistoryResponseInit } from '@parley/contracts/history';
import { limits, ParleyError } from '@parley/kernel';
import type { ConversationRow, HistoryStore } from '@parley/store';
import { emptyConversation } from '../empty-conversation.js';
import { boundsOf, type Entitlement, entitlementOf } from '../entitlement.js';
import type { Progress } from '../progress.js';
import type { PartitionProjector } from '../project/partition-projector.js';
import { checkFields } from './fields.js';

export interface QueryDeps {
  readonly store: HistoryStore;
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
  const entitlement = await entitlementOf(store, row, viewer);
  const bounds = boundsOf(entitlement);
  const limit = request.limit === 0 ? limits.historyPageDefault : request.limit;
  const fromSeq = request.fromSeq === 0 ? (backwards ? bounds.headSeq : bounds.firstSeq) : request.fromSeq;
  const events = await readPage(store, row, { entitlement, fromSeq, backwards, limit });
  const last = events.at(-1)?.seq;
  const hasMore = last !== undefined && (backwards ? last > bounds.firstSeq : last < bounds.headSeq);
  return { events: events.map(({ event }) => event), ...bounds, epoch: await store.epoch(), hasMore };
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

async function readPage(
  store: HistoryStore,
  { app, conversation }: ConversationRow,
  { entitlement, fromSeq, backwards, limit }: PageRange,
): Promise<{ readonly seq: number; readonly event: Uint8Array }[]> {
  const page: { seq: number; event: Uint8Array }[] = [];
  const spans = backwards ? entitlement.spans.toReversed() : entitlement.spans;
  for (const span of spans) {
    if (page.length >= limit) break;
    if (backwards ? span.from > fromSeq : span.to < fromSeq) continue;
    const from = backwards ? Math.min(fromSeq, span.to) : Math.max(fromSeq, span.from);
    const rows = await store.events(app, conversation, { from, limit: limit - page.length, backwards });
    for (const row of rows) if (row.seq >= span.from && row.seq <= span.to) page.push(row);
  }
  return page;
}
