import type { ListConversationsRequest, ListConversationsResponseInit } from '@parley/contracts/history';
import { type Clock, parseConversation, ParleyError } from '@parley/kernel';
import type { ConversationHeadInit } from '@parley/wire';
import { boundsOf, type EntitlementDeps, entitlementOf } from '../entitlement.js';
import { historyLimits } from '../limits.js';
import type { Progress } from '../progress.js';
import { checkFields } from './fields.js';

export interface ListDeps extends EntitlementDeps {
  readonly progress: Progress;
  readonly clock: Clock;
}

/** One page of a user's conversations with their heads. */
export async function listConversations(deps: ListDeps, request: ListConversationsRequest): Promise<ListConversationsResponseInit> {
  const { app, user, page } = request;
  checkFields({ app, user });
  if (page !== '' && !parseConversation(page).ok) throw new ParleyError('INVALID_ARGUMENT', 'page: not from an answer of this call');
  const { store, progress, clock } = deps;
  const limit = request.limit === 0 ? historyLimits.conversationsPage : request.limit;
  if (limit > historyLimits.conversationsPage) {
    throw new ParleyError('INVALID_ARGUMENT', `limit: at most ${historyLimits.conversationsPage}`);
  }
  const asOfMs = Math.max(0, clock.now() - historyLimits.asOfMarginMs);
  if (request.isCurrent) await progress.current();
  const ids = await store.conversationsOf(app, user, { limit, ...(page === '' ? {} : { after: page }) });
  const all = await Promise.all(ids.map((conversation) => describe(deps, { app, user, conversation })));
  const conversations = all.filter((each) => each !== undefined && (each.updatedMs ?? 0) >= request.changedSinceMs);
  const nextPage = ids.length < limit ? '' : (ids.at(-1) ?? '');
  return { conversations: conversations as ConversationHeadInit[], nextPage, epoch: await store.epoch(), asOfMs };
}

/** Undefined for what the user cannot see anything of, such as rooms that the user has left. */
async function describe(
  deps: EntitlementDeps,
  { app, user, conversation }: { readonly app: string; readonly user: string; readonly conversation: string },
): Promise<ConversationHeadInit | undefined> {
  const row = await deps.store.conversation(app, conversation);
  if (row === undefined) return undefined;
  const entitlement = await entitlementOf(deps, row, user).catch(unseen);
  if (entitlement === undefined) return undefined;
  const { isMember, memberSinceSeq } = entitlement;
  return { conversation, ...boundsOf(entitlement), updatedMs: row.updatedMs, isMember, memberSinceSeq };
}

/** A store that does not answer must not look like a user without conversations. */
function unseen(error: unknown): undefined {
  if (error instanceof ParleyError && error.error === 'CONVERSATION_NOT_FOUND') return undefined;
  throw error;
}
