import type { Conversation } from '@parley/kernel';
import type { SliceQuota } from '@parley/lanes';
import type { ConversationRules, Relation, SpeakingRules, UserProfile } from '@parley/wire';
import type { ReceiptWishes } from './acts/receipt-wishes.js';
import type { SlowMode } from './slow-mode.js';
import { type Speaking, speakingOf } from './speaking.js';

/** What the router keeps of one conversation: the fold of its events. */
export interface ConversationState {
  /** {@link conversationKey} of it. */
  readonly key: string;
  readonly app: string;
  readonly conversation: Conversation;
  /** Newest seq given out; the commit may be under way. */
  headSeq: number;
  /** Newest seq that is committed. */
  committedSeq: number;
  /** How many of the events count as unread. */
  countable: number;
  membershipVersion: number;
  /** Dismissed or destroyed: nobody may write. */
  isClosed: boolean;
  /** Present in groups and rooms. */
  readonly members: Set<string>;
  /** Undefined where everybody may speak. */
  speaking: Speaking | undefined;
  /** Of two users: what they are to each other; undefined where they never were anything. */
  relation: Relation | undefined;
  /** Of a user with themselves: what they show; undefined where they never set anything. */
  profile: UserProfile | undefined;
  /** How messages are kept; undefined as in the app. */
  rules: ConversationRules | undefined;
  /** History must have come this far before it is asked about a message: what was done up to here is not remembered. */
  targetsFloorSeq: number;
  /** Made with the first message that wants receipts. */
  receiptWishes: ReceiptWishes | undefined;
  /** Made with the first message in slow mode. */
  slowMode: SlowMode | undefined;
  /** What is left of a room's rate; made with its first message. */
  quota: SliceQuota | undefined;
  /** No longer in memory: whoever still holds it must look it up again. */
  isEvicted: boolean;
  /** Timeline offset of the newest event; history must have come this far before the state may be loaded anew. */
  lastOffset: number;
}

export const conversationKey = (app: string, conversation: string): string => `${app}/${conversation}`;

/** One change of membership, as the timeline has it. */
export interface MembershipDelta {
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly version: number;
  readonly closed: boolean;
}

/**
 * Applies a change, and the rules of speaking that came with it, unless the state has it; answers whether it did.
 * Without rules those that hold stay; what is closed has none.
 */
export function applyMembership(state: ConversationState, delta: MembershipDelta, speaking?: SpeakingRules): boolean {
  if (delta.version <= state.membershipVersion) return false;
  state.membershipVersion = delta.version;
  for (const user of delta.left) state.members.delete(user);
  for (const user of delta.joined) state.members.add(user);
  if (delta.closed) state.members.clear();
  state.isClosed = delta.closed;
  if (speaking !== undefined || delta.closed) state.speaking = speakingOf(speaking);
  return true;
}

/** Whether the user is in the conversation now. */
export const isMember = ({ conversation, members }: ConversationState, user: string): boolean =>
  conversation.type === 'user' ? conversation.users.some((each) => each === user) : members.has(user);
