import { limits, partitionOf } from '@parley/kernel';
import type { ConversationRow, HistoryStore } from '@parley/store';
import { historyLimits } from '../limits.js';
import { firstSince } from '../view/kept-window.js';

/** A room while its events are projected. */
export interface RetiringRoom {
  row: ConversationRow;
  /** Newest seq that is in the store. */
  readonly storedHeadSeq: number;
  isAgeChecked: boolean;
}

/**
 * Raises what a room keeps above the events that are too old, about once an hour in which something
 * happens in it. Readers do not depend on it: it is what bounds the store where hardly anything is said.
 */
export async function retireOldEvents(store: HistoryStore, room: RetiringRoom, beforeMs: number): Promise<void> {
  const { row, storedHeadSeq } = room;
  const { retireEveryMs } = historyLimits;
  if (room.isAgeChecked || row.updatedMs <= beforeMs) return;
  // Each room has an hour of its own: thousands at once would hold up the projection.
  const phaseMs = partitionOf(row.app, row.conversation, retireEveryMs);
  if (Math.floor((row.updatedMs + phaseMs) / retireEveryMs) === Math.floor((beforeMs + phaseMs) / retireEveryMs)) return;
  room.isAgeChecked = true;
  const from = Math.max(1, row.keptFromSeq);
  if (from > storedHeadSeq) return;
  const found = await firstSince(store, row, { from, to: storedHeadSeq, sinceMs: row.updatedMs - limits.roomHistoryMs });
  const keptFromSeq = found?.seq ?? storedHeadSeq + 1;
  if (keptFromSeq > from) room.row = { ...row, keptFromSeq };
}
