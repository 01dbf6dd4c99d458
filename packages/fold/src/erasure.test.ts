import { describe, expect, it } from '@jest/globals';
import { createMessageState, Removal } from '@parley/wire';
import { erasePins, foldErasure } from './erasure.js';
import { foldEvents } from './fold-message.js';
import { edited, erased, reacted, recalled } from './testing/events.js';

const erasure = erased(50, 'ann');
const own = { seq: 1, sender: 'ann' };
const others = { seq: 1, sender: 'bob' };

describe('an erasure', () => {
  it('removes what the user said before it', () => {
    const gone = createMessageState({ seq: 1, version: 50, removal: Removal.ERASED, removedMs: 1_050 });
    expect(foldErasure(undefined, own, erasure)).toEqual(gone);
    expect(foldErasure(foldEvents(undefined, 1, [edited(2, 'ann', 1, ['bob']), reacted(3, 'bob', 1)]), own, erasure)).toEqual(gone);
  });

  it('leaves alone what others said, and what a new user of that id says after it', () => {
    expect(foldErasure(undefined, others, erasure)).toBeUndefined();
    expect(foldErasure(undefined, { seq: 51, sender: 'ann' }, erasure)).toBeUndefined();
    const state = foldEvents(undefined, 1, [reacted(2, 'cid', 1)]);
    expect(foldErasure(state, others, erasure)).toBe(state);
  });

  it('takes the reactions of the user from what others said', () => {
    const state = foldEvents(undefined, 1, [reacted(2, 'ann', 1, '+'), reacted(3, 'cid', 1, '+'), reacted(4, 'ann', 1, '-')]);
    const left = [{ reaction: '+', count: 1, recent: ['cid'] }];
    expect(foldErasure(state, others, erasure)).toMatchObject({ version: 50, reactions: left });
    expect(foldErasure(state, { ...others, reactions: ['+', '-'] }, erasure)).toMatchObject({ version: 50, reactions: left });
  });

  it('leaves nothing of the words of an earlier removal', () => {
    const recall = foldEvents(undefined, 1, [recalled(2, 'ann', 1)]);
    expect(foldErasure(recall, own, erasure)).toMatchObject({ version: 50, removal: Removal.RECALLED, removalReason: '' });
  });

  it('happens once', () => {
    const state = foldErasure(undefined, own, erasure);
    expect(foldErasure(state, own, erasure)).toBe(state);
    expect(foldErasure(state, own, reacted(60, 'bob', 1))).toBe(state);
  });

  it('takes the pins of what the user said before it', () => {
    const pins = [60, 4, 3].map((seq) => ({ seq, pinnedMs: 1, pinnedBy: 'bob' }));
    const senders = new Map([
      [60, 'ann'],
      [4, 'ann'],
      [3, 'bob'],
    ]);
    expect(erasePins(pins, erasure, (seq) => senders.get(seq)).map(({ seq }) => seq)).toEqual([60, 3]);
    expect(erasePins(pins, erasure, () => undefined)).toBe(pins);
    expect(erasePins(pins, reacted(70, 'ann', 3), () => 'ann')).toBe(pins);
  });
});
