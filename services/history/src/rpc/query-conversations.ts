import type {
  GetConversationSummaryRequest,
  GetConversationSummaryResponseInit,
  QueryConversationsRequest,
  QueryConversationsResponseInit,
} from '@parley/contracts/history';
import { limits } from '@parley/kernel';
import { type ConversationFilter, createConversationFilter } from '@parley/wire';
import { isStaying } from '../rows/member-state.js';
import { conversationHead } from '../view/conversation-head.js';
import { entitlementOfState } from '../view/entitlement.js';
import { countedUnread, isHidden, type Unread, unreadOf } from '../view/unread.js';
import { allConversationsOf, type UserConversation } from '../view/user-conversations.js';
import { checkFields, checkLimit, pageNumber, pageParts } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/** A conversation with what its place in the list depends on. */
interface Listed extends UserConversation {
  readonly unread: Unread;
  readonly pinnedMs: number;
  /** When the newest message came that the user may know of. */
  readonly timeMs: number;
}

/** The user's list as it is shown, with the total of what is unread in all of it. */
export async function queryConversations(deps: QueryDeps, request: QueryConversationsRequest): Promise<QueryConversationsResponseInit> {
  const { app, user, page } = request;
  checkFields({ app, user });
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const after = page === '' ? undefined : placeOf(page);
  const filter = request.filter ?? createConversationFilter({});
  const nowMs = deps.clock.now();
  await deps.progress.fresh();
  const chosen: Listed[] = [];
  let totalUnread = 0;
  for await (const each of allConversationsOf(deps, app, user)) {
    const listed = listedOf(each);
    totalUnread += countedUnread(listed.state, listed.unread, nowMs);
    if (isChosen(listed, filter)) chosen.push(listed);
  }
  chosen.sort(byPlace);
  const rest = after === undefined ? chosen : chosen.filter((listed) => comparePlaces(listed, after) > 0);
  const shown = rest.slice(0, limit);
  const heads = shown.map(async ({ held, state }) => {
    const entitlement = await entitlementOfState(deps, held, { viewer: user, state });
    return entitlement === undefined ? undefined : conversationHead(deps, held, entitlement);
  });
  const described = (await Promise.all(heads)).filter((head) => head !== undefined);
  // What names the user may be gone; that is looked at only where it is to be shown.
  const conversations = filter.isMentioned ? described.filter(({ mentions }) => (mentions?.length ?? 0) > 0) : described;
  const last = shown.at(-1);
  const nextPage = last === undefined || rest.length <= limit ? '' : tokenOf(last);
  return { conversations, nextPage, totalUnread, epoch: await deps.store.epoch() };
}

function listedOf({ held, state }: UserConversation): Listed {
  const { conversation, closed, updatedMs } = held.row;
  // Who has left must not learn from the order of the list that others go on, nor until when they did.
  const isThere = conversation.startsWith('u:') || isStaying(state);
  const isMember = isThere && !closed;
  const timeMs = isThere ? held.details.lastMs || updatedMs : state.updatedMs;
  return { held, state, unread: unreadOf(held, { state, isMember }), pinnedMs: state.settings?.pinnedMs ?? 0, timeMs };
}

function isChosen({ held, state, unread, pinnedMs }: Listed, filter: ConversationFilter): boolean {
  const { conversation, headSeq } = held.row;
  const { settings } = state;
  if (filter.type !== '' && !conversation.startsWith(`${filter.type}:`)) return false;
  // What goes on without the user does not bring it back.
  const shownSeq = state.stays.at(-1)?.to || headSeq;
  if (!filter.withHidden && isHidden(state, shownSeq)) return false;
  if (filter.isUnread && unread.count === 0 && settings?.isMarkedUnread !== true) return false;
  if (filter.isPinned && pinnedMs === 0) return false;
  if (filter.isMentioned && unread.mentions.length === 0) return false;
  return filter.mark === 0 || (settings?.marks.includes(filter.mark) ?? false);
}

type Place = readonly [pinnedMs: number, timeMs: number, conversation: string];

const placeIn = ({ pinnedMs, timeMs, held }: Listed): Place => [pinnedMs, timeMs, held.row.conversation];
const byPlace = (a: Listed, b: Listed): number => comparePlaces(a, placeIn(b));

/** Pinned ones first, the last pinned on top; then by the newest message. */
function comparePlaces(listed: Listed, [pinnedMs, timeMs, conversation]: Place): number {
  const { held } = listed;
  return (
    pinnedMs - listed.pinnedMs ||
    timeMs - listed.timeMs ||
    (held.row.conversation < conversation ? -1 : Number(held.row.conversation !== conversation))
  );
}

const tokenOf = (listed: Listed): string => placeIn(listed).join(' ');

function placeOf(page: string): Place {
  const [pinnedMs = '', timeMs = '', conversation = ''] = pageParts(page, 3);
  return [pageNumber(pinnedMs), pageNumber(timeMs), conversation];
}

/** One conversation of the user, as in the list. */
export async function getConversationSummary(
  deps: QueryDeps,
  request: GetConversationSummaryRequest,
): Promise<GetConversationSummaryResponseInit> {
  const { app, conversation, user, atLeastSeq } = request;
  checkFields({ app, conversation, user });
  const { held, entitlement } = await seenBy(deps, { app, conversation, viewer: user, atLeastSeq });
  return { conversation: await conversationHead(deps, held, entitlement) };
}
