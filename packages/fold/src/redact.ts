import { emptyBytes } from '@parley/kernel';
import { type ConversationEvent, createMessageOptions } from '@parley/wire';

/** An event as those get it who may not know of it: a place in the order and its time. */
export function withheld({ conversation, seq, timeMs, priority }: ConversationEvent): ConversationEvent {
  return { conversation, seq, messageId: '', sender: '', timeMs, priority, clientMsgId: '', options: undefined, body: undefined };
}

/** A message as its viewer gets it who has deleted it for themselves: without more than a place in the order and in a thread. */
export function hiddenBySelf(event: ConversationEvent): ConversationEvent {
  return { ...withheld(event), options: placeInThread(event) };
}

/**
 * What is kept of an event whose words are gone: place, sender, time and message id, and the thread that it was said in. Of an
 * act what it did stays. So whoever did not hear it before folds the same; contents, other options, mentions and reasons go.
 */
export function redact(event: ConversationEvent): ConversationEvent {
  return { ...event, clientMsgId: '', options: placeInThread(event), body: redactedBody(event.body) };
}

function placeInThread({ options }: ConversationEvent): ConversationEvent['options'] {
  const reply = options?.reply;
  if (reply === undefined || (options?.onlyTo.length ?? 0) > 0) return undefined;
  return createMessageOptions({ reply: { seq: reply.seq, rootSeq: reply.rootSeq } });
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
