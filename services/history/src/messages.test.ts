import { describe, expect, it } from '@jest/globals';
import type { HistoryService } from '@parley/contracts/history';
import { foldEvents } from '@parley/fold';
import type { ServiceClient } from '@parley/rpc';
import { decodeContent, decodeConversationEvent, HistoryAccess, Removal } from '@parley/wire';
import { HistoryFixture } from './testing/history-fixture.js';

const app = 'app';
const pair = 'u:ann|bob';
const group = 'g:team';

type History = ServiceClient<typeof HistoryService>;

const caughtUp = (history: History) => history.listConversations({ app, user: 'nobody', isCurrent: true });

/** What an event says, or the name of what it is. */
function wordsOf(bytes: Uint8Array): string {
  const { body } = decodeConversationEvent(bytes);
  if (body?.type === 'edited') return `edited: ${textOf(body.value.content)}`;
  return body?.type === 'content' ? textOf(body.value) : (body?.type ?? '');
}

function textOf(content: Uint8Array): string {
  const { kind } = decodeContent(content);
  return kind?.type === 'text' ? kind.value.text : '';
}

async function read(history: History, conversation: string, viewer: string) {
  await caughtUp(history);
  const { events, states } = await history.queryHistory({ app, conversation, viewer });
  return { words: events.map(wordsOf), states };
}

const edit = (seq: number, text: string) => ({
  type: 'edited' as const,
  value: { seq, content: new Uint8Array([10, text.length + 2, 10, text.length, ...new TextEncoder().encode(text)]) },
});
const react = (seq: number, reaction: string, isRemoved = false) => ({
  type: 'reaction' as const,
  value: { seq, reaction, isRemoved },
});

describe('what messages become', () => {
  it('shows the words of the newest edit in the message and in that edit alone', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'one');
    await timeline.act(pair, 'ann', edit(1, 'two'));
    await timeline.act(pair, 'ann', edit(1, 'three'));
    const { words, states } = await read(history, pair, 'bob');
    expect(words).toEqual(['three', 'edited: ', 'edited: three']);
    expect(states).toMatchObject([{ seq: 1, version: 3, editSeq: 3, editedBy: 'ann' }]);
  });

  it('leaves nothing of a recalled message: words, edits, reactions, pin', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'one');
    await timeline.act(pair, 'ann', edit(1, 'two'));
    await timeline.act(pair, 'bob', react(1, 'x'));
    await timeline.act(pair, 'bob', { type: 'pin', value: { seq: 1 } });
    await timeline.act(pair, 'ann', { type: 'recalled', value: { seq: 1, reason: 'oops' } });
    const { words, states } = await read(history, pair, 'bob');
    expect(words).toEqual(['', 'edited: ', 'reaction', 'pin', 'recalled']);
    expect(states).toMatchObject([{ seq: 1, removal: Removal.RECALLED, removalReason: 'oops', reactions: [], pinnedMs: 0, editSeq: 0 }]);
    expect((await history.listPins({ app, conversation: pair, viewer: 'ann' })).pins).toEqual([]);
    expect((await history.listReactions({ app, conversation: pair, viewer: 'ann', seq: 1 })).reactions).toEqual([]);
    const stored = await timeline.store.events(app, pair, { from: 1, limit: 9, backwards: false });
    for (const { event } of stored) expect(Buffer.from(event).toString('latin1')).not.toMatch(/one|two/);
  });

  it('counts reactions, tells the own ones, and lists who reacted, newest first', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const seq = await timeline.message(group, 'ann', 'hi');
    await timeline.act(group, 'bob', react(seq, 'a/b'));
    await timeline.act(group, 'eve', react(seq, 'a/b'));
    await timeline.act(group, 'eve', react(seq, '👍'));
    await timeline.act(group, 'bob', react(seq, 'a/b', true));
    await timeline.act(group, 'bob', react(seq, '👍'));
    const { states } = await read(history, group, 'eve');
    expect(states[0]?.reactions).toEqual([
      { reaction: 'a/b', count: 1, recent: ['eve'] },
      { reaction: '👍', count: 2, recent: ['bob', 'eve'] },
    ]);
    expect(states[0]?.ownReactions.toSorted()).toEqual(['a/b', '👍'].toSorted());
    const list = { app, conversation: group, viewer: 'ann', seq, limit: 2 };
    const first = await history.listReactions(list);
    expect(first.reactions.map(({ user, reaction }) => [user, reaction])).toEqual([
      ['bob', '👍'],
      ['eve', '👍'],
    ]);
    const second = await history.listReactions({ ...list, page: first.nextPage });
    expect(second).toMatchObject({ reactions: [{ user: 'eve', reaction: 'a/b' }], nextPage: '' });
    expect((await history.listReactions({ ...list, reaction: 'a/b' })).reactions).toHaveLength(1);
  });

  it('lists a thread in its order, page by page', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'root');
    for (const word of ['a', 'b', 'c']) {
      await timeline.send(pair, 'bob', word, { reply: { seq: 1, rootSeq: 1, sender: 'ann' } });
      await timeline.message(pair, 'ann', `between ${word}`);
    }
    const { states } = await read(history, pair, 'bob');
    expect(states).toMatchObject([{ seq: 1, replyCount: 3, lastReplySeq: 6 }]);
    const list = { app, conversation: pair, viewer: 'ann', rootSeq: 1, limit: 2 };
    const first = await history.listReplies(list);
    expect([first.events.map(wordsOf), first.hasMore]).toEqual([['a', 'b'], true]);
    const second = await history.listReplies({ ...list, afterSeq: 4 });
    expect([second.events.map(wordsOf), second.hasMore]).toEqual([['c'], false]);
  });

  it('lists answers and pins as they stand at the place that the asker knows of, and says where that is', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'root');
    const asked = { app, conversation: pair, viewer: 'ann' };
    const early = history.listReplies({ ...asked, rootSeq: 1, atLeastSeq: 2 });
    await timeline.send(pair, 'bob', 'a', { reply: { seq: 1, rootSeq: 1, sender: 'ann' } });
    const { events, headSeq } = await early;
    expect([events.map(wordsOf), headSeq]).toEqual([['a'], 2]);
    const pinned = history.listPins({ ...asked, atLeastSeq: 3 });
    await timeline.act(pair, 'ann', { type: 'pin', value: { seq: 2 } });
    expect(await pinned).toMatchObject({ pins: [{ seq: 2 }], headSeq: 3 });
  });

  it('lets who has missed an answer count it although it is gone: recalled, or deleted by themselves', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'root');
    for (const word of ['a', 'b', 'c']) await timeline.send(pair, 'ann', word, { reply: { seq: 1, rootSeq: 1, sender: 'ann' } });
    await timeline.act(pair, 'ann', { type: 'recalled', value: { seq: 2, reason: '' } });
    await timeline.own(pair, 'bob', { type: 'hidden', value: { user: 'bob', seqs: [3] } });
    await caughtUp(history);
    const { events, states } = await history.queryHistory({ app, conversation: pair, viewer: 'bob' });
    expect(events.map(wordsOf)).toEqual(['root', '', '', 'c', 'recalled']);
    const missed = events.slice(1).map((event) => decodeConversationEvent(event));
    expect(foldEvents(undefined, 1, missed)).toEqual(states.find(({ seq }) => seq === 1));
  });

  it('keeps ten pins, newest first; the eleventh pushes the oldest out', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (let i = 1; i <= 11; i++) await timeline.message(pair, 'ann', `m${i}`);
    for (let seq = 1; seq <= 11; seq++) await timeline.act(pair, 'ann', { type: 'pin', value: { seq } });
    await timeline.act(pair, 'bob', { type: 'pin', value: { seq: 7, isRemoved: true } });
    const { states } = await read(history, pair, 'bob');
    const { pins, events } = await history.listPins({ app, conversation: pair, viewer: 'bob' });
    expect(pins.map(({ seq }) => seq)).toEqual([11, 10, 9, 8, 6, 5, 4, 3, 2]);
    expect(events.map(wordsOf)[0]).toBe('m11');
    expect(states.filter(({ pinnedMs }) => pinnedMs > 0).map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 8, 9, 10, 11]);
  });

  it('shows what is meant for some to them and the sender, and to others that there is something', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const seq = await timeline.send(group, 'ann', 'secret', { onlyTo: ['bob'] });
    await timeline.act(group, 'ann', edit(seq, 'other secret'));
    for (const viewer of ['ann', 'bob', '']) {
      expect((await read(history, group, viewer)).words).toEqual(['membership', 'other secret', 'edited: other secret']);
    }
    const others = await read(history, group, 'eve');
    expect(others).toEqual({ words: ['membership', '', ''], states: [] });
    const target = { app, conversation: group, seq };
    expect(await history.getTarget({ ...target, user: 'eve' })).toMatchObject({ exists: false });
    expect(await history.getTarget({ ...target, user: 'bob' })).toMatchObject({ exists: true, onlyTo: ['bob', 'ann'], kind: 'text' });
    const page = await history.queryHistory({ app, conversation: group, viewer: 'eve' });
    expect(decodeConversationEvent(page.events[1] ?? new Uint8Array())).toMatchObject({ seq, sender: '', messageId: '' });
  });

  it('shows what is done to a message for some to the same', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const seq = await timeline.send(group, 'ann', 'secret', { onlyTo: ['bob'] });
    await timeline.message(group, 'ann', 'for all');
    const some = ['bob', 'ann'];
    await timeline.actFor(some, group, 'bob', react(seq, 'x'));
    await timeline.actFor(some, group, 'ann', { type: 'recalled', value: { seq, reason: 'oops' } });
    expect((await read(history, group, 'bob')).words).toEqual(['membership', '', 'for all', 'reaction', 'recalled']);
    expect((await read(history, group, 'eve')).words).toEqual(['membership', '', 'for all', '', '']);
    const page = await history.queryHistory({ app, conversation: group, viewer: 'eve', fromSeq: seq + 2, limit: 1 });
    expect(page.events.map(decodeConversationEvent)).toMatchObject([{ seq: seq + 2, sender: '', options: undefined }]);
  });

  it('withholds what has expired from that moment on', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.send(pair, 'ann', 'soon gone', { expiresMs: timeline.nowMs + 1_000 });
    expect((await read(history, pair, 'bob')).words).toEqual(['soon gone']);
    timeline.nowMs += 1_000;
    const { words, states } = await read(history, pair, 'bob');
    expect(words).toEqual(['']);
    expect(states).toMatchObject([{ seq: 1, removal: Removal.EXPIRED }]);
    expect(await history.getTarget({ app, conversation: pair, seq: 1, user: 'bob' })).toMatchObject({ exists: true, isRemoved: true });
  });

  it('withholds from a user what they have deleted for themselves, and nothing from the other', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (const word of ['a', 'b', 'c']) await timeline.message(pair, 'ann', word);
    await timeline.own(pair, 'bob', { type: 'hidden', value: { user: 'bob', seqs: [2, 3] } });
    expect((await read(history, pair, 'bob')).words).toEqual(['a', '', '']);
    expect((await read(history, pair, 'ann')).words).toEqual(['a', 'b', 'c']);
    const seqs = [1, 2, 3];
    const bob = await history.getMessages({ app, conversation: pair, viewer: 'bob', seqs });
    expect(bob.events.map(wordsOf)).toEqual(['a']);
    const { conversation } = await history.getConversationSummary({ app, user: 'bob', conversation: pair });
    expect(wordsOf(conversation?.lastEvent ?? new Uint8Array())).toBe('a');
    expect(conversation?.hiddenMs).toBe(conversation?.updatedMs);
    expect((await history.getConversationSummary({ app, user: 'ann', conversation: pair })).conversation).toMatchObject({ hiddenMs: 0 });
  });

  it('shows a user only what follows what they have cleared', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (const word of ['a', 'b', 'c']) await timeline.message(pair, 'ann', word);
    await timeline.set(pair, 'bob', { type: 'cleared', value: { seq: 2 } });
    expect((await read(history, pair, 'bob')).words).toEqual(['c']);
    expect((await read(history, pair, 'ann')).words).toEqual(['a', 'b', 'c']);
    const { conversation } = await history.getConversationSummary({ app, user: 'bob', conversation: pair });
    expect(conversation).toMatchObject({ firstSeq: 3, unread: 1 });
  });

  it('shows members of a group that gives its past away everything, and who left what was said until then', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const open = { historyAccess: HistoryAccess.FROM_START };
    await timeline.act(group, '', { type: 'membership', value: { joined: ['ann'], version: 1 } }, open);
    await timeline.message(group, 'ann', 'early');
    await timeline.membership(group, { joined: ['bob'], version: 2 });
    await timeline.membership(group, { left: ['bob'], version: 3 });
    await timeline.message(group, 'ann', 'late');
    expect((await read(history, group, 'bob')).words).toEqual(['membership', 'early', 'membership', 'membership']);
  });

  it('pages around a seq', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (let i = 1; i <= 9; i++) await timeline.message(pair, 'ann', `m${i}`);
    await caughtUp(history);
    const ask = async (fromSeq: number, limit: number) => {
      const { events, hasMore } = await history.queryHistory({ app, conversation: pair, viewer: 'bob', fromSeq, limit, isAround: true });
      return [events.map((event) => decodeConversationEvent(event).seq), hasMore];
    };
    expect(await ask(5, 4)).toEqual([[3, 4, 5, 6], true]);
    expect(await ask(1, 4)).toEqual([[1, 2], true]);
    expect(await ask(9, 5)).toEqual([[7, 8, 9], false]);
  });

  it('tells a router what it must know of a target', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'root');
    await timeline.send(pair, 'bob', 'answer', { reply: { seq: 1, rootSeq: 1, sender: 'ann' } });
    await timeline.act(pair, 'ann', react(2, 'x'));
    await timeline.act(pair, 'ann', { type: 'pin', value: { seq: 2 } });
    const target = { app, conversation: pair, seq: 2, user: 'ann', atLeastSeq: 4 };
    const facts = { exists: true, sender: 'bob', rootSeq: 1, kind: 'text', isPinned: true, reactionKinds: 1, isRemoved: false };
    expect(await history.getTarget({ ...target, reaction: 'x' })).toMatchObject({ ...facts, hasReacted: true, isKnownReaction: true });
    expect(await history.getTarget({ ...target, reaction: 'y' })).toMatchObject({ ...facts, hasReacted: false, isKnownReaction: false });
    expect(await history.getTarget({ ...target, seq: 3 })).toMatchObject({ exists: false });
    expect(await history.getTarget({ ...target, user: 'eve' })).toMatchObject({ exists: false });
    for (const reaction of ['x'.repeat(33), 'é'.repeat(17), 'x\0']) {
      const wrong = { error: 'INVALID_ARGUMENT', detail: expect.stringContaining('reaction') };
      await expect(history.getTarget({ ...target, reaction })).rejects.toMatchObject(wrong);
      await expect(history.listReactions({ app, conversation: pair, seq: 2, reaction })).rejects.toMatchObject(wrong);
    }
  });

  it('counts readers of a group and names them to the sender alone', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const seq = await timeline.message(group, 'ann', 'read me');
    timeline.nowMs += 500;
    await timeline.read(group, 'bob', seq);
    const readMs = timeline.nowMs;
    await timeline.read(group, 'eve', 0, seq);
    await timeline.message(group, 'ann', 'more');
    timeline.nowMs += 500;
    await timeline.read(group, 'bob', seq + 1);
    await caughtUp(history);
    const { receipts } = await history.getReceipts({ app, conversation: group, viewer: 'ann', seqs: [seq, seq + 1] });
    expect(receipts).toEqual([
      { seq, readCount: 1, deliveredCount: 2, memberCount: 2 },
      { seq: seq + 1, readCount: 1, deliveredCount: 1, memberCount: 2 },
    ]);
    const list = { app, conversation: group, viewer: 'ann', seq };
    expect((await history.listReaders(list)).readers).toEqual([{ user: 'bob', readMs, isDelivered: true }]);
    expect((await history.listReaders({ ...list, isUnread: true })).readers).toEqual([{ user: 'eve', readMs: 0, isDelivered: true }]);
    await expect(history.listReaders({ ...list, viewer: 'bob' })).rejects.toMatchObject({ error: 'PERMISSION_DENIED' });
    timeline.rules = { ...timeline.rules, tellsReading: false };
    expect((await history.getReceipts({ ...list, seqs: [seq] })).receipts).toMatchObject([{ readCount: 0, deliveredCount: 2 }]);
    expect((await history.listReaders(list)).readers).toEqual([]);
  });

  it('counts nobody as a reader of what they came too late for', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const early = await timeline.message(group, 'ann', 'early');
    await timeline.membership(group, { left: ['eve'], version: 2 });
    await timeline.membership(group, { joined: ['cid', 'eve'], version: 3 });
    const late = await timeline.message(group, 'ann', 'late');
    for (const user of ['cid', 'eve']) await timeline.read(group, user, late);
    await caughtUp(history);
    const asked = { app, conversation: group, viewer: 'ann' };
    expect((await history.getReceipts({ ...asked, seqs: [early, late] })).receipts).toMatchObject([
      { seq: early, readCount: 1, memberCount: 2 },
      { seq: late, readCount: 2, memberCount: 3 },
    ]);
    const readersOf = async (seq: number) => (await history.listReaders({ ...asked, seq })).readers.map(({ user }) => user);
    expect([await readersOf(early), await readersOf(late)]).toEqual([['eve'], ['cid', 'eve']]);
    await timeline.act(group, '', { type: 'groupChange', value: { version: 4 } }, { historyAccess: HistoryAccess.FROM_START });
    await caughtUp(history);
    expect(await readersOf(early)).toEqual(['cid', 'eve']);
  });

  it('lists reports, newest first, with the message as it stands now', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'rude');
    await timeline.own(pair, 'bob', { type: 'reported', value: { seq: 1, reason: 'rude' } });
    timeline.nowMs += 1;
    await timeline.own(pair, 'bob', { type: 'reported', value: { seq: 1, reason: 'again' } });
    await timeline.act(pair, 'ann', edit(1, 'kind'));
    await caughtUp(history);
    const first = await history.listReports({ app, limit: 1 });
    expect(first.reports).toMatchObject([{ conversation: pair, seq: 1, reporter: 'bob', reason: 'again' }]);
    expect(wordsOf(first.reports[0]?.event ?? new Uint8Array())).toBe('kind');
    expect(await history.listReports({ app, limit: 1, page: first.nextPage })).toMatchObject({
      reports: [{ reason: 'rude' }],
      nextPage: '',
    });
  });

  it('withholds at once what an erased user has said, and keeps what a new user of that id says', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'secret');
    await timeline.message(pair, 'bob', 'answer');
    await timeline.act(pair, 'ann', edit(1, 'other'));
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await timeline.message(pair, 'ann', 'new');
    const { words, states } = await read(history, pair, 'bob');
    expect(words).toEqual(['', 'answer', 'edited: ', 'erased', 'new']);
    expect(states).toMatchObject([{ seq: 1, removal: Removal.ERASED }]);
    expect(await history.getConversation({ app, conversation: pair })).toMatchObject({ erased: ['ann'] });
  });
});
