import {
  type ConversationEvent,
  type ConversationEventInit,
  createConversationEvent,
  encodeContent,
  type MessageOptionsInit,
} from '@parley/wire';

const conversation = 'g:club';

export const textOf = (text: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text } } });

/** An event of `g:club`; its time follows from its seq. */
export const eventOf = (
  seq: number,
  sender: string,
  body: ConversationEventInit['body'],
  options?: MessageOptionsInit,
): ConversationEvent =>
  createConversationEvent({
    conversation,
    seq,
    messageId: `m${seq}`,
    sender,
    timeMs: 1_000 + seq,
    clientMsgId: `c${seq}`,
    body,
    ...(options === undefined ? {} : { options }),
  });

export const said = (seq: number, sender: string, options?: MessageOptionsInit): ConversationEvent =>
  eventOf(seq, sender, { type: 'content', value: textOf(`text ${seq}`) }, options);

export const edited = (seq: number, sender: string, target: number, mentions?: readonly string[]): ConversationEvent =>
  eventOf(seq, sender, {
    type: 'edited',
    value: {
      seq: target,
      content: textOf(`edit ${seq}`),
      ...(mentions === undefined ? {} : { mentions: { users: mentions }, isRemention: true }),
    },
  });

export const recalled = (seq: number, sender: string, target: number): ConversationEvent =>
  eventOf(seq, sender, { type: 'recalled', value: { seq: target, reason: 'oops' } });

export const deleted = (seq: number, sender: string, ...seqs: number[]): ConversationEvent =>
  eventOf(seq, sender, { type: 'deleted', value: { seqs } });

export const reacted = (seq: number, sender: string, target: number, reaction = '+', isRemoved = false): ConversationEvent =>
  eventOf(seq, sender, { type: 'reaction', value: { seq: target, reaction, isRemoved } });

export const pinned = (seq: number, sender: string, target: number, isRemoved = false): ConversationEvent =>
  eventOf(seq, sender, { type: 'pin', value: { seq: target, isRemoved } });

export const erased = (seq: number, user: string): ConversationEvent => eventOf(seq, '', { type: 'erased', value: { user } });
