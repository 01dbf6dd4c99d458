import { decodeMemberCursor, type MemberCursor } from '@parley/contracts/history-rows';
import { limits } from '@parley/kernel';
import type { HistoryStore } from '@parley/store';
import { historyLimits } from '../limits.js';
import { isOpen } from '../project/spans.js';
import { behind, cursorSpace } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';

/** Who is in a group or room now, sorted; read page by page past those who have left. Stops at `max`. */
export async function membersOf(
  store: HistoryStore,
  { row }: HeldConversation,
  max: number = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const { app, conversation } = row;
  if (row.membershipVersion === 0 || row.closed) return [];
  const members: string[] = [];
  for (let after = ''; members.length < max; ) {
    const page = await store.members(app, conversation, { limit: historyLimits.memberPage, ...(after === '' ? {} : { after }) });
    for (const { user, spans } of page) if (isOpen(spans)) members.push(user);
    const last = page.at(-1);
    if (last === undefined || page.length < historyLimits.memberPage) return members;
    after = last.user;
  }
  return members;
}

/** Who may read a conversation, and where their cursors stand. */
export interface Readers {
  readonly members: readonly string[];
  readonly cursors: ReadonlyMap<string, MemberCursor>;
}

/** Undefined for rooms and for groups that are too large for read lists. */
export async function readersOf(store: HistoryStore, held: HeldConversation): Promise<Readers | undefined> {
  const { app, conversation } = held.row;
  if (conversation.startsWith('u:')) {
    const cursors = new Map(held.details.cursors.map((cursor) => [cursor.user, cursor]));
    return { members: [...new Set(conversation.slice(2).split('|'))], cursors };
  }
  const { receiptMembersMax } = limits;
  if (!conversation.startsWith('g:') || held.details.memberCount > receiptMembersMax) return undefined;
  const members = await membersOf(store, held, receiptMembersMax + 1);
  if (members.length > receiptMembersMax) return undefined;
  const cursors = new Map<string, MemberCursor>();
  for (let from = ''; ; ) {
    const page = await store.details(app, cursorSpace(conversation), { limit: historyLimits.detailPage, ...(from === '' ? {} : { from }) });
    for (const { key, value } of page) cursors.set(key, decodeMemberCursor(value));
    if (page.length < historyLimits.detailPage) return { members, cursors };
    from = behind(page.at(-1)?.key ?? '');
  }
}
