import type { ListConversationsRequest, ListConversationsResponseInit } from '@parley/contracts/history';
import { decodeMemberState } from '@parley/contracts/history-rows';
import { limits, parseConversation, ParleyError } from '@parley/kernel';
import type { ConversationHeadInit } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { isStaying, updatedMsIn } from '../rows/member-state.js';
import { conversationHead, updatedMsOf } from '../view/conversation-head.js';
import { entitlementOf, entitlementOfState } from '../view/entitlement.js';
import { type ListedConversation, userConversations } from '../view/user-conversations.js';
import { checkFields, checkLimit } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/** One page of a user's conversations with their heads. */
export async function listConversations(deps: QueryDeps, request: ListConversationsRequest): Promise<ListConversationsResponseInit> {
  const { app, user, page: after } = request;
  checkFields({ app, user });
  if (after !== '' && !parseConversation(after).ok) throw new ParleyError('INVALID_ARGUMENT', 'page: not from an answer of this call');
  const limit = checkLimit(request.limit, { byDefault: historyLimits.conversationsPage, max: historyLimits.conversationsPage });
  const asOfMs = Math.max(0, deps.clock.now() - historyLimits.asOfMarginMs);
  if (request.isCurrent) await deps.progress.current();
  // What two say to each other comes on their own channels: nobody subscribes to it.
  const prefix = request.isMembershipOnly ? 'g:' : '';
  const { found, last } = await userConversations(deps, app, { user, after, limit, prefix });
  const rooms = after === '' ? await roomsOf(deps, request) : [];
  const heads = await Promise.all(found.filter((each) => mayHaveChanged(each, request)).map((each) => describe(deps, request, each)));
  const changed = heads.filter((head) => head !== undefined);
  const fitting = whatFits(changed);
  const nextPage = fitting.length < changed.length ? fitting.at(-1)?.conversation : last;
  return { conversations: [...fitting, ...rooms], nextPage: nextPage ?? '', epoch: await deps.store.epoch(), asOfMs };
}

/** False for most of what has not changed: told without decoding what the user has of it. */
const mayHaveChanged = ({ held, value }: ListedConversation, { changedSinceMs }: ListConversationsRequest): boolean =>
  changedSinceMs === 0 || held.row.updatedMs >= changedSinceMs || updatedMsIn(value) >= changedSinceMs;

/** As many heads as one answer holds, and at least one: newest messages may be long. */
function whatFits(heads: readonly ConversationHeadInit[]): readonly ConversationHeadInit[] {
  let bytes = 0;
  const end = heads.findIndex(({ lastEvent, settings }) => {
    bytes += (lastEvent?.length ?? 0) + (settings?.draft?.length ?? 0) + headBytes;
    return bytes > historyLimits.answerBytesMax;
  });
  return end < 0 ? heads : heads.slice(0, Math.max(1, end));
}

/** What a head takes besides its newest message, about. */
const headBytes = 512;

/** Undefined for what has not changed since, and for what the user cannot see anything of. */
function describe(
  deps: QueryDeps,
  { user, changedSinceMs, isMembershipOnly }: ListConversationsRequest,
  { held, value }: ListedConversation,
): Promise<ConversationHeadInit | undefined> | ConversationHeadInit | undefined {
  const state = decodeMemberState(value);
  const { conversation, closed } = held.row;
  const isMember = conversation.startsWith('u:') || (isStaying(state) && !closed);
  if (updatedMsOf(held, { state, isMember }) < changedSinceMs) return undefined;
  if (isMembershipOnly) {
    return isMember ? { conversation, isMember, headSeq: held.row.headSeq, memberSinceSeq: state.stays.at(-1)?.from ?? 0 } : undefined;
  }
  return entitlementOfState(deps, held, { viewer: user, state }).then((entitlement) =>
    entitlement === undefined ? undefined : conversationHead(deps, held, entitlement),
  );
}

/** The rooms that the user is in; few. */
async function roomsOf(
  deps: QueryDeps,
  { app, user, changedSinceMs, isMembershipOnly }: ListConversationsRequest,
): Promise<readonly ConversationHeadInit[]> {
  const limit = limits.roomsPerUserMax * 4;
  const ids = await deps.store.conversationsOf(app, user, { after: 'r:', limit });
  const heads = ids.map(async (conversation): Promise<ConversationHeadInit | undefined> => {
    const held = await deps.conversations.find(app, conversation);
    if (held === undefined || held.row.updatedMs < changedSinceMs) return undefined;
    const entitlement = await entitlementOf(deps, held, user).catch(unseen);
    if (entitlement === undefined) return undefined;
    const { memberSinceSeq } = entitlement;
    // Who subscribes must know from which seq on the channel is for the user, and how far it has come.
    return isMembershipOnly
      ? { conversation, isMember: true, headSeq: held.row.headSeq, memberSinceSeq }
      : conversationHead(deps, held, entitlement);
  });
  return (await Promise.all(heads)).filter((head) => head !== undefined);
}

/** A store that does not answer must not look like a user without rooms. */
function unseen(error: unknown): undefined {
  if (error instanceof ParleyError && error.error === 'CONVERSATION_NOT_FOUND') return undefined;
  throw error;
}
