import type { MessageOptions, MessageOptionsInit, PushOptionsInit } from '@parley/wire';

/** The message that another one answers. */
export interface ReplyTo {
  readonly seq: number;
  /** Of the message that began the thread; 0 where this client does not know it yet. */
  readonly rootSeq: number;
  /** Who wrote the message that is answered; empty where this client does not know it yet. */
  readonly sender: string;
}

/** Whom a message names. */
export interface Mentions {
  readonly users: readonly string[];
  readonly isEveryone: boolean;
  /** Marks the conversation of those named without piercing their muting of it. */
  readonly isSilent: boolean;
}

/** What goes with a message besides its content; what is absent does not apply. */
export interface MessageExtras {
  readonly replyTo?: ReplyTo;
  readonly mentions?: Mentions;
  /** The sender wants to know who has read it. */
  readonly needsReceipt?: boolean;
  /** Does not count as unread. */
  readonly noUnread?: boolean;
  /** Gone from then on, milliseconds since 1970 (UTC). */
  readonly expiresMs?: number;
  /** Only these members see it. */
  readonly onlyTo?: readonly string[];
  /** Imported messages: when it was said first, milliseconds since 1970 (UTC). */
  readonly originalMs?: number;
  /** Who said it first, and when. */
  readonly forwarded?: { readonly sender: string; readonly timeMs: number };
  readonly push?: PushOptionsInit;
}

/** What `send` takes of it. */
export interface MessageExtrasInit {
  /** The message that is answered: its seq, or the message itself, then its thread is known at once. */
  readonly replyTo?: number | { readonly seq: number; readonly sender: string; readonly replyTo?: ReplyTo };
  /** Users, at most 50, or everybody. */
  readonly mentions?: Partial<Mentions>;
  readonly needsReceipt?: boolean;
  readonly noUnread?: boolean;
  /** Gone so long after it was stored, 1 second to 365 days. */
  readonly expiresAfterMs?: number;
  /** Who said it first; `forward` sets it. */
  readonly forwarded?: { readonly sender: string; readonly timeMs: number };
  /** For notifications of those who are not there. */
  readonly push?: PushOptionsInit;
}

/** For a frame; undefined when nothing is said. */
export function optionsToWire(extras: MessageExtrasInit): MessageOptionsInit | undefined {
  const { replyTo, mentions, needsReceipt, noUnread, forwarded, push } = extras;
  const isPlain = [replyTo, mentions, needsReceipt, noUnread, forwarded, push].every((extra) => extra === undefined || extra === false);
  return isPlain ? undefined : { reply: replyOf(replyTo), mentions, needsReceipt, noUnread, forwarded, push };
}

function replyOf(to: MessageExtrasInit['replyTo']): MessageOptionsInit['reply'] {
  if (to === undefined || typeof to === 'number') return to === undefined ? undefined : { seq: to };
  return { seq: to.seq, rootSeq: to.replyTo?.rootSeq ?? to.seq, sender: to.sender };
}

/** From a frame: only what is set. */
export function extrasOf(options: MessageOptions | undefined): MessageExtras {
  if (options === undefined) return {};
  const { reply, mentions, needsReceipt, noUnread, expiresMs, onlyTo, push, originalMs, forwarded } = options;
  return {
    ...(reply && { replyTo: reply }),
    ...(mentions && { mentions }),
    ...(needsReceipt && { needsReceipt }),
    ...(noUnread && { noUnread }),
    ...(expiresMs > 0 && { expiresMs }),
    ...(onlyTo.length > 0 && { onlyTo }),
    ...(originalMs > 0 && { originalMs }),
    ...(forwarded && { forwarded }),
    ...(push && { push }),
  };
}
