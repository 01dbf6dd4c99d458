import type { ConversationEvent } from '@parley/wire';

const none: readonly number[] = [];

/**
 * The seqs of the messages whose state an event touches: what an act names; the beginning of the thread that a message
 * answers in, also when it has lost its words; and the message itself where it carries an expiry, or is for some members only. Each seq once, and never one
 * above the event's: nothing is done to what is yet to be said. Empty for events without a seq, and for `erased`, which
 * touches whatever the user has said (see {@link foldErasure}).
 */
export function targetsOf(event: ConversationEvent): readonly number[] {
  const { body } = event;
  if (event.seq === 0) return none;
  switch (body?.type) {
    case undefined:
    case 'content':
      return event.options === undefined ? none : targetsOfMessage(event);
    case 'edited':
    case 'recalled':
    case 'reaction':
      return body.value.seq < event.seq ? [body.value.seq] : none;
    case 'pin':
      return [body.value.seq, body.value.evictedSeq].filter((seq, i, seqs) => seq > 0 && seq < event.seq && seqs.indexOf(seq) === i);
    case 'deleted':
      return [...new Set(body.value.seqs)].filter((seq) => seq < event.seq);
    default:
      return none;
  }
}

/** The beginning of the thread that a message answers in; 0 where it answers none. */
export function threadOf({ options }: ConversationEvent): number {
  const reply = options?.reply;
  if (reply === undefined) return 0;
  return reply.rootSeq === 0 ? reply.seq : reply.rootSeq;
}

function targetsOfMessage(event: ConversationEvent): readonly number[] {
  const thread = threadOf(event);
  const { expiresMs = 0, onlyTo = [] } = event.options ?? {};
  // An answer for some is not counted: the others could not, for they do not learn that it is one.
  const root = thread < event.seq && onlyTo.length === 0 ? thread : 0;
  if (expiresMs === 0 && onlyTo.length === 0) return root === 0 ? none : [root];
  return root === 0 ? [event.seq] : [root, event.seq];
}
