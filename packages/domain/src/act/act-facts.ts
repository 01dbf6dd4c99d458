import type { Conversation } from '@parley/kernel';
import type { Act, ConversationEvent, ConversationRules, Relation, UserProfile } from '@parley/wire';

/** What kind of thing an act is. */
export type ActType = NonNullable<Act['kind']>['type'];

/** One kind of act, with what it says. */
export type ActOf<Type extends ActType> = Extract<Act['kind'], { readonly type: Type }>['value'];

/** Somebody wants to do something, at the router. */
export interface ActRequest {
  /** Empty when the back end speaks for nobody. */
  readonly sender: string;
  /** The back end: neither membership nor times nor ownership bind it. */
  readonly isPrivileged: boolean;
  readonly act: Act;
  readonly timeMs: number;
}

/** What a decision about an act looks at. Facts that its kind does not ask for may be absent. */
export interface ActFacts {
  readonly conversation: Conversation;
  /** The sender is in the conversation now. */
  readonly isMember: boolean;
  /** Groups: the sender was in it once; then `headSeq` is where they left. Asked for those alone who are no members. */
  readonly wasMember?: boolean;
  /** Groups: the sender is owner or admin; rooms: owner or moderator. */
  readonly isModerator: boolean;
  /** Groups: the sender may pin. */
  readonly canPin: boolean;
  /** The sender may not speak now: neither edit nor be seen typing. */
  readonly isMuted?: boolean;
  readonly headSeq: number;
  /** Countable messages up to the head; 0: not known. */
  readonly countable?: number;
  readonly memberCount: number;
  /** Of the message that the act names; absent where there is none that the sender may see. */
  readonly target?: TargetFacts | undefined;
  /** `delete`: those of the named messages that there are; where absent all of them are taken. */
  readonly targets?: readonly TargetFacts[] | undefined;
  /** Conversations of two: what the two are to each other. */
  readonly relation?: Relation | undefined;
  /** Conversations of a user with themselves. */
  readonly profile?: UserProfile | undefined;
  /** As the conversation has them now. */
  readonly rules?: ConversationRules | undefined;
  /** Where the sender's cursor stands, if that is known. */
  readonly cursor?: { readonly readSeq: number; readonly deliveredSeq: number } | undefined;
}

/** A message that an act is about, as it is now. */
export interface TargetFacts {
  readonly seq: number;
  readonly sender: string;
  readonly timeMs: number;
  /** Of the content; empty for what is no message. */
  readonly kind: string;
  /** Recalled, deleted, expired or erased. */
  readonly isRemoved: boolean;
  /** The sender of the act has reacted with the reaction that it names. */
  readonly hasReacted: boolean;
  readonly isPinned: boolean;
  /** How many different reactions it has. */
  readonly reactionKinds: number;
  /** Somebody has reacted with the reaction that the act names; absent: not known, then it counts as a new one. */
  readonly isKnownReaction?: boolean;
  /** Beginning of the thread that it belongs to; 0 where it answers nothing. */
  readonly rootSeq: number;
  /** 0: stays. */
  readonly expiresMs: number;
  /** Who sees it besides its sender; empty: all. */
  readonly onlyTo: readonly string[];
  /** The message that one more pin of the conversation pushes out; absent or 0: there is room. */
  readonly evictedPinSeq?: number;
}

/** What becomes of an act that is not refused. */
export type ActDecision =
  | {
      readonly type: 'event';
      readonly body: ConversationEvent['body'];
      /** Takes a seq; otherwise the event lies in the timeline with seq 0. */
      readonly isStored: boolean;
      /** What the two are to each other from here on. Each of them is told their own view, see `relationViewOf`. */
      readonly relation?: Relation;
      /** What the user shows from here on. */
      readonly profile?: UserProfile;
      /** How the conversation keeps messages from here on. */
      readonly rules?: ConversationRules;
    }
  /** It is so already: nothing to write, nothing to tell. */
  | { readonly type: 'none' }
  /** For those who look at the conversation now; nothing is kept. */
  | { readonly type: 'pass-on'; readonly body: ConversationEvent['body'] };
