import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import type { ConversationEvent, Pin } from '@parley/wire';
import { foldMessage } from './fold-message.js';
import { evictedBy, foldEviction, foldPins } from './fold-pins.js';
import { targetsOf } from './targets-of.js';
import { deleted, eventOf, pinned, reacted, recalled } from './testing/events.js';

const pinsAfter = (...events: ConversationEvent[]): readonly Pin[] => events.reduce(foldPins, [] as readonly Pin[]);
const seqsOf = (pins: readonly Pin[]): readonly number[] => pins.map(({ seq }) => seq);

/** Messages 1 to 10 are pinned. */
const full = Array.from({ length: limits.pinsMax }, (_, i) => pinned(100 + i, 'ann', i + 1));

describe('pins', () => {
  it('stand newest first and say who pinned when', () => {
    expect(pinsAfter(pinned(10, 'ann', 3), pinned(11, 'bob', 2))).toEqual([
      { seq: 2, pinnedMs: 1_011, pinnedBy: 'bob' },
      { seq: 3, pinnedMs: 1_010, pinnedBy: 'ann' },
    ]);
  });

  it('go with their message, or when they are taken back', () => {
    const pins = pinsAfter(pinned(10, 'ann', 3), pinned(11, 'bob', 2), pinned(12, 'ann', 5), pinned(13, 'ann', 6));
    expect(seqsOf(foldPins(pins, pinned(14, 'bob', 3, true)))).toEqual([6, 5, 2]);
    expect(seqsOf(foldPins(pins, recalled(14, 'bob', 5)))).toEqual([6, 2, 3]);
    expect(seqsOf(foldPins(pins, deleted(14, 'bob', 6, 2)))).toEqual([5, 3]);
  });

  it('stay the same list where nothing changes', () => {
    const pins = pinsAfter(pinned(10, 'ann', 3));
    for (const event of [pinned(10, 'ann', 3), pinned(12, 'bob', 9, true), recalled(13, 'bob', 9), reacted(14, 'bob', 3)]) {
      expect(foldPins(pins, event)).toBe(pins);
    }
  });

  it('push the oldest out when there is one too many', () => {
    const pins = pinsAfter(...full);
    const one = pinned(120, 'bob', 20);
    expect(evictedBy(pins, one)).toBe(1);
    expect(seqsOf(foldPins(pins, one))).toEqual([20, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    expect([evictedBy(pins.slice(1), one), evictedBy(pins, pinned(120, 'bob', 4)), evictedBy(pins, recalled(120, 'bob', 4))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('push out the message that their event names, in its state as well', () => {
    const one = eventOf(120, 'bob', { type: 'pin', value: { seq: 20, evictedSeq: 3 } });
    const pins = pinsAfter(...full);
    expect([seqsOf(foldPins(pins, one)), evictedBy(pins, one)]).toEqual([[20, 10, 9, 8, 7, 6, 5, 4, 2, 1], 3]);
    expect(targetsOf(one)).toEqual([20, 3]);
    const third = foldMessage(undefined, 3, pinned(102, 'ann', 3));
    expect(foldMessage(third, 3, one)).toEqual({ ...third, version: 120, pinnedMs: 0, pinnedBy: '' });
  });

  it('leave the message that was pushed out unpinned', () => {
    const first = foldMessage(undefined, 1, pinned(100, 'ann', 1));
    const state = foldEviction(first, 1, pinned(120, 'bob', 20));
    expect(state).toEqual({ ...first, version: 120, pinnedMs: 0, pinnedBy: '' });
    expect(foldEviction(state, 1, pinned(110, 'bob', 20))).toBe(state);
  });
});
