import type { TimelineEntry } from '@parley/contracts/events';
import type { ConversationEvent } from '@parley/wire';
import type { StagedConversation } from './staged-conversation.js';
import type { StagedDetails } from './staged-details.js';

/** One entry of the timeline and what it changes. */
export interface EntryContext {
  readonly entry: TimelineEntry;
  readonly event: ConversationEvent;
  /** Offset of the record that the entry lies in. */
  readonly offset: number;
  readonly partition: number;
  readonly staged: StagedConversation;
  readonly details: StagedDetails;
}

/** What an event of one type carries. */
export type BodyOf<Type extends NonNullable<ConversationEvent['body']>['type']> = Extract<
  ConversationEvent['body'],
  { readonly type: Type }
>['value'];

export const isPair = (conversation: string): boolean => conversation.startsWith('u:');
export const isGroup = (conversation: string): boolean => conversation.startsWith('g:');

/** Both users of a conversation of two. */
export const pairOf = (conversation: string): readonly string[] => conversation.slice(2).split('|');
