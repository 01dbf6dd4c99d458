import type { ListReactionsRequest, ListReactionsResponseInit } from '@parley/contracts/history';
import { decodeReactionRow } from '@parley/contracts/history-rows';
import { limits, ParleyError } from '@parley/kernel';
import type { ReactionOfUserInit } from '@parley/wire';
import { blockOf, blockSpace, reactionKey, reactionsPrefix } from '../rows/detail-keys.js';
import { mayKnow } from '../view/entitlement.js';
import { present } from '../view/present.js';
import { readSeqs } from '../view/read-page.js';
import { historyLimits } from '../limits.js';
import { checkFields, checkLimit, checkReaction, pageNumber } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/** Who reacted to a message, newest first. */
export async function listReactions(deps: QueryDeps, request: ListReactionsRequest): Promise<ListReactionsResponseInit> {
  const { app, conversation, seq, reaction, page } = request;
  checkFields(request);
  checkReaction(reaction);
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const before = page === '' ? undefined : pageNumber(page);
  const seen = await seenBy(deps, request);
  const rows = await readSeqs(deps, seen.held, { entitlement: seen.entitlement, seqs: [seq] });
  const [shown] = await present(deps, seen, rows);
  if (shown === undefined || shown.isWithheld) throw new ParleyError('MESSAGE_NOT_FOUND');
  const space = blockSpace(conversation, blockOf(seq));
  const prefix = reactionsPrefix(seq);
  const reactions: ReactionOfUserInit[] = [];
  let looked = 0;
  for (let next = before; ; ) {
    const from = next === undefined ? {} : { from: reactionKey(seq, next - 1) };
    const found = await deps.store.details(app, space, { prefix, isBackwards: true, limit: limit + 1, ...from });
    for (const { value } of found) {
      const row = decodeReactionRow(value);
      const isErased = seen.held.details.erased.some((user) => user.user === row.user && row.seq < user.seq);
      if (reactions.length === limit || looked++ >= historyLimits.reactionsLookedAt) return { reactions, nextPage: String(next ?? 0) };
      next = row.seq;
      const isKnown = !isErased && mayKnow(seen.entitlement, row.seq);
      if (isKnown && (reaction === '' || row.reaction === reaction))
        reactions.push({ user: row.user, reaction: row.reaction, timeMs: row.timeMs });
    }
    if (found.length <= limit) return { reactions, nextPage: '' };
  }
}
