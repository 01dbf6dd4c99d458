import { type Clock, limits, partitionOf } from '@parley/kernel';
import type { ConversationKey, ConversationRow, HistoryStore } from '@parley/store';
import { decodeConversationEvent } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import { historyLimits } from './limits.js';

/** Rooms keep, and show, less than other conversations. */
export const isRoom = (conversation: string): boolean => conversation.startsWith('r:');

/** What a room shows of its past: the newest events, as many and as old as the limits allow. */
export class RoomWindow {
  readonly #store: HistoryStore;
  readonly #clock: Clock;
  /** The first event that was young enough when somebody asked. */
  readonly #first = new LRUCache<string, FoundEvent>({ max: historyLimits.roomWindowsCached });

  constructor(store: HistoryStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** First seq that may be read; one more than the head when nothing may. */
  async firstSeqOf(row: ConversationRow): Promise<number> {
    const { app, conversation, headSeq, keptFromSeq } = row;
    const sinceMs = this.#clock.now() - limits.roomHistoryMs;
    const key = `${app}/${conversation}`;
    const known = this.#first.get(key);
    const from = Math.max(1, keptFromSeq, headSeq - limits.roomHistoryEventsMax + 1, known?.seq ?? 0);
    // Times grow with seqs: what follows a young event is young.
    if (from > headSeq || (known !== undefined && known.timeMs >= sinceMs)) return from;
    const found = await firstSince(this.#store, row, { from, to: headSeq, sinceMs });
    if (found === undefined) return headSeq + 1;
    this.#first.set(key, found);
    return found.seq;
  }
}

interface FoundEvent {
  readonly seq: number;
  readonly timeMs: number;
}

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

/** The first event of a range that is not older, found by halving; undefined when all are. Missing events are old ones. */
async function firstSince(
  store: HistoryStore,
  { app, conversation }: ConversationKey,
  { from, to, sinceMs }: { readonly from: number; readonly to: number; readonly sinceMs: number },
): Promise<FoundEvent | undefined> {
  let found: FoundEvent | undefined;
  let [low, high, probe] = [from, to, from];
  while (low <= high) {
    const [row] = await store.events(app, conversation, { from: probe, limit: 1, backwards: false });
    const timeMs = row?.seq === probe ? decodeConversationEvent(row.event).timeMs : 0;
    if (timeMs >= sinceMs) {
      found = { seq: probe, timeMs };
      high = probe - 1;
    } else {
      low = probe + 1;
    }
    probe = (low + high) >>> 1;
  }
  return found;
}
