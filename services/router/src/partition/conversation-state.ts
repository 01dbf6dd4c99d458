import type { Conversation } from '@parley/kernel';

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

/** Applies a change unless the state has it; answers whether it did. */
export function applyMembership(state: ConversationState, delta: MembershipDelta): boolean {
  if (delta.version <= state.membershipVersion) return false;
  state.membershipVersion = delta.version;
  for (const user of delta.left) state.members.delete(user);
  for (const user of delta.joined) state.members.add(user);
  if (delta.closed) state.members.clear();
  state.isClosed = delta.closed;
  return true;
}
