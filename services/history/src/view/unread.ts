import type { MemberState, MentionMark } from '@parley/contracts/history-rows';
import { limits } from '@parley/kernel';
import type { HeldConversation } from '../rows/held-conversation.js';
import type { Entitlement } from './entitlement.js';
import { isRoom } from './kept-window.js';

/** What of a conversation a user has not read. */
export interface Unread {
  /** Countable messages since the user last read, wrote, joined or cleared; never below 0. */
  readonly count: number;
  /** Unread messages that name the user or everybody, newest first. */
  readonly mentions: readonly MentionMark[];
}

const nothing: Unread = { count: 0, mentions: [] };

/** Nothing is unread where the user is no member any more, where the conversation is closed, and in rooms. */
export function unreadOf({ row, details }: HeldConversation, { state, isMember }: Pick<Entitlement, 'state' | 'isMember'>): Unread {
  if (!isMember || row.closed || isRoom(row.conversation)) return nothing;
  const count = Math.max(0, row.countable - Math.max(state.floorCountable, details.keptCountable));
  const everyone = details.everyone.filter(({ seq }) => seq > state.floorSeq);
  if (everyone.length === 0) return { count, mentions: state.mentions };
  const own = state.mentions.filter(({ seq }) => !everyone.some((mark) => mark.seq === seq));
  return { count, mentions: [...own, ...everyone].sort((a, b) => b.seq - a.seq).slice(0, limits.mentionMarksMax) };
}

const isMuted = ({ settings }: MemberState, nowMs: number): boolean => (settings?.mutedUntilMs ?? 0) > nowMs;

/** What a conversation adds to the user's total: of a muted one only what names the user aloud. */
export function countedUnread(state: MemberState, { count, mentions }: Unread, nowMs: number): number {
  return isMuted(state, nowMs) ? Math.min(count, mentions.filter(({ isSilent }) => !isSilent).length) : count;
}

/** Hidden from the list until something new is said. */
export const isHidden = ({ settings }: MemberState, headSeq: number): boolean => {
  const hiddenSeq = settings?.hiddenSeq ?? 0;
  return hiddenSeq > 0 && headSeq <= hiddenSeq;
};
