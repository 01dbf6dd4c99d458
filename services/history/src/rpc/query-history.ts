import type { QueryHistoryRequest, QueryHistoryResponseInit } from '@parley/contracts/history';
import { limits } from '@parley/kernel';
import { boundsOf } from '../view/entitlement.js';
import { answerOf, present } from '../view/present.js';
import { type Page, readPage, whatFits } from '../view/read-page.js';
import { checkFields, checkLimit } from './fields.js';
import { type QueryDeps, type Seen, seenBy } from './query-deps.js';

/** A page of a conversation, clipped to what the viewer may see, with what its messages have become. */
export async function queryHistory(deps: QueryDeps, request: QueryHistoryRequest): Promise<QueryHistoryResponseInit> {
  const { app, conversation, viewer, backwards, isAround } = request;
  checkFields({ app, conversation, viewer });
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const seen = await seenBy(deps, request);
  const { firstSeq, headSeq } = boundsOf(seen.entitlement);
  const fromSeq = request.fromSeq === 0 ? (backwards || isAround ? headSeq : firstSeq) : request.fromSeq;
  const page = isAround ? await pageAround(deps, seen, { fromSeq, limit }) : await readRange(deps, seen, { fromSeq, limit, backwards });
  const bounds = { firstSeq: Math.max(firstSeq, page.keptFromSeq), headSeq };
  const events = whatFits(page.events);
  const last = events.at(-1)?.seq;
  const hasMore = last !== undefined && (backwards && !isAround ? last > bounds.firstSeq : last < bounds.headSeq);
  return { ...answerOf(await present(deps, seen, events)), ...bounds, epoch: await deps.store.epoch(), hasMore };
}

interface Range {
  readonly fromSeq: number;
  readonly limit: number;
  readonly backwards: boolean;
}

const readRange = (deps: QueryDeps, { held, entitlement }: Seen, range: Range): Promise<Page> =>
  readPage(deps, held, { entitlement, ...range });

/** As many before a seq as from it on, ascending. */
async function pageAround(deps: QueryDeps, seen: Seen, { fromSeq, limit }: Omit<Range, 'backwards'>): Promise<Page> {
  const before = Math.floor(limit / 2);
  const [older, newer] = await Promise.all([
    before === 0 || fromSeq <= 1
      ? { events: [], keptFromSeq: 0 }
      : readRange(deps, seen, { fromSeq: fromSeq - 1, limit: before, backwards: true }),
    readRange(deps, seen, { fromSeq, limit: limit - before, backwards: false }),
  ]);
  return { events: [...older.events.toReversed(), ...newer.events], keptFromSeq: Math.max(older.keptFromSeq, newer.keptFromSeq) };
}
