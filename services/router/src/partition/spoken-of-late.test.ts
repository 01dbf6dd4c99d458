import { describe, expect, it } from '@jest/globals';
import { createQueryHistoryResponse } from '@parley/contracts/history';
import { encodeConversationEvent } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { HistoryReader } from '../ports.js';
import { spokenOfLate } from './spoken-of-late.js';

const slow = { app: 'app', conversation: 'g:team', slowModeMs: 60_000 };

/** History of a conversation in which something is said every so many milliseconds, by senders in turn. */
function historyOf(count: number, everyMs: number, senders: readonly string[]) {
  let pages = 0;
  const queryHistory: HistoryReader['queryHistory'] = async ({ fromSeq = 0, limit = 0 }) => {
    pages++;
    const newest = fromSeq === 0 ? count : fromSeq;
    const seqs = Array.from({ length: Math.min(limit, newest) }, (_, i) => newest - i);
    const events = seqs.map((seq) =>
      encodeConversationEvent({
        ...{ conversation: slow.conversation, seq, timeMs: seq * everyMs, sender: senders[seq % senders.length] ?? '' },
        body: { type: 'content', value: new Uint8Array(0) },
      }),
    );
    return createQueryHistoryResponse({ events, hasMore: newest > limit });
  };
  return { queryHistory, pages: () => pages };
}

describe('who has spoken of late', () => {
  it('is known with the last time, the longest ago first, as far as slow mode reaches back', async () => {
    const history = historyOf(10, 20_000, ['ann', 'bob', 'cid', 'dan']);
    expect(await spokenOfLate(history, slow)).toEqual([
      ['ann', 160_000],
      ['bob', 180_000],
      ['cid', 200_000],
    ]);
    expect(await spokenOfLate(historyOf(0, 1, []), slow)).toEqual([]);
  });

  it('is looked for page by page, but not for ever', async () => {
    const all = historyOf(250, 1, ['ann']);
    expect(await spokenOfLate(all, slow)).toEqual([['ann', 250]]);
    expect(all.pages()).toBe(3);
    const lively = historyOf(100_000, 1, ['ann', 'bob']);
    expect(await spokenOfLate(lively, { ...slow, slowModeMs: 1_000_000 })).toHaveLength(2);
    expect(lively.pages()).toBe(routerLimits.slowModePagesMax);
  });
});
