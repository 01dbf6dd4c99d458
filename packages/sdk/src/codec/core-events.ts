import {
  type ConversationEvent,
  conversationEventContent,
  conversationEventDeleted,
  conversationEventEdited,
  conversationEventErased,
  conversationEventMemberAttributes,
  conversationEventMembership,
  conversationEventMessagesDropped,
  conversationEventPin,
  conversationEventReaction,
  conversationEventRecalled,
  conversationEventRoomChange,
  conversationEventRoomTally,
} from '@parley/wire';
import { contentFromBytes, priorityName } from '../content.js';
import type { TimelineEvent } from '../events.js';
import { extrasOf } from '../message-options.js';
import { causeName } from '../room/room-details.js';
import { deedOf, type EventKind, eventKind } from './vocabulary.js';

/** Messages, what was done to them, and what rooms tell. */
export const coreEvents: readonly EventKind[] = [
  eventKind('content', conversationEventContent, messageOf),
  eventKind('membership', conversationEventMembership, ({ conversation, seq, timeMs }, change) => {
    return { type: 'membership', conversation, seq, timeMs, ...change, cause: causeName(change.cause) };
  }),
  eventKind('roomChange', conversationEventRoomChange),
  eventKind('roomTally', conversationEventRoomTally),
  eventKind('memberAttributes', conversationEventMemberAttributes),
  eventKind('messagesDropped', conversationEventMessagesDropped),
  eventKind('edited', conversationEventEdited, (source, { seq, content, mentions, isRemention }, self) => ({
    ...{ type: 'messageEdited', ...deedOf(source, self), target: seq },
    ...(content.length > 0 && { content: contentFromBytes(content) }),
    ...(isRemention && { mentions: mentions ?? { users: [], isEveryone: false, isSilent: false } }),
  })),
  eventKind('recalled', conversationEventRecalled, (source, { seq, reason }, self) => {
    return { type: 'messageRecalled', ...deedOf(source, self), target: seq, reason };
  }),
  eventKind('deleted', conversationEventDeleted, (source, { seqs }, self) => {
    return { type: 'messageDeleted', ...deedOf(source, self), targets: seqs };
  }),
  eventKind('reaction', conversationEventReaction, (source, { seq, reaction, isRemoved }, self) => {
    return { type: 'reactionsChanged', ...deedOf(source, self), target: seq, reaction, isRemoved };
  }),
  eventKind('pin', conversationEventPin, (source, { seq, isRemoved }, self) => {
    return { type: 'pinsChanged', ...deedOf(source, self), target: seq, isRemoved };
  }),
  eventKind('erased', conversationEventErased, (source, { user }, self) => ({ type: 'userErased', ...deedOf(source, self), user })),
];

function messageOf(source: ConversationEvent, content: Uint8Array, self: string): TimelineEvent {
  return {
    type: 'message',
    ...deedOf(source, self),
    messageId: source.messageId,
    priority: priorityName(source.priority),
    content: contentFromBytes(content),
    ...extrasOf(source.options),
  };
}
