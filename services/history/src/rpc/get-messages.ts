import type { GetMessagesRequest, GetMessagesResponseInit } from '@parley/contracts/history';
import { limits } from '@parley/kernel';
import { boundsOf } from '../view/entitlement.js';
import { answerOf, present } from '../view/present.js';
import { readSeqs } from '../view/read-page.js';
import { checkFields, checkSeqs } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/** Messages by seq, ascending; what the viewer may not see is left out. */
export async function getMessages(deps: QueryDeps, request: GetMessagesRequest): Promise<GetMessagesResponseInit> {
  const { seqs } = request;
  checkFields(request);
  checkSeqs(seqs, limits.historyPageMax);
  const seen = await seenBy(deps, request);
  const rows = await readSeqs(deps, seen.held, { entitlement: seen.entitlement, seqs });
  const shown = (await present(deps, seen, rows)).filter(({ isWithheld }) => !isWithheld);
  return { ...answerOf(shown), headSeq: boundsOf(seen.entitlement).headSeq, epoch: await deps.store.epoch() };
}
