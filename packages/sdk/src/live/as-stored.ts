import { threadOf } from '@parley/fold';
import type { ConversationEvent } from '@parley/wire';
import type { EventDecoder, Told } from '../event-decoder.js';

export interface StoredContext {
  readonly decoder: EventDecoder;
  /** How long messages of the conversation stay, milliseconds; 0: for good. */
  readonly destroyAfterMs: number;
  /** A message that is held. */
  find(seq: number): ConversationEvent | undefined;
}

/**
 * An own message as the server has stored it. The acknowledgement does not say what the server adds: the thread of an
 * answer, and until when the message stays where the conversation says so. `isThreadKnown` is false where the message that is
 * answered is not held.
 */
export function asStored(told: Told, context: StoredContext): { readonly told: Told; readonly isThreadKnown: boolean } {
  const { event, source } = told;
  const known = { told, isThreadKnown: true };
  if (told.state !== undefined || (event.type !== 'message' && event.type !== 'hidden')) return known;
  const { options } = source;
  const reply = options?.reply;
  const isOpen = reply !== undefined && reply.rootSeq === 0;
  const isOwn = event.type === 'message' && event.isOwn;
  const isLasting = !isOwn || context.destroyAfterMs === 0 || (options?.expiresMs ?? 0) > 0;
  if (!isOpen && isLasting) return known;
  const found = isOpen ? context.find(reply.seq) : undefined;
  // A place without anything says nothing of its thread.
  const answered = found?.messageId === '' ? undefined : found;
  const thread = answered && { seq: answered.seq, rootSeq: threadOf(answered) || answered.seq, sender: answered.sender };
  const expiresMs = isLasting ? (options?.expiresMs ?? 0) : source.timeMs + context.destroyAfterMs;
  const completed = { ...plainOptions, ...options, expiresMs, reply: thread ?? reply };
  return { told: context.decoder.tell({ ...source, options: completed }), isThreadKnown: !isOpen || thread !== undefined };
}

const plainOptions = {
  ...{ reply: undefined, mentions: undefined, needsReceipt: false, noUnread: false, expiresMs: 0, onlyTo: [] },
  ...{ push: undefined, originalMs: 0, forwarded: undefined },
} as const;
