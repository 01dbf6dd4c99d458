import type { ListUnreachedRequest, ListUnreachedResponseInit } from '@parley/contracts/push';
import { isAppId, isUserId, ParleyError } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { UnreachedRow } from '@parley/store';
import { type ConversationHead, decodeConversationEvent } from '@parley/wire';
import { pushLimits } from '../limits.js';
import type { PushDeps } from '../ports.js';

type Unreached = Omit<UnreachedRow, 'app' | 'user'>;

interface Whose {
  readonly app: string;
  readonly user: string;
}

/**
 * What waits for a user who was away, of what the user has not read by now: as it was noted when it was said, and in large groups, where
 * nobody looks at each member for each message, all of it.
 */
export async function listUnreached(
  deps: Pick<PushDeps, 'store' | 'history'>,
  { app, user }: ListUnreachedRequest,
  call: CallOptions,
): Promise<ListUnreachedResponseInit> {
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  if (!isUserId(user)) throw new ParleyError('INVALID_ARGUMENT', 'user: 1–32 of A-Z a-z 0-9 _ - .');
  const [noted, { heads, isAll }] = await Promise.all([
    deps.store.unreached(app, user, { limit: pushLimits.unreachedPage }),
    unreadOf(deps.history, { app, user }, call),
  ]);
  const waiting = new Map<string, Unreached>();
  for (const row of noted) {
    const head = heads.get(row.conversation);
    if (head !== undefined || !isAll) waiting.set(row.conversation, stillUnread(row, head));
  }
  for (const head of heads.values()) if (head.memberCount > pushLimits.membersTracked) waiting.set(head.conversation, newestOf(head));
  return { conversations: [...waiting.values()].slice(0, pushLimits.unreachedPage) };
}

/** Unread conversations, hidden ones among them; not all where there are very many. */
async function unreadOf(
  history: PushDeps['history'],
  whose: Whose,
  call: CallOptions,
): Promise<{ readonly heads: ReadonlyMap<string, ConversationHead>; readonly isAll: boolean }> {
  const heads = new Map<string, ConversationHead>();
  let page = '';
  for (let pages = 0; pages < pushLimits.unreadPagesMax; pages++) {
    const filter = { isUnread: true, withHidden: true };
    const answer = await history.queryConversations({ ...whose, filter, page, limit: pushLimits.unreachedPage }, call);
    for (const head of answer.conversations) heads.set(head.conversation, head);
    page = answer.nextPage;
    if (page === '') return { heads, isAll: true };
  }
  return { heads, isAll: false };
}

/** Some of what was noted may have been read since. A conversation that is only marked as unread has nothing that counts. */
const stillUnread = ({ conversation, seq, count, timeMs }: UnreachedRow, head: ConversationHead | undefined): Unreached => ({
  ...{ conversation, seq, timeMs },
  count: head === undefined ? count : Math.min(count, Math.max(head.unread, 1)),
});

function newestOf({ conversation, unread, headSeq, updatedMs, lastEvent }: ConversationHead): Unreached {
  const newest = lastEvent.length === 0 ? { seq: headSeq, timeMs: updatedMs } : decodeConversationEvent(lastEvent);
  return { conversation, seq: newest.seq, count: unread, timeMs: newest.timeMs };
}
