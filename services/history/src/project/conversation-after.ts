import type { TimelineEntry } from '@parley/contracts/events';
import { emptyBytes, limits } from '@parley/kernel';
import type { ConversationRow } from '@parley/store';
import { type ConversationEvent, encodeSpeakingRules, type MembershipChange } from '@parley/wire';
import { isRoom } from '../view/kept-window.js';

/** The change of membership that an event carries; one without a version changes nothing. */
export function changeOf({ body }: ConversationEvent): MembershipChange | undefined {
  return body?.type === 'membership' && body.value.version > 0 ? body.value : undefined;
}

/** The version that a group, or the membership of a conversation, has after an event; 0 where it says none. */
function versionOf({ body }: ConversationEvent): number {
  return body?.type === 'membership' || body?.type === 'groupChange' ? body.value.version : 0;
}

/**
 * Whether a change is in the row already, and with it in the store: it is being replayed. A row stands for
 * everything up to some place in the timeline, and versions grow along it.
 */
export const isKnown = (row: ConversationRow, change: MembershipChange): boolean => change.version <= row.membershipVersion;

/** Whether what happened changes the conversation for everybody in it, and not one user's own view. */
function isToldToAll({ seq, conversation, body }: ConversationEvent): boolean {
  if (seq > 0) return true;
  switch (body?.type) {
    case 'cursor':
      return conversation.startsWith('u:');
    case 'settings':
    case 'hidden':
    case 'reported':
    case 'relation':
    case 'profile':
      return false;
    default:
      return true;
  }
}

/** How a conversation stands after an entry of the timeline; it never goes back, whatever is replayed. */
export function conversationAfter(row: ConversationRow, entry: TimelineEntry, event: ConversationEvent): ConversationRow {
  const { app, conversation } = row;
  const headSeq = Math.max(row.headSeq, event.seq);
  const change = changeOf(event);
  const version = versionOf(event);
  const isReplayed = version > 0 && version <= row.membershipVersion;
  const after = {
    app,
    conversation,
    headSeq,
    countable: Math.max(row.countable, entry.countable),
    updatedMs: isToldToAll(event) ? Math.max(row.updatedMs, event.timeMs) : row.updatedMs,
    membershipVersion: Math.max(row.membershipVersion, version),
    closed: change === undefined || isReplayed ? row.closed : change.closed,
    speaking: entry.speaking === undefined || isReplayed ? row.speaking : encodeSpeakingRules(entry.speaking),
    historyAccess: entry.historyAccess === 0 || isReplayed ? row.historyAccess : entry.historyAccess,
    keptFromSeq: row.keptFromSeq,
    details: row.details,
  };
  if (!isRoom(conversation)) return after;
  // Head and version go on for a room of the same name; it inherits nothing else.
  if (after.closed) return { ...after, speaking: emptyBytes, historyAccess: 0, keptFromSeq: headSeq + 1 };
  const oldest = headSeq - limits.roomHistoryEventsMax + 1;
  if (oldest > after.keptFromSeq) after.keptFromSeq = oldest;
  return after;
}
