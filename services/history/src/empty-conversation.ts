import { emptyBytes } from '@parley/kernel';
import type { ConversationRow } from '@parley/store';

/** How a conversation stands in which nothing has happened. */
export const emptyConversation = (app: string, conversation: string): ConversationRow => ({
  app,
  conversation,
  headSeq: 0,
  countable: 0,
  updatedMs: 0,
  membershipVersion: 0,
  closed: false,
  speaking: emptyBytes,
  historyAccess: 0,
  keptFromSeq: 0,
  details: emptyBytes,
});
