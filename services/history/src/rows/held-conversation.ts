import { type ConversationDetails, createConversationDetails, decodeConversationDetails } from '@parley/contracts/history-rows';
import { emptyBytes } from '@parley/kernel';
import type { ConversationRow } from '@parley/store';

/** A conversation's row with its details decoded. */
export interface HeldConversation {
  readonly row: ConversationRow;
  readonly details: ConversationDetails;
}

const noDetails = createConversationDetails({});

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

/** Decodes what is beside the columns of a row. */
export const hold = (row: ConversationRow): HeldConversation => ({
  row,
  details: row.details.length === 0 ? noDetails : decodeConversationDetails(row.details),
});
