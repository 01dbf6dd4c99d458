import type { ListRepliesRequest, ListRepliesResponseInit } from '@parley/contracts/history';
import { limits } from '@parley/kernel';
import { fromSortable, sortable, threadSpace } from '../rows/detail-keys.js';
import { mayRead } from '../view/entitlement.js';
import { answerOf, present } from '../view/present.js';
import { readSeqs } from '../view/read-page.js';
import { checkFields, checkLimit } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/** The thread of a message, oldest first. */
export async function listReplies(deps: QueryDeps, request: ListRepliesRequest): Promise<ListRepliesResponseInit> {
  const { app, conversation, rootSeq, afterSeq } = request;
  checkFields(request);
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const seen = await seenBy(deps, request);
  const { entitlement } = seen;
  const from = sortable(Math.max(afterSeq + 1, entitlement.spans[0]?.from ?? 0));
  const keys = await deps.store.details(app, threadSpace(conversation, rootSeq), { from, limit: limit + 1 });
  const seqs = keys.slice(0, limit).map(({ key }) => fromSortable(key));
  const rows = await readSeqs(deps, seen.held, { entitlement, seqs: seqs.filter((seq) => mayRead(entitlement, seq)) });
  const shown = (await present(deps, seen, rows)).filter(({ isWithheld }) => !isWithheld);
  return { ...answerOf(shown), hasMore: keys.length > limit };
}
