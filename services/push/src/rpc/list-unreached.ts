import type { ListUnreachedRequest, ListUnreachedResponseInit } from '@parley/contracts/push';
import { isAppId, isUserId, ParleyError } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { UnreachedRow } from '@parley/store';
import { decodeConversationEvent } from '@parley/wire';
import { pushLimits } from '../limits.js';
import type { PushDeps } from '../ports.js';

type Unreached = Omit<UnreachedRow, 'app' | 'user'>;

/**
 * What waits for a user who was away: as it was noted when it was said, and in large groups, where nobody looks at each
 * member for each message, what the user has not read.
 */
export async function listUnreached(
  deps: Pick<PushDeps, 'store' | 'history'>,
  { app, user }: ListUnreachedRequest,
  call: CallOptions,
): Promise<ListUnreachedResponseInit> {
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  if (!isUserId(user)) throw new ParleyError('INVALID_ARGUMENT', 'user: 1–32 of A-Z a-z 0-9 _ - .');
  const [noted, unread] = await Promise.all([
    deps.store.unreached(app, user, { limit: pushLimits.unreachedPage }),
    unreadInLargeGroups(deps.history, { app, user }, call),
  ]);
  const conversations = new Map<string, Unreached>();
  for (const { conversation, seq, count, timeMs } of [...noted, ...unread])
    conversations.set(conversation, { conversation, seq, count, timeMs });
  return { conversations: [...conversations.values()].slice(0, pushLimits.unreachedPage) };
}

async function unreadInLargeGroups(
  history: PushDeps['history'],
  of: { readonly app: string; readonly user: string },
  call: CallOptions,
): Promise<readonly Unreached[]> {
  const found: Unreached[] = [];
  let page = '';
  for (let pages = 0; pages < pushLimits.unreadPagesMax; pages++) {
    const filter = { type: 'g', isUnread: true, withHidden: true };
    const answer = await history.queryConversations({ ...of, filter, page, limit: pushLimits.unreachedPage }, call);
    for (const { conversation, memberCount, unread, headSeq, updatedMs, lastEvent } of answer.conversations) {
      if (memberCount <= pushLimits.membersTracked) continue;
      const newest = lastEvent.length === 0 ? { seq: headSeq, timeMs: updatedMs } : decodeConversationEvent(lastEvent);
      found.push({ conversation, seq: newest.seq, count: unread, timeMs: newest.timeMs });
    }
    page = answer.nextPage;
    if (page === '') break;
  }
  return found;
}
