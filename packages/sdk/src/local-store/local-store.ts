import type { PendingSend } from '../outbox-store.js';

/** A conversation as it is kept: how it stands in the list, and which of its events are kept. */
export interface KeptConversation {
  readonly conversation: string;
  /** Encoded parley.event.v1.ConversationHead. */
  readonly head: Uint8Array;
  /** Last seq that was handed on; 0: none. */
  readonly lastSeq: number;
  /** Its events are kept from here up to `lastSeq`, without gaps; behind `lastSeq`: none are. */
  readonly fromSeq: number;
  /** Up to here the user has read without the server having confirmed it. */
  readonly untoldReadSeq?: number;
}

/** An event as it came. */
export interface KeptEvent {
  readonly seq: number;
  /** Encoded parley.event.v1.ConversationEvent. */
  readonly event: Uint8Array;
  /** Encoded parley.event.v1.MessageState: what the message had become, where the event came with a page. */
  readonly state?: Uint8Array;
}

/** An upload that has begun. */
export interface KeptUpload {
  /** Says which file for which conversation. */
  readonly key: string;
  readonly media: string;
  readonly uploadUrl: string;
  /** Milliseconds since 1970 (UTC). */
  readonly expiresMs: number;
  /** Bytes per request. */
  readonly chunkBytes: number;
}

/** An unanswered send with its place among the others. */
export interface KeptSend {
  /** Grows with every send. */
  readonly order: number;
  readonly send: PendingSend;
}

/** Everything that is kept but the events. */
export interface KeptView {
  /** Of the history that conversations and events belong to; empty: nothing is known. */
  readonly epoch: string;
  readonly cursor: string;
  readonly conversations: readonly KeptConversation[];
  /** By `order`. */
  readonly sends: readonly KeptSend[];
  readonly uploads: readonly KeptUpload[];
}

/** One thing to be written down. */
export type StoreChange =
  | { readonly type: 'sync'; readonly epoch: string; readonly cursor: string }
  | { readonly type: 'conversation'; readonly value: KeptConversation }
  /** The conversation and its events. */
  | { readonly type: 'forget'; readonly conversation: string }
  | { readonly type: 'event'; readonly conversation: string; readonly value: KeptEvent }
  /** Events below a seq. */
  | { readonly type: 'trim'; readonly conversation: string; readonly fromSeq: number }
  | { readonly type: 'send'; readonly value: KeptSend }
  | { readonly type: 'sent'; readonly clientMsgId: string }
  | { readonly type: 'upload'; readonly value: KeptUpload }
  | { readonly type: 'uploaded'; readonly key: string }
  /** History was rebuilt: everything goes but sends and uploads. */
  | { readonly type: 'reset' };

/** Seqs of one conversation, both included. */
export interface SeqRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/**
 * What a client keeps over a restart of the application: conversations, their newest events, unanswered sends. It
 * belongs to one user. Adapters keep what they are told and no more; the bounds are the client's.
 */
export interface LocalStore {
  /** Called first, once. What belongs to another user is deleted. Rejects when it cannot be used, or is in use. */
  open(user: string): Promise<KeptView>;
  /** Kept events of a conversation, by seq: what was written before the call is among them. */
  events(conversation: string, range: SeqRange): Promise<readonly KeptEvent[]>;
  /** Writes all of it or nothing, after what was written before. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** What was written is safe; the store may be opened again. */
  close(): Promise<void>;
}

/** Of a store in which nothing is kept. */
export const emptyView: KeptView = { epoch: '', cursor: '', conversations: [], sends: [], uploads: [] };
