import { limits } from '@parley/kernel';
import { decodeConversationEvent } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { HistoryReader } from '../ports.js';

export interface SlowConversation {
  readonly app: string;
  readonly conversation: string;
  readonly slowModeMs: number;
}

/**
 * Who has spoken last when in a conversation with slow mode, the longest ago first, by what history keeps of it: so that
 * slow mode goes on where the conversation is loaded anew. Of a lively one only the newest events are looked at.
 */
export async function spokenOfLate(
  history: Pick<HistoryReader, 'queryHistory'>,
  { app, conversation, slowModeMs }: SlowConversation,
): Promise<readonly (readonly [sender: string, timeMs: number])[]> {
  const spoken = new Map<string, number>();
  let newestMs = 0;
  let fromSeq = 0;
  for (let page = 0; page < routerLimits.slowModePagesMax; page++) {
    const { events, hasMore } = await history.queryHistory(
      { app, conversation, fromSeq, backwards: true, limit: limits.historyPageMax },
      { timeoutMs: routerLimits.loadWithinMs },
    );
    for (const event of events.map(decodeConversationEvent)) {
      const { seq, sender, timeMs, body } = event;
      newestMs ||= timeMs;
      if (timeMs <= newestMs - slowModeMs) return [...spoken].reverse();
      if (body?.type === 'content' && !spoken.has(sender)) spoken.set(sender, timeMs);
      fromSeq = seq - 1;
    }
    if (!hasMore || fromSeq === 0) break;
  }
  return [...spoken].reverse();
}
