import { type ConversationEvent, decodeConversationEvent } from '@parley/wire';
import { contentFromBytes, priorityName } from './content.js';
import type { TimelineEvent } from './events.js';
import { causeName } from './room/room-details.js';

/** Decodes an event of a history page; throws ProtobufError when the bytes are none. */
export const decodeTimelineEvent = (bytes: Uint8Array, self: string): TimelineEvent =>
  timelineEventOf(decodeConversationEvent(bytes), self);

/** An event as applications see it; throws ProtobufError when its content cannot be read. */
export function timelineEventOf(event: ConversationEvent, self: string): TimelineEvent {
  const { conversation, seq, timeMs } = event;
  switch (event.body?.type) {
    case 'content':
      return messageOf(event, event.body.value, self);
    case 'membership':
      return { type: 'membership', conversation, seq, timeMs, ...event.body.value, cause: causeName(event.body.value.cause) };
    default:
      return { type: 'unknown', conversation, seq, timeMs };
  }
}

function messageOf(event: ConversationEvent, content: Uint8Array, self: string): TimelineEvent {
  return {
    type: 'message',
    conversation: event.conversation,
    seq: event.seq,
    messageId: event.messageId,
    sender: event.sender,
    isOwn: event.sender === self && self !== '',
    timeMs: event.timeMs,
    priority: priorityName(event.priority),
    clientMsgId: event.clientMsgId,
    content: contentFromBytes(content),
  };
}
