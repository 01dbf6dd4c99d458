import { describe, expect, it } from '@jest/globals';
import { createTimelineEntry, type TimelineEntryInit } from '@parley/contracts/events';
import { createConversationEvent, decodeSpeakingRules, encodeSpeakingRules } from '@parley/wire';
import { emptyConversation } from '../rows/held-conversation.js';
import { conversationAfter } from './conversation-after.js';

const muted = (allMutedUntilMs: number) => ({ speaking: { allMutedUntilMs } });
const changed = (seq: number, version: number, rules: TimelineEntryInit = {}) =>
  [
    createTimelineEntry(rules),
    createConversationEvent({ conversation: 'g:team', seq, body: { type: 'groupChange', value: { version } } }),
  ] as const;

describe('a conversation after a change of its group', () => {
  it('has the version of the group, so that a repeated change is known', () => {
    const before = { ...emptyConversation('app', 'g:team'), membershipVersion: 3 };
    expect(conversationAfter(before, ...changed(1, 4)).membershipVersion).toBe(4);
  });

  it('keeps newer rules of speaking when an older change is projected again', () => {
    const before = { ...emptyConversation('app', 'g:team'), membershipVersion: 5, speaking: encodeSpeakingRules({ allMutedUntilMs: 5 }) };
    const replayed = conversationAfter(before, ...changed(1, 4, muted(4)));
    expect(decodeSpeakingRules(replayed.speaking).allMutedUntilMs).toBe(5);
    const next = conversationAfter(before, ...changed(2, 6, muted(6)));
    expect(decodeSpeakingRules(next.speaking).allMutedUntilMs).toBe(6);
  });
});
