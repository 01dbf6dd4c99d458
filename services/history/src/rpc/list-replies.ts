import type { ListRepliesRequest, ListRepliesResponseInit } from '@parley/contracts/history';
import { limits } from '@parley/kernel';
import { fromSortable, sortable, threadSpace } from '../rows/detail-keys.js';
import { boundsOf } from '../view/entitlement.js';
import { answerOf, present } from '../view/present.js';
import { readSeqs, whatFits } from '../view/read-page.js';
import { checkFields, checkLimit } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/** The thread of a message, oldest first. */
export async function listReplies(deps: QueryDeps, request: ListRepliesRequest): Promise<ListRepliesResponseInit> {
  const { app, conversation, rootSeq, afterSeq } = request;
  checkFields(request);
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const seen = await seenBy(deps, request);
  const { headSeq } = boundsOf(seen.entitlement);
  const space = threadSpace(conversation, rootSeq);
  // Where the viewer sees none of a part of the thread, the page is filled from behind it.
  for (let from = Math.max(afterSeq + 1, seen.entitlement.spans[0]?.from ?? 0); ; ) {
    const keys = await deps.store.details(app, space, { from: sortable(from), limit: limit + 1 });
    const seqs = keys.slice(0, limit).map(({ key }) => fromSortable(key));
    const rows = await readSeqs(deps, seen.held, { entitlement: seen.entitlement, seqs });
    const fitting = whatFits(rows);
    const shown = (await present(deps, seen, fitting)).filter(({ isWithheld }) => !isWithheld);
    const hasMore = keys.length > limit || fitting.length < rows.length;
    if (shown.length > 0 || !hasMore) return { ...answerOf(shown), hasMore, headSeq };
    from = (fitting.length < rows.length ? (fitting.at(-1)?.seq ?? from) : (seqs.at(-1) ?? from)) + 1;
  }
}
