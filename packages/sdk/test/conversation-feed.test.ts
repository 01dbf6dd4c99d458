import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConversationFeed, type SkippedRange } from '../src/conversation-feed.js';
import type { TimelineEvent } from '../src/events.js';
import { upTo } from './world.js';

const event = (seq: number): TimelineEvent => ({ type: 'unknown', conversation: 'g:x', seq, timeMs: 0 });

function makeFeed(heldMax = 100): { feed: ConversationFeed<TimelineEvent>; seqs: number[] } {
  const seqs: number[] = [];
  return { feed: new ConversationFeed<TimelineEvent>('g:x', heldMax, ({ seq }) => seqs.push(seq)), seqs };
}

describe('a conversation feed', () => {
  it('hands on every seq once and in order, whatever the order and number of arrivals', () => {
    const arrivals = fc
      .integer({ min: 1, max: 60 })
      .chain((n) =>
        fc.tuple(
          fc.constant(n),
          fc.shuffledSubarray(upTo(n), { minLength: n, maxLength: n }),
          fc.array(fc.integer({ min: 1, max: n })),
          fc.integer({ min: 0, max: n }),
        ),
      );
    fc.assert(
      fc.property(arrivals, ([n, order, again, startAt]) => {
        const { feed, seqs } = makeFeed();
        [...order, ...again].forEach((seq, index) => {
          if (index === startAt) feed.startAfter(0);
          feed.offer(event(seq));
        });
        feed.startAfter(0);
        expect(seqs).toEqual(upTo(n));
        expect(feed.missing).toBeUndefined();
      }),
    );
  });

  it('keeps only so many early events and asks for the rest', () => {
    const { feed, seqs } = makeFeed(3);
    feed.startAfter(0);
    for (const seq of upTo(10, 2)) feed.offer(event(seq));
    feed.offer(event(1));
    expect(seqs).toEqual([1, 2, 3, 4]);
    expect(feed.missing).toEqual({ fromSeq: 5, headSeq: 10 });
  });

  it('merges a page with what it held and names what neither has, in place', () => {
    const order: (number | SkippedRange)[] = [];
    const feed = new ConversationFeed('g:x', 100, ({ seq }) => order.push(seq));
    feed.startAfter(0);
    for (const seq of [4, 9, 12]) feed.offer(event(seq));
    feed.fill([event(2), event(6)], 10, (range) => order.push(range));
    expect(order).toEqual([
      { fromSeq: 1, toSeq: 1 },
      2,
      { fromSeq: 3, toSeq: 3 },
      4,
      { fromSeq: 5, toSeq: 5 },
      6,
      { fromSeq: 7, toSeq: 8 },
      9,
      { fromSeq: 10, toSeq: 10 },
    ]);
    expect(feed.missing).toEqual({ fromSeq: 11, headSeq: 12 });
  });
});
