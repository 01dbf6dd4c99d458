import type { ConversationHead, ReceiptCount, UserProfile } from '@parley/wire';
import type { ParleyClientError } from './client-error.js';
import type { MessageContent, MessagePriority } from './content.js';
import type { GroupChangeDetails, GroupRequestInfo } from './groups/group-details.js';
import type { Mentions, MessageExtras } from './message-options.js';
import type { RelationInfo } from './people/relation-details.js';
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

/** What all events of a conversation have. */
interface ConversationStep {
  readonly conversation: string;
  /** Position in the conversation, dense from 1; 0 for what is not stored. */
  readonly seq: number;
  /** When the server accepted it, milliseconds since 1970 (UTC). */
  readonly timeMs: number;
}

/** What somebody did: who, and whether it was this user. */
interface Deed extends ConversationStep {
  /** Empty when the server or the application's back end did it. */
  readonly sender: string;
  readonly isOwn: boolean;
  readonly clientMsgId: string;
}

/** A message that was received, or an own one at the moment it was stored. */
export interface Message extends Deed, MessageExtras {
  readonly type: 'message';
  readonly messageId: string;
  readonly priority: MessagePriority;
  readonly content: MessageContent;
  /** Pages: what the message has become meanwhile; absent where nothing was done to it. */
  readonly details?: MessageDetails;
}

/** Something has its place here that this user does not see, or that is gone. */
export interface HiddenEvent extends ConversationStep {
  readonly type: 'hidden';
  readonly messageId: string;
  /** Whose it was; empty where that is not told. */
  readonly sender: string;
  /** Pages: why it is gone. */
  readonly details?: MessageDetails;
}

/** What a message has become. */
export interface MessageDetails {
  /** Seq of the newest event that it takes into account. */
  readonly version: number;
  /** Present when the message is gone. */
  readonly removed?: {
    readonly cause: RemovalCause;
    /** Empty for the server. */
    readonly by: string;
    readonly reason: string;
    readonly timeMs: number;
  };
  readonly edited?: { readonly by: string; readonly timeMs: number; readonly seq: number };
  /** In the order in which they first came. */
  readonly reactions: readonly Reaction[];
  /** Answers, of a message that began a thread. */
  readonly replyCount: number;
  readonly lastReplySeq: number;
  readonly pinned?: { readonly by: string; readonly timeMs: number };
}

export type RemovalCause = 'recalled' | 'deleted' | 'expired' | 'erased';

export interface Reaction {
  readonly reaction: string;
  readonly count: number;
  /** Up to ten of those who reacted last, newest first. */
  readonly recent: readonly string[];
  /** Whether this user is among them. */
  readonly isOwn: boolean;
}

/** Who came and went in a group or room. */
export interface Membership extends ConversationStep {
  readonly type: 'membership';
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

/** A message says something else now. */
export interface MessageEdited extends Deed {
  readonly type: 'messageEdited';
  readonly target: number;
  /** Absent in history once a later edit or a removal has overtaken it. */
  readonly content?: MessageContent;
  /** Present when they replace those of the message. */
  readonly mentions?: Mentions;
}

export interface MessageRecalled extends Deed {
  readonly type: 'messageRecalled';
  readonly target: number;
  readonly reason: string;
}

/** Messages were deleted for everybody. */
export interface MessageDeleted extends Deed {
  readonly type: 'messageDeleted';
  readonly targets: readonly number[];
}

/** One reaction more, or less. */
export interface ReactionsChanged extends Deed {
  readonly type: 'reactionsChanged';
  readonly target: number;
  readonly reaction: string;
  readonly isRemoved: boolean;
}

export interface PinsChanged extends Deed {
  readonly type: 'pinsChanged';
  readonly target: number;
  readonly isRemoved: boolean;
}

/** Everything that the user has said here up to this place is gone. */
export interface UserErased extends Deed {
  readonly type: 'userErased';
  readonly user: string;
}

/** How the conversation keeps what is said (`rules`), or the own view of it; each with what changed. */
export type ConversationChanged = Deed & { readonly type: 'conversationChanged' } & (
    | { readonly what: 'rules'; readonly destroyAfterMs: number; readonly retentionMs: number }
    /** Own cursors, moved by this device or another one; 0: that one stays. */
    | { readonly what: 'cursor'; readonly readSeq: number; readonly deliveredSeq: number; readonly countable: number }
    | { readonly what: 'settings'; readonly settings: SettingsPatch; readonly headSeq: number }
    /** Messages that the user has deleted for themselves. */
    | { readonly what: 'messagesHidden'; readonly targets: readonly number[] }
  );

/** Own settings of a conversation that changed; see `ConversationSettings`. */
export interface SettingsPatch {
  /** When it was pinned, milliseconds since 1970 (UTC); 0: not pinned. */
  readonly pinnedMs?: number;
  readonly mutedUntilMs?: number;
  readonly marks?: readonly number[];
  readonly draft?: string;
  /** Out of the list until something is said behind `headSeq`. */
  readonly isHidden?: boolean;
  readonly isMarkedUnread?: boolean;
  /** The own history begins behind it. */
  readonly clearedSeq?: number;
  readonly alias?: string;
}

/** Somebody has read, or got, messages. */
export type ReceiptChanged = ConversationStep & { readonly type: 'receiptChanged' } & (
    | { readonly what: 'cursor'; readonly user: string; readonly readSeq: number; readonly deliveredSeq: number }
    /** Groups: of own messages that wanted a receipt; counts of 0 mean that they have to be asked for. */
    | { readonly what: 'counts'; readonly receipts: readonly ReceiptCount[] }
  );

/** Somebody else writes, or has stopped to. */
export interface TypingChanged extends ConversationStep {
  readonly type: 'typing';
  readonly user: string;
  readonly isTyping: boolean;
}

/** Something about a group besides who is in it. */
export interface GroupChanged extends Deed {
  readonly type: 'groupChanged';
  readonly group: string;
  /** Of the group after the change. */
  readonly version: number;
  readonly change: GroupChangeDetails | undefined;
}

/** A wish to join, an invitation that waits for a yes, or an answer to one. */
export interface GroupRequestEvent extends ConversationStep {
  readonly type: 'groupRequest';
  readonly group: string;
  readonly request: GroupRequestInfo;
}

/** This user, or a friend, shows something else. */
export interface UserChanged extends ConversationStep {
  readonly type: 'userChanged';
  readonly profile: UserProfile;
}

/** What this user and another one are to each other. */
export interface RelationEvent extends ConversationStep {
  readonly type: 'relationChanged';
  readonly relation: RelationInfo;
}

/** An event of a kind that this version of the SDK does not know; it has its place in the order all the same. */
export interface UnknownEvent extends ConversationStep {
  readonly type: 'unknown';
}

/** Everything that happens in conversations; `type` is the name under which the client tells it. */
export type TimelineEvent =
  | Message
  | HiddenEvent
  | Membership
  | MessageEdited
  | MessageRecalled
  | MessageDeleted
  | ReactionsChanged
  | PinsChanged
  | UserErased
  | ConversationChanged
  | ReceiptChanged
  | TypingChanged
  | GroupChanged
  | GroupRequestEvent
  | UserChanged
  | RelationEvent
  | UnknownEvent;

/** The events of a conversation by their names. */
export type TimelineEvents = { [Type in TimelineEvent['type']]: Extract<TimelineEvent, { readonly type: Type }> };

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
export interface ClientEvents extends RoomEvents, TimelineEvents {
  connection: ConnectionStatus;
  /** All events of conversations in one stream: in the order of `seq`, those without one when they come. */
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
