import { emptyBytes } from '@parley/kernel';
import type { ConversationEvent } from '@parley/wire';

/** An event as those get it who may not know of it: a place in the order and its time. */
export function withheld({ conversation, seq, timeMs, priority }: ConversationEvent): ConversationEvent {
  return { conversation, seq, messageId: '', sender: '', timeMs, priority, clientMsgId: '', options: undefined, body: undefined };
}

/**
 * What is kept of an event whose words are gone: place, sender, time and message id. Of an act what it did stays, so
 * that it can still be folded; contents, options, mentions and reasons go.
 */
export function redact(event: ConversationEvent): ConversationEvent {
  return { ...event, clientMsgId: '', options: undefined, body: redactedBody(event.body) };
}

/** An edit that a later one has overtaken: only its content goes; whom it mentions may still hold. */
export function overtaken(event: ConversationEvent): ConversationEvent {
  const { body } = event;
  return body?.type === 'edited' ? { ...event, body: { type: 'edited', value: { ...body.value, content: emptyBytes } } } : event;
}

/** The message with the content of an edit; as it is where the edit says nothing any more, or the event is no message. */
export function applyEdit(event: ConversationEvent, content: Uint8Array): ConversationEvent {
  if (content.length === 0 || event.body?.type !== 'content') return event;
  return { ...event, body: { type: 'content', value: content } };
}

function redactedBody(body: ConversationEvent['body']): ConversationEvent['body'] {
  switch (body?.type) {
    case 'content':
      return undefined;
    case 'edited':
      return { type: 'edited', value: { ...body.value, content: emptyBytes, mentions: undefined } };
    case 'recalled':
      return { type: 'recalled', value: { ...body.value, reason: '' } };
    default:
      return body;
  }
}
