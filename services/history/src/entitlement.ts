import { HistoryAccess } from '@parley/wire';
import { parseConversation, ParleyError } from '@parley/kernel';
import type { ConversationRow, HistoryStore, MembershipSpan } from '@parley/store';
import { isOpen } from './project/spans.js';
import { isRoom, type RoomWindow } from './room-window.js';

/** What one viewer may see of a conversation. */
export interface Entitlement {
  /** In order, without overlaps; the last may be empty and then says where it would begin. */
  readonly spans: readonly Required<MembershipSpan>[];
  readonly isMember: boolean;
  /** First seq of the present membership; 0 when there is none. */
  readonly memberSinceSeq: number;
}

export interface EntitlementDeps {
  readonly store: HistoryStore;
  readonly window: RoomWindow;
}

/**
 * What falls into the viewer's memberships and is still kept; everything for back ends and for both users
 * of a 1:1 conversation. Throws CONVERSATION_NOT_FOUND for a conversation that the viewer has never been in,
 * whether it exists or not, and for a room that the viewer is not in now.
 */
export async function entitlementOf({ store, window }: EntitlementDeps, row: ConversationRow, viewer: string): Promise<Entitlement> {
  const { app, conversation, headSeq, closed } = row;
  if (viewer === '') return everything(isRoom(conversation) ? await window.firstSeqOf(row) : 1, headSeq);
  const parsed = parseConversation(conversation);
  if (!parsed.ok) throw ParleyError.of(parsed.error);
  if (parsed.value.type === 'user') {
    if (parsed.value.users.some((user) => user === viewer)) return everything(1, headSeq);
    throw new ParleyError('CONVERSATION_NOT_FOUND');
  }
  const spans = (await store.member(app, conversation, viewer))?.spans;
  const isMember = spans !== undefined && isOpen(spans) && !closed;
  if (spans === undefined || (isRoom(conversation) && !isMember)) throw new ParleyError('CONVERSATION_NOT_FOUND');
  const memberSinceSeq = isMember ? (spans.at(-1)?.from ?? 0) : 0;
  if (!isRoom(conversation)) return { spans: clip(spans, 1, headSeq), isMember, memberSinceSeq };
  const firstSeq = await window.firstSeqOf(row);
  if (row.historyAccess === HistoryAccess.RECENT) return { ...everything(firstSeq, headSeq), memberSinceSeq };
  return { spans: clip(spans, firstSeq, headSeq), isMember, memberSinceSeq };
}

const everything = (firstSeq: number, headSeq: number): Entitlement => ({
  spans: [{ from: firstSeq, to: headSeq }],
  isMember: true,
  memberSinceSeq: 1,
});

/** The parts of spans that lie within what is kept; the last stays although it is empty. */
function clip(spans: readonly MembershipSpan[], firstSeq: number, headSeq: number): readonly Required<MembershipSpan>[] {
  const clipped = spans.map(({ from, to }) => ({ from: Math.max(from, firstSeq), to: to ?? headSeq }));
  return clipped.filter(({ from, to }, i) => from <= to || i === clipped.length - 1);
}

/** First and last seq of an entitlement; 0 and 0 when there is nothing to see. */
export function boundsOf({ spans }: Entitlement): { readonly firstSeq: number; readonly headSeq: number } {
  return { firstSeq: spans[0]?.from ?? 0, headSeq: spans.at(-1)?.to ?? 0 };
}
