import { type Clock, limits } from '@parley/kernel';
import type { ConversationKey, HistoryStore } from '@parley/store';
import type { RulesBook } from '@parley/domain';
import { decodeConversationEvent } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import { historyLimits } from '../limits.js';
import type { HeldConversation } from '../rows/held-conversation.js';

/** Rooms keep, and show, less than other conversations. */
export const isRoom = (conversation: string): boolean => conversation.startsWith('r:');

export interface KeptWindowDeps {
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly rules: RulesBook;
}

/**
 * What a conversation shows of its past: rooms the newest events, as many and as old as the limits allow; others what
 * is not older than the conversation's retention, or the app's.
 */
export class KeptWindow {
  readonly #deps: KeptWindowDeps;
  /** The first event that was young enough when somebody asked. */
  readonly #first = new LRUCache<string, FoundEvent>({ max: historyLimits.windowsCached });

  constructor(deps: KeptWindowDeps) {
    this.#deps = deps;
  }

  /** First seq that may be read; one more than the head when nothing may. */
  async firstSeqOf(held: HeldConversation): Promise<number> {
    const { row, details } = held;
    const { app, conversation, headSeq, keptFromSeq } = row;
    const sinceMs = this.sinceMsOf(held);
    const oldest = isRoom(conversation) ? headSeq - limits.roomHistoryEventsMax + 1 : 0;
    const start = Math.max(1, keptFromSeq, oldest);
    // Times grow with seqs: what follows a young event is young.
    if (start > headSeq || (!isRoom(conversation) && details.firstMs >= sinceMs)) return start;
    const key = `${app}/${conversation}`;
    const known = this.#first.get(key);
    const from = Math.max(start, known?.seq ?? 0);
    if (from > headSeq || (known !== undefined && known.timeMs >= sinceMs)) return from;
    const found = await firstSince(this.#deps.store, row, { from, to: headSeq, sinceMs });
    if (found === undefined) return headSeq + 1;
    this.#first.set(key, found);
    return found.seq;
  }

  /** Events from before are gone, or about to go; milliseconds since 1970 (UTC). */
  sinceMsOf({ row, details }: HeldConversation): number {
    const { clock, rules } = this.#deps;
    const retentionMs = isRoom(row.conversation)
      ? limits.roomHistoryMs
      : (details.rules?.retentionMs ?? 0) || rules.rulesOf(row.app).retentionMs;
    return retentionMs === 0 ? 0 : clock.now() - retentionMs;
  }
}

interface FoundEvent {
  readonly seq: number;
  readonly timeMs: number;
}

/** The first event of a range that is not older, found by halving; undefined when all are. Missing events are old ones. */
export async function firstSince(
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
