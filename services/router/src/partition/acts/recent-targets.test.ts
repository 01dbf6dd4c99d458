import { describe, expect, it } from '@jest/globals';
import { createGetConversationResponse, createGetTargetResponse } from '@parley/contracts/history';
import type { ConversationEvent } from '@parley/wire';
import { emptyHistory } from '../../testing/router-fixture.js';
import type { ConversationState } from '../conversation-state.js';
import { Conversations } from '../conversations.js';
import { RecentTargets } from './recent-targets.js';

async function stateAt(headSeq: number): Promise<ConversationState> {
  const getConversation = async () => createGetConversationResponse({ exists: true, headSeq });
  return new Conversations({ ...emptyHistory, getConversation }, 10).load('app', 'u:ann|bob');
}

const recalled = (seq: number): ConversationEvent['body'] => ({ type: 'recalled', value: { seq, reason: '' } });
const viewer = { user: 'ann', reaction: '' };
const shown = createGetTargetResponse({ exists: true, sender: 'ann', kind: 'text' });

describe('what was decided of late', () => {
  it('raises the place that history must have come to when it is forgotten', async () => {
    const state = await stateAt(10);
    const targets = new RecentTargets(2);
    for (const seq of [11, 12, 13]) targets.fold(state, { seq, sender: 'ann', body: recalled(seq - 10) });
    expect(state.targetsFloorSeq).toBe(11);
    expect([1, 2, 3].map((seq) => targets.factsOf(state, seq, viewer, shown).isRemoved)).toEqual([false, true, true]);
  });

  it('does not when something newer is known of the same', async () => {
    const state = await stateAt(10);
    const targets = new RecentTargets(2);
    for (const seq of [11, 12, 13]) targets.fold(state, { seq, sender: 'ann', body: recalled(1) });
    expect(state.targetsFloorSeq).toBe(10);
  });

  it('asks about pins anew once a pinned message is gone', async () => {
    const targets = new RecentTargets(10);
    const floorAfter = async (isPinned: boolean): Promise<number> => {
      const state = await stateAt(10);
      const message = targets.factsOf(state, 1, viewer, createGetTargetResponse({ ...shown, isPinned }));
      targets.fold(state, { seq: 11, sender: 'ann', body: recalled(1) }, [message]);
      return state.targetsFloorSeq;
    };
    expect([await floorAfter(false), await floorAfter(true)]).toEqual([10, 11]);
  });

  it('does not count against answers that contain it', async () => {
    const state = await stateAt(10);
    const targets = new RecentTargets(10);
    const reaction = { seq: 1, reaction: '+', isRemoved: false };
    targets.fold(state, { seq: 11, sender: 'ann', body: { type: 'reaction', value: reaction } });
    const own = { user: 'ann', reaction: '+' };
    expect(targets.factsOf(state, 1, own, shown)).toMatchObject({ hasReacted: true, isKnownReaction: true });
    expect(targets.factsOf(state, 1, { ...own, user: 'bob' }, shown)).toMatchObject({ hasReacted: false, isKnownReaction: true });
    // Ann's words and reactions are erased: history is asked behind that.
    targets.fold(state, { seq: 12, sender: '', body: { type: 'erased', value: { user: 'ann' } } });
    expect(targets.factsOf(state, 1, own, shown)).toMatchObject({ hasReacted: false, isKnownReaction: false });
  });
});
