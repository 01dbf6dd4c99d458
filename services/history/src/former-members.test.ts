import { describe, expect, it } from '@jest/globals';
import type { HistoryService } from '@parley/contracts/history';
import type { ServiceClient } from '@parley/rpc';
import { decodeContent, decodeConversationEvent, encodeContent, Removal } from '@parley/wire';
import { HistoryFixture } from './testing/history-fixture.js';

const app = 'app';
const group = 'g:team';

type History = ServiceClient<typeof HistoryService>;

function wordsOf(bytes: Uint8Array): string {
  const { body } = decodeConversationEvent(bytes);
  if (body?.type !== 'content') return body?.type ?? '';
  const { kind } = decodeContent(body.value);
  return kind?.type === 'text' ? kind.value.text : '';
}

async function read(history: History, viewer: string) {
  await history.listConversations({ app, user: 'nobody', isCurrent: true });
  const { events, states } = await history.queryHistory({ app, conversation: group, viewer });
  return { words: events.map(wordsOf), states };
}

const edit = (seq: number, text: string) =>
  ({ type: 'edited', value: { seq, content: encodeContent({ kind: { type: 'text', value: { text } } }) } }) as const;
const react = (seq: number, reaction: string, isRemoved = false) => ({ type: 'reaction', value: { seq, reaction, isRemoved } }) as const;

/** Bob has left; of messages 2 to 4 everything possible was done before and since. */
async function openLeft(timeline: HistoryFixture): Promise<History> {
  const history = await timeline.start();
  await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
  for (const text of ['kept', 'plain', 'regretted']) await timeline.message(group, 'bob', text);
  await timeline.act(group, 'bob', react(2, 'x'));
  await timeline.send(group, 'ann', 'answer', { reply: { seq: 2, rootSeq: 2 } });
  await timeline.membership(group, { left: ['bob'], version: 2, memberCount: 1 });
  await timeline.act(group, 'ann', edit(3, 'secret'));
  await timeline.act(group, 'ann', react(2, 'y'));
  await timeline.act(group, 'ann', react(2, 'x'));
  await timeline.send(group, 'ann', 'later', { reply: { seq: 2, rootSeq: 2 } });
  await timeline.act(group, 'ann', { type: 'pin', value: { seq: 2, isRemoved: false } });
  await timeline.act(group, 'ann', { type: 'recalled', value: { seq: 4, reason: 'for members' } });
  await timeline.read(group, 'ann', 4);
  return history;
}

describe('who has left a group', () => {
  it('learns nothing of what was done to messages since, but that some are gone', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await openLeft(timeline);
    const { words, states } = await read(history, 'bob');
    expect(words).toEqual(['membership', 'kept', '', '', 'reaction', 'answer', 'membership']);
    expect(states.map(({ seq }) => seq)).toEqual([2, 4]);
    expect(states[0]).toMatchObject({ replyCount: 1, lastReplySeq: 6, pinnedMs: 0, ownReactions: ['x'] });
    expect(states[0]?.reactions).toEqual([{ reaction: 'x', count: 1, recent: ['bob'] }]);
    expect(states[1]).toMatchObject({ removal: Removal.RECALLED, removedBy: '', removalReason: '' });
  });

  it('asks in vain who has reacted, read, pinned or said something since', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await openLeft(timeline);
    await read(history, 'bob');
    const asked = { app, conversation: group, viewer: 'bob' };
    const { reactions } = await history.listReactions({ ...asked, seq: 2 });
    expect(reactions.map(({ user, reaction }) => [user, reaction])).toEqual([['bob', 'x']]);
    expect((await history.listPins(asked)).pins).toEqual([]);
    expect((await history.getReceipts({ ...asked, seqs: [2] })).receipts).toEqual([]);
    await expect(history.listReaders({ ...asked, seq: 2 })).rejects.toMatchObject({ error: 'PERMISSION_DENIED' });
    const search = { text: 'secret', conversation: group };
    expect((await history.searchMessages({ app, viewer: 'bob', search })).events).toEqual([]);
    expect((await history.getMessages({ ...asked, seqs: [3] })).events).toEqual([]);
  });

  it('changes nothing for those who stay', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await openLeft(timeline);
    const { words, states } = await read(history, 'ann');
    expect(words.slice(1, 4)).toEqual(['kept', 'secret', '']);
    expect(states.find(({ seq }) => seq === 2)).toMatchObject({ replyCount: 2, reactions: [{ count: 2 }, { reaction: 'y' }] });
    expect((await history.listPins({ app, conversation: group, viewer: 'ann' })).pins).toMatchObject([{ seq: 2 }]);
    expect((await history.getReceipts({ app, conversation: group, viewer: 'ann', seqs: [2] })).receipts).toHaveLength(1);
  });
});

describe('who comes back to a group', () => {
  it('sees what was done meanwhile to what they have seen', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await openLeft(timeline);
    await timeline.membership(group, { joined: ['bob'], version: 3 });
    const { words, states } = await read(history, 'bob');
    expect(words.slice(1, 4)).toEqual(['kept', 'secret', '']);
    expect(states.find(({ seq }) => seq === 2)).toMatchObject({ replyCount: 2, reactions: [{ count: 2 }, { reaction: 'y' }] });
  });
});
