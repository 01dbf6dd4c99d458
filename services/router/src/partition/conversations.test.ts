import { describe, expect, it } from '@jest/globals';
import { createGetConversationResponse } from '@parley/contracts/history';
import { emptyHistory } from '../testing/router-fixture.js';
import { Conversations } from './conversations.js';

describe('a conversation that was dropped from memory', () => {
  it.each([
    ['what was written', 7, 5, 8],
    ['what is being written', 7, 6, 21],
  ])('is read again once history knows %s', async (_, lastOffset, headSeq, atLeast) => {
    const asked: number[] = [];
    const getConversation = async ({ atLeastOffset = 0 }) => {
      asked.push(atLeastOffset);
      return createGetConversationResponse({ exists: true, headSeq: 5 });
    };
    const conversations = new Conversations({ ...emptyHistory, getConversation }, 1, () => 20);
    Object.assign(await conversations.load('app', 'g:first'), { lastOffset, headSeq });
    await conversations.load('app', 'g:second');
    await conversations.load('app', 'g:first');
    expect(asked).toEqual([0, 0, atLeast]);
  });
});
