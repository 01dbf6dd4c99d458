import { type ConversationDetails, encodeConversationDetails } from '@parley/contracts/history-rows';
import type { ConversationRow } from '@parley/store';
import type { HeldConversation } from './held-conversation.js';

/** A conversation with other details, and their bytes in its row. */
export function withDetails(
  { row, details }: HeldConversation,
  change: Partial<ConversationDetails>,
  columns: Partial<ConversationRow> = {},
): HeldConversation {
  const changed = { ...details, ...change };
  return { row: { ...row, ...columns, details: encodeConversationDetails(changed) }, details: changed };
}
