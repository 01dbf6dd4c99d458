import type { ConversationHead } from '@parley/wire';
import type { ParleyClientError } from './client-error.js';
import type { MessageContent, MessagePriority } from './content.js';
import type { MembershipCauseName } from './room/room-details.js';
import type { RoomEvents } from './room/room-events.js';
import type { SendHandle } from './send-handle.js';

/** Where the client stands. */
export type ConnectionStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly attempt: number }
  /** `isComplete`: nothing was missed, no sync follows. */
  | { readonly state: 'online'; readonly user: string; readonly isResumed: boolean; readonly isComplete: boolean }
  | { readonly state: 'offline'; readonly retryInMs: number; readonly reason: ParleyClientError }
  /** For good; `error` is absent when `close` was called. */
  | { readonly state: 'closed'; readonly error?: ParleyClientError };

/** A message that was received, or an own one at the moment it was stored. */
export interface Message {
  readonly type: 'message';
  readonly conversation: string;
  /** Position in the conversation, dense from 1; 0 for commands and bullets. */
  readonly seq: number;
  readonly messageId: string;
  /** Empty when the server speaks. */
  readonly sender: string;
  readonly isOwn: boolean;
  /** When the server accepted it, milliseconds since 1970 (UTC). */
  readonly timeMs: number;
  readonly priority: MessagePriority;
  readonly clientMsgId: string;
  readonly content: MessageContent;
}

/** Who came and went in a group or room. */
export interface Membership {
  readonly type: 'membership';
  readonly conversation: string;
  readonly seq: number;
  readonly timeMs: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Who did it, when that is another user than those above. */
  readonly operator: string;
  /** Version of the membership after the change. */
  readonly version: number;
  /** The group was dismissed or the room destroyed. */
  readonly closed: boolean;
  /** Why those under `left` left, or why it was closed. */
  readonly cause: MembershipCauseName;
  /** After the change; 0 where it does not say. */
  readonly memberCount: number;
}

/** An event of a kind that this version of the SDK does not know; it has its place in the order all the same. */
export interface UnknownEvent {
  readonly type: 'unknown';
  readonly conversation: string;
  readonly seq: number;
  readonly timeMs: number;
}

export type TimelineEvent = Message | Membership | UnknownEvent;

/** Positions that were not delivered; `history` may have them, depending on the reason. */
export interface Gap {
  readonly conversation: string;
  readonly fromSeq: number;
  /** Included. */
  readonly toSeq: number;
  /**
   * `catch-up-limit`: fetch them with `history` when they are needed. `unavailable`: the server no longer has them
   * or does not show them. `refused`: the server refused to tell; see `error`.
   */
  readonly reason: 'catch-up-limit' | 'unavailable' | 'refused';
  readonly error?: ParleyClientError;
}

/** Everything a client reports. Per conversation, stored events come in the order of `seq`, each exactly once. */
export interface ClientEvents extends RoomEvents {
  connection: ConnectionStatus;
  message: Message;
  membership: Membership;
  /** Both of the above and unknown ones, in one stream. */
  event: TimelineEvent;
  /** A conversation that is new to this client or whose head has moved, as sync told. */
  conversation: ConversationHead;
  gap: Gap;
  /** History was rebuilt: forget what was shown; what follows starts over. */
  historyReset: { readonly epoch: string };
  /** A sync has ended and every conversation has been caught up. */
  caughtUp: { readonly conversations: number };
  /** A send changed its state. */
  send: SendHandle;
  tokenExpiring: { readonly expiresMs: number };
  /** The server ended the session; the client is closed. */
  kicked: { readonly code: number; readonly reason: string };
  /** A room that the user was in could not be entered again, or they were out without being told why. */
  roomLost: { readonly room: string; readonly error: ParleyClientError };
  /** Something failed in the background; the client goes on. */
  error: ParleyClientError;
}
