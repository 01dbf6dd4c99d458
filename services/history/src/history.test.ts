import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { decodeConversationEvent } from '@parley/wire';
import { HistoryFixture } from './testing/history-fixture.js';

const pair = 'u:ann|bob';
const group = 'g:team';

const seqsOf = (events: readonly Uint8Array[]): number[] => events.map((event) => decodeConversationEvent(event).seq);

describe('history', () => {
  it('answers a read that names a seq only once it is there', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const asked = history.queryHistory({ app: 'app', conversation: pair, viewer: 'ann', atLeastSeq: 2 });
    await timeline.message(pair, 'ann', 'one');
    await timeline.message(pair, 'bob', 'two');
    expect(seqsOf((await asked).events)).toEqual([1, 2]);
  });

  it('shows what was durable before it was asked, without being told how far that goes', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (let seq = 1; seq <= 5; seq++) {
      await timeline.message(pair, 'ann', String(seq));
      const view = { app: 'app', conversation: pair, viewer: 'bob' };
      const [page, { messages }, { conversations }] = await Promise.all([
        history.queryHistory({ ...view, backwards: true }),
        history.getMessages({ ...view, seqs: [seq] }).then(({ events }) => ({ messages: seqsOf(events) })),
        history.queryConversations({ app: 'app', user: 'bob' }),
      ]);
      expect([seqsOf(page.events)[0], messages, conversations.map(({ headSeq }) => headSeq)]).toEqual([seq, [seq], [seq]]);
    }
  });

  it('shows what it has where the log does not say how far it goes', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'one');
    const query = { app: 'app', conversation: pair, viewer: 'ann' };
    await history.queryHistory({ ...query, atLeastSeq: 1 });
    timeline.log.ranges = () => new Promise(() => {});
    expect(seqsOf((await history.queryHistory(query)).events)).toEqual([1]);
    timeline.log.ranges = () => Promise.reject(new Error('out of reach'));
    expect((await history.queryConversations({ app: 'app', user: 'ann' })).conversations).toHaveLength(1);
  });

  it('pages both ways and says where it goes on', async () => {
    await using timeline = await HistoryFixture.open();
    for (let i = 1; i <= 5; i++) await timeline.message(pair, 'ann', String(i));
    const history = await timeline.start();
    const query = { app: 'app', conversation: pair, viewer: 'bob', limit: 2, atLeastSeq: 5 };
    const newest = await history.queryHistory({ ...query, backwards: true });
    expect([seqsOf(newest.events), newest.hasMore]).toEqual([[5, 4], true]);
    const oldest = await history.queryHistory({ ...query, fromSeq: 4 });
    expect([seqsOf(oldest.events), oldest.hasMore]).toEqual([[4, 5], false]);
  });

  it('shows a member what falls into the membership, and nothing else', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.membership(group, { joined: ['ann'], version: 1 });
    await timeline.message(group, 'ann', 'before bob');
    const joined = await timeline.membership(group, { joined: ['bob'], version: 2 });
    await timeline.message(group, 'ann', 'with bob');
    const left = await timeline.membership(group, { left: ['bob'], version: 3 });
    await timeline.message(group, 'ann', 'without bob');
    const again = await timeline.membership(group, { joined: ['bob'], version: 4 });
    const last = await timeline.message(group, 'ann', 'with bob again');
    const history = await timeline.start();
    const page = await history.queryHistory({ app: 'app', conversation: group, viewer: 'bob', atLeastSeq: last });
    expect(seqsOf(page.events)).toEqual([joined, joined + 1, left, again, last]);
  });

  it('answers strangers as if the conversation did not exist', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.membership(group, { joined: ['ann'], version: 1 });
    const history = await timeline.start();
    for (const conversation of [group, 'g:nothing', pair]) {
      const query = history.queryHistory({ app: 'app', conversation, viewer: 'eve' });
      await expect(query).rejects.toMatchObject({ error: 'CONVERSATION_NOT_FOUND' });
    }
  });

  it('lists conversations as they stand when the call comes', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    await timeline.message(pair, 'bob', 'hi');
    await timeline.membership(group, { left: ['ann'], version: 2 });
    await timeline.message(group, 'bob', 'gone?');
    const { conversations } = await history.listConversations({ app: 'app', user: 'ann', isCurrent: true });
    expect(conversations).toMatchObject([
      { conversation: group, headSeq: 2, firstSeq: 1, isMember: false },
      { conversation: pair, headSeq: 1, firstSeq: 1, isMember: true },
    ]);
  });

  it('tells who subscribes where a user is a member, since when, and how far that has come', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.membership(group, { joined: ['ann'], version: 1 });
    await timeline.membership(group, { joined: ['bob'], version: 2 });
    await timeline.membership('g:left', { joined: ['bob'], version: 1 });
    await timeline.membership('g:left', { left: ['bob'], version: 2 });
    await timeline.message(group, 'ann', 'hi');
    const history = await timeline.start();
    const memberships = { app: 'app', user: 'bob', isMembershipOnly: true, isCurrent: true };
    const { conversations } = await history.listConversations(memberships);
    expect(conversations).toMatchObject([{ conversation: group, isMember: true, memberSinceSeq: 2, headSeq: 3 }]);
  });

  it('leaves out what has not changed, and keeps apps apart', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.message(pair, 'ann', 'hi');
    const history = await timeline.start();
    const future = systemClock.now() + 60_000;
    const unchanged = await history.listConversations({ app: 'app', user: 'ann', changedSinceMs: future, isCurrent: true });
    expect(unchanged.conversations).toEqual([]);
    expect((await history.listConversations({ app: 'other', user: 'ann', isCurrent: true })).conversations).toEqual([]);
  });

  it('gives a router head, countable and members, and finds what became of a send', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 7 });
    await timeline.message(group, 'ann', 'x', 'id-1');
    const history = await timeline.start();
    await history.listConversations({ app: 'app', user: 'ann', isCurrent: true });
    expect(await history.getConversation({ app: 'app', conversation: group })).toMatchObject({
      exists: true,
      headSeq: 2,
      countable: 1,
      membershipVersion: 7,
      members: ['ann', 'bob'],
    });
    const send = { app: 'app', conversation: group, sender: 'ann' };
    expect(await history.findSend({ ...send, clientMsgId: 'id-1' })).toMatchObject({ found: true, seq: 2, messageId: 'id2' });
    expect(await history.findSend({ ...send, clientMsgId: 'id-2' })).toMatchObject({ found: false });
  });

  it('starts a room of the same name empty, also for those who were in the old one', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.membership('r:hall', { joined: ['ann', 'bob'], version: 10 }, false);
    await timeline.message('r:hall', 'ann', 'in the old room');
    await timeline.membership('r:hall', { closed: true, version: 11 }, false);
    await timeline.membership('r:hall', { joined: ['bob'], version: 20 }, false);
    const history = await timeline.start();
    const filter = { app: 'app', conversation: 'r:hall', users: ['ann', 'bob'], isCurrent: true };
    expect(await history.filterMembers(filter)).toMatchObject({ members: ['bob'], headSeq: 1 });
  });

  it('names a tail that lies before the newest record, so that a router learns its positions', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.message(pair, 'ann', 'one');
    const history = await timeline.start();
    await history.listConversations({ app: 'app', user: 'ann', isCurrent: true });
    expect((await history.getCheckpoint({ partition: 0 })).index).toBeLessThan(1);
  });
});
