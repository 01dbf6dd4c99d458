import { decodeMemberCursor, type MemberCursor } from '@parley/contracts/history-rows';
import { limits } from '@parley/kernel';
import type { HistoryStore, MemberRow, MembershipSpan } from '@parley/store';
import { HistoryAccess } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { isOpen } from '../project/spans.js';
import { behind, cursorSpace } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';

/** Who is in a group or room now, sorted. */
export async function membersOf(store: HistoryStore, held: HeldConversation): Promise<readonly string[]> {
  return (await memberRowsOf(store, held)).map(({ user }) => user);
}

/** Their rows; read page by page past those who have left. Stops at `max`. */
async function memberRowsOf(
  store: HistoryStore,
  { row }: HeldConversation,
  max: number = Number.POSITIVE_INFINITY,
): Promise<readonly MemberRow[]> {
  const { app, conversation } = row;
  if (row.membershipVersion === 0 || row.closed) return [];
  const members: MemberRow[] = [];
  for (let after = ''; members.length < max; ) {
    const page = await store.members(app, conversation, { limit: historyLimits.memberPage, ...(after === '' ? {} : { after }) });
    for (const member of page) if (isOpen(member.spans)) members.push(member);
    const last = page.at(-1);
    if (last === undefined || page.length < historyLimits.memberPage) return members;
    after = last.user;
  }
  return members;
}

/** A member now, and when they were there. */
export type Reader = Pick<MemberRow, 'user' | 'spans'>;

/** Who may read a conversation, and where their cursors stand. */
export interface Readers {
  readonly members: readonly Reader[];
  readonly cursors: ReadonlyMap<string, MemberCursor>;
}

const always: readonly MembershipSpan[] = [{ from: 1 }];

/** Undefined for rooms and for groups that are too large for read lists. */
export async function readersOf(store: HistoryStore, held: HeldConversation): Promise<Readers | undefined> {
  const { app, conversation, historyAccess } = held.row;
  if (conversation.startsWith('u:')) {
    const cursors = new Map(held.details.cursors.map((cursor) => [cursor.user, cursor]));
    return { members: [...new Set(conversation.slice(2).split('|'))].map((user) => ({ user, spans: always })), cursors };
  }
  const { receiptMembersMax } = limits;
  if (!conversation.startsWith('g:') || held.details.memberCount > receiptMembersMax) return undefined;
  const rows = await memberRowsOf(store, held, receiptMembersMax + 1);
  if (rows.length > receiptMembersMax) return undefined;
  const members = historyAccess === HistoryAccess.FROM_START ? rows.map(({ user }) => ({ user, spans: always })) : rows;
  const cursors = new Map<string, MemberCursor>();
  for (let from = ''; ; ) {
    const page = await store.details(app, cursorSpace(conversation), { limit: historyLimits.detailPage, ...(from === '' ? {} : { from }) });
    for (const { key, value } of page) cursors.set(key, decodeMemberCursor(value));
    if (page.length < historyLimits.detailPage) return { members, cursors };
    from = behind(page.at(-1)?.key ?? '');
  }
}
