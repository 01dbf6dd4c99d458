import { parseConversation, ParleyError } from '@parley/kernel';
import type { ConversationRow, HistoryStore, MembershipSpan } from '@parley/store';
import { isOpen } from './project/spans.js';

/** What one viewer may see of a conversation. */
export interface Entitlement {
  /** In order, without overlaps; `to` is always set. */
  readonly spans: readonly Required<MembershipSpan>[];
  readonly isMember: boolean;
}

/** The whole conversation: for back ends and for both users of a 1:1 conversation. */
const everything = (headSeq: number): Entitlement => ({ spans: [{ from: 1, to: headSeq }], isMember: true });

/**
 * What falls into the viewer's memberships. Throws CONVERSATION_NOT_FOUND for a conversation that the
 * viewer has never been in, whether it exists or not.
 */
export async function entitlementOf(
  store: HistoryStore,
  row: Pick<ConversationRow, 'app' | 'conversation' | 'headSeq' | 'closed'>,
  viewer: string,
): Promise<Entitlement> {
  if (viewer === '') return everything(row.headSeq);
  const conversation = parseConversation(row.conversation);
  if (!conversation.ok) throw ParleyError.of(conversation.error);
  if (conversation.value.type === 'user') {
    if (conversation.value.users.some((user) => user === viewer)) return everything(row.headSeq);
    throw new ParleyError('CONVERSATION_NOT_FOUND');
  }
  const member = await store.member(row.app, row.conversation, viewer);
  if (member === undefined) throw new ParleyError('CONVERSATION_NOT_FOUND');
  const spans = member.spans.map(({ from, to }) => ({ from, to: to ?? row.headSeq }));
  return { spans, isMember: isOpen(member.spans) && !row.closed };
}

/** First and last seq of an entitlement; 0 and 0 when there is nothing to see. */
export function boundsOf({ spans }: Entitlement): { readonly firstSeq: number; readonly headSeq: number } {
  return { firstSeq: spans[0]?.from ?? 0, headSeq: spans.at(-1)?.to ?? 0 };
}

/** First seq of the present membership; 0 when there is none. */
export const memberSinceOf = ({ spans, isMember }: Entitlement): number => (isMember ? (spans.at(-1)?.from ?? 0) : 0);
