import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryService } from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { systemClock, systemRandom } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import { openLmdbHistoryStore } from '@parley/store';
import { decodeConversationEvent, encodeContent, Removal } from '@parley/wire';
import { HistoryFixture } from './testing/history-fixture.js';
import { watchEventReads } from './testing/watch-event-reads.js';

const app = 'app';
const pair = 'u:ann|bob';
const group = 'g:team';
const hour = 3_600_000;
const day = 24 * hour;
const everything = { from: 1, limit: 9_999, backwards: false };

type History = ServiceClient<typeof HistoryService>;

const caughtUp = (history: History) => history.listConversations({ app, user: 'nobody', isCurrent: true });
const seqsOf = (events: readonly Uint8Array[]): number[] => events.map((event) => decodeConversationEvent(event).seq);
const text = (words: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: words } } });

/** Everything that the store holds of a conversation and of jobs, as text. */
async function everythingStored({ store }: HistoryFixture, conversation: string): Promise<string> {
  const events = await store.events(app, conversation, everything);
  const spaces = [`m:${conversation}/${'0'.repeat(14)}`, `search:${conversation}`, 'user:ann', 'user:bob', 'report'];
  const details = await Promise.all(spaces.map((space) => store.details(app, space, { limit: 999 })));
  const jobs = await Promise.all(['expiry:0', 'erasure:0'].map((space) => store.details('_jobs', space, { limit: 999 })));
  const values = [
    ...events.map(({ event }) => event),
    ...[...details, ...jobs].flat().map(({ value, key }) => Buffer.concat([Buffer.from(key), value])),
  ];
  return values.map((value) => Buffer.from(value).toString('latin1')).join('\n');
}

describe('what is over', () => {
  it('goes out of the store when its time has come, and not before', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.send(pair, 'ann', 'secret', { expiresMs: timeline.nowMs + 1_000 });
    await timeline.send(pair, 'ann', 'mystery', { expiresMs: timeline.nowMs + 9_000 });
    await timeline.act(pair, 'bob', { type: 'reaction', value: { seq: 1, reaction: 'wow' } });
    await caughtUp(history);
    timeline.nowMs += 2_000;
    await timeline.sweep();
    const stored = await everythingStored(timeline, pair);
    expect(stored).not.toMatch(/secret|i\/00000000000001/);
    expect(stored).toMatch(/mystery/);
    const { states, events } = await history.queryHistory({ app, conversation: pair, viewer: 'bob' });
    expect(states).toMatchObject([
      { seq: 1, removal: Removal.EXPIRED },
      { seq: 2, removal: Removal.UNSPECIFIED },
    ]);
    expect(seqsOf(events)).toEqual([1, 2, 3]);
  });

  it('is shown as long as the app keeps it, or the conversation, and then leaves the store', async () => {
    await using timeline = await HistoryFixture.open();
    timeline.rules = { ...timeline.rules, retentionMs: 10 * day };
    const history = await timeline.start();
    await timeline.act(group, '', { type: 'membership', value: { joined: ['ann', 'bob'], version: 1 } });
    for (const word of ['a', 'b']) await timeline.message(group, 'ann', word);
    timeline.nowMs += 6 * day;
    await timeline.message(group, 'ann', 'c');
    await caughtUp(history);
    const read = async () => {
      const { events, firstSeq } = await history.queryHistory({ app, conversation: group, viewer: 'bob' });
      const { conversation } = await history.getConversationSummary({ app, conversation: group, user: 'bob' });
      return [seqsOf(events), firstSeq, conversation?.unread];
    };
    await timeline.sweep();
    expect(await read()).toEqual([[1, 2, 3, 4], 1, 3]);
    timeline.nowMs += 5 * day;
    expect(await read()).toEqual([[4], 4, 3]);
    await timeline.sweep();
    expect(await read()).toEqual([[4], 4, 1]);
    expect((await timeline.store.events(app, group, everything)).map(({ seq }) => seq)).toEqual([4]);
    await timeline.act(group, '', { type: 'rules', value: { retentionMs: day } }, { rules: { retentionMs: day } });
    await caughtUp(history);
    expect((await read())[0]).toEqual([5]);
    timeline.nowMs += 2 * day;
    expect(await read()).toEqual([[], 6, 1]);
    await timeline.sweep();
    await timeline.message(group, 'ann', 'd');
    await caughtUp(history);
    expect(await read()).toEqual([[6], 6, 1]);
  });

  it('is not asked for conversation by conversation where nothing is', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.start();
    for (const other of ['bob', 'cid', 'eve']) await timeline.message(`u:ann|${other}`, 'ann', 'hi');
    await caughtUp(await timeline.start());
    await timeline.start();
    let asked = 0;
    const { store } = timeline;
    const conversation = store.conversation.bind(store);
    store.conversation = (...of) => {
      asked++;
      return conversation(...of);
    };
    await timeline.sweep();
    expect(asked).toBe(0);
  });

  it('goes at once where it is much, so that little waits for it', async () => {
    await using timeline = await HistoryFixture.open();
    const { store } = timeline;
    const history = await timeline.start();
    for (let i = 0; i < 20; i++) await timeline.send(pair, 'ann', `secret ${i}`, { expiresMs: timeline.nowMs + 1_000 });
    await caughtUp(history);
    timeline.nowMs += 2_000;
    const reads = watchEventReads(store);
    await timeline.sweep();
    expect(reads.most).toBe(20);
    expect(await everythingStored(timeline, pair)).not.toMatch(/secret/);
  });

  it('is looked for from where it was done before, and found behind that', async () => {
    await using timeline = await HistoryFixture.open();
    const { store } = timeline;
    const froms: number[] = [];
    const details = store.details.bind(store);
    store.details = (of, space, range) => {
      if (space === 'expiry:0') froms.push(Number.parseInt(range.from ?? '', 16));
      return details(of, space, range);
    };
    const history = await timeline.start();
    for (const word of ['one secret', 'another secret']) {
      await timeline.send(pair, 'ann', word, { expiresMs: timeline.nowMs + 1_000 });
      timeline.nowMs += 3 * hour;
      await timeline.message(pair, 'ann', 'later');
      await caughtUp(history);
      await timeline.sweep();
    }
    expect(froms).toEqual([0, timeline.nowMs - 4 * hour]);
    expect(await everythingStored(timeline, pair)).not.toMatch(/secret/);
  });

  it('takes along what messages had become, and their threads', async () => {
    await using timeline = await HistoryFixture.open();
    timeline.rules = { ...timeline.rules, retentionMs: day };
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'root');
    await timeline.send(pair, 'bob', 'answer', { reply: { seq: 1, rootSeq: 1, sender: 'ann' } });
    await timeline.messages(pair, 600);
    timeline.nowMs += 2 * day;
    await timeline.message(pair, 'ann', 'new');
    await caughtUp(history);
    const details = async () => {
      const spaces = [`m:${pair}/${'0'.repeat(14)}`, `t:${pair}/${'1'.padStart(14, '0')}`];
      return (await Promise.all(spaces.map((space) => timeline.store.details(app, space, { limit: 9 })))).map((rows) => rows.length > 0);
    };
    expect(await details()).toEqual([true, true]);
    await timeline.sweep();
    expect(await details()).toEqual([false, false]);
  });
});

describe('an erased user', () => {
  it('leaves no word in the store, neither of messages and edits nor of drafts and reports', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'secret one');
    await timeline.message(pair, 'bob', 'my answer');
    await timeline.act(pair, 'ann', { type: 'edited', value: { seq: 1, content: text('secret two') } });
    await timeline.act(pair, 'ann', { type: 'reaction', value: { seq: 2, reaction: 'secretly' } });
    await timeline.act(pair, 'bob', { type: 'reaction', value: { seq: 2, reaction: 'openly' } });
    await timeline.act(pair, 'bob', { type: 'pin', value: { seq: 1 } });
    await timeline.set(pair, 'ann', { type: 'draft', value: { text: 'secret draft' } });
    await timeline.own(pair, 'ann', { type: 'reported', value: { seq: 2, reason: 'secret reason' } });
    await timeline.message(pair, 'bob', 'gone');
    await timeline.act(pair, 'ann', { type: 'recalled', value: { seq: 7, reason: 'secret recall' } });
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await timeline.message(pair, 'ann', 'a new ann');
    await caughtUp(history);
    await timeline.sweep();
    const stored = await everythingStored(timeline, pair);
    expect(stored).not.toMatch(/secret/);
    expect(stored).toMatch(/my answer[\s\S]*a new ann/);
    const { states } = await history.queryHistory({ app, conversation: pair, viewer: 'bob' });
    expect(states).toMatchObject([
      { seq: 1, removal: Removal.ERASED },
      { seq: 2, reactions: [{ reaction: 'openly', count: 1 }] },
      { seq: 7, removal: Removal.RECALLED, removalReason: '' },
    ]);
    expect((await history.listPins({ app, conversation: pair, viewer: 'bob' })).pins).toEqual([]);
    expect((await history.listReports({ app })).reports).toMatchObject([{ reporter: 'ann', reason: '' }]);
  });

  it('reacts to nothing any more, at once; somebody new of that id may', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'bob', 'what do you think?');
    for (const reaction of ['secretly', 'openly']) await timeline.act(pair, 'ann', { type: 'reaction', value: { seq: 1, reaction } });
    await timeline.act(pair, 'bob', { type: 'reaction', value: { seq: 1, reaction: 'openly' } });
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await timeline.act(pair, 'ann', { type: 'reaction', value: { seq: 1, reaction: 'newly' } });
    await timeline.act(pair, 'bob', { type: 'reaction', value: { seq: 1, reaction: 'later' } });
    await caughtUp(history);
    const reactions = async () => {
      const { states } = await history.getMessages({ app, conversation: pair, viewer: 'bob', seqs: [1] });
      return states[0]?.reactions.map(({ reaction, count, recent }) => [reaction, count, ...recent]);
    };
    const left = [
      ['openly', 1, 'bob'],
      ['newly', 1, 'ann'],
      ['later', 1, 'bob'],
    ];
    expect(await reactions()).toEqual(left);
    await timeline.sweep();
    expect(await reactions()).toEqual(left);
  });

  it('leaves a new user of that id nothing of what was said to them', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'bob', 'for the old ann');
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    await timeline.message(group, 'bob', 'for the old ann');
    await timeline.membership(group, { left: ['ann'], version: 2 });
    await timeline.act(group, '', { type: 'erased', value: { user: 'ann' } });
    const listed = async () => {
      await caughtUp(history);
      const { conversations } = await history.queryConversations({ app, user: 'ann' });
      return conversations.map(({ conversation, unread }) => [conversation, unread]);
    };
    expect(await listed()).toEqual([]);
    await timeline.message(pair, 'bob', 'for the new ann');
    timeline.nowMs += 1;
    await timeline.membership(group, { joined: ['ann'], version: 3 });
    await timeline.message(group, 'bob', 'for the new ann');
    expect(await listed()).toEqual([
      [group, 1],
      [pair, 1],
    ]);
    const seen = async (conversation: string) => seqsOf((await history.queryHistory({ app, conversation, viewer: 'ann' })).events);
    expect([await seen(pair), await seen(group)]).toEqual([[3], [5, 6]]);
  });

  it('is gone, too, where they are erased again while that goes on', async () => {
    await using timeline = await HistoryFixture.open();
    const { store } = timeline;
    const history = await timeline.start();
    const say = async (words: string) => {
      await timeline.message(pair, 'ann', words);
      await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
      await caughtUp(history);
    };
    await say('secret one');
    const details = store.details.bind(store);
    store.details = async (of, space, range) => {
      const rows = await details(of, space, range);
      if (space !== 'erasure:0') return rows;
      store.details = details;
      await say('secret two');
      return rows;
    };
    await timeline.sweep();
    expect(await everythingStored(timeline, pair)).not.toMatch(/secret/);
    expect(await store.details('_jobs', 'erasure:0', { limit: 9 })).toEqual([]);
  });

  it('is shown the same whether the words have left the store or not', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'secret');
    await timeline.act(pair, 'ann', { type: 'recalled', value: { seq: 1, reason: 'secret reason' } });
    await timeline.message(pair, 'bob', 'hi');
    await timeline.act(pair, 'ann', { type: 'reaction', value: { seq: 3, reaction: 'x' } });
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await caughtUp(history);
    const shown = () => history.queryHistory({ app, conversation: pair, viewer: 'bob' });
    const before = await shown();
    await timeline.sweep();
    expect(await shown()).toEqual(before);
    expect(await everythingStored(timeline, pair)).not.toMatch(/secret/);
  });

  it('costs those who read nothing any more once it is done', async () => {
    await using timeline = await HistoryFixture.open();
    const { store } = timeline;
    const history = await timeline.start();
    await timeline.message(pair, 'bob', 'hi');
    for (const user of ['ann', 'bob']) await timeline.act(pair, user, { type: 'reaction', value: { seq: 1, reaction: 'x' } });
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await caughtUp(history);
    const prefixes: (string | undefined)[] = [];
    const details = store.details.bind(store);
    store.details = (of, space, range) => {
      prefixes.push(range.prefix);
      return details(of, space, range);
    };
    const looksFor = async () => {
      prefixes.length = 0;
      const { states } = await history.queryHistory({ app, conversation: pair, viewer: 'bob' });
      expect(states).toMatchObject([{ reactions: [{ count: 1, recent: ['bob'] }] }]);
      return prefixes.includes('o/ann/');
    };
    expect(await looksFor()).toBe(true);
    await timeline.sweep();
    expect(await looksFor()).toBe(false);
  });

  it('leaves no name in a group, neither in the store nor in what is read meanwhile', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    const nickname = { user: 'ann', nickname: 'secret Annie' };
    await timeline.act(group, 'ann', { type: 'groupChange', value: { version: 2, change: { type: 'nickname', value: nickname } } });
    await timeline.act(group, '', { type: 'erased', value: { user: 'ann' } });
    await caughtUp(history);
    const { events } = await history.queryHistory({ app, conversation: group, viewer: 'bob' });
    expect(Buffer.concat(events).toString('latin1')).not.toMatch(/secret/);
    expect(await everythingStored(timeline, group)).toMatch(/secret/);
    await timeline.sweep();
    expect(await everythingStored(timeline, group)).not.toMatch(/secret/);
  });

  it('has log and store leave no bytes of it, once for each time that something was taken out', async () => {
    await using timeline = await HistoryFixture.open();
    const asked: string[] = [];
    timeline.log.scrub = async () => void asked.push('log');
    timeline.store.compact = async () => void asked.push('store');
    const history = await timeline.start();
    for (const conversation of [pair, group]) await timeline.message(conversation, 'ann', 'words');
    await caughtUp(history);
    await timeline.sweep();
    expect(asked).toEqual([]);
    for (const conversation of [pair, group]) await timeline.act(conversation, '', { type: 'erased', value: { user: 'ann' } });
    await caughtUp(history);
    await timeline.sweep();
    await timeline.sweep();
    expect(asked.sort()).toEqual(['log', 'store']);
  });

  it('goes block by block through a long conversation, also over a restart', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (let i = 0; i < 3; i++) {
      await timeline.message(pair, 'ann', `secret ${i}`);
      await timeline.messages(pair, 500);
    }
    await timeline.act(pair, '', { type: 'erased', value: { user: 'ann' } });
    await caughtUp(history);
    await timeline.start();
    await timeline.sweep();
    expect(await everythingStored(timeline, pair)).not.toMatch(/secret/);
    expect(await timeline.store.details('_jobs', 'erasure:0', { limit: 9 })).toEqual([]);
  });
});

describe('a history that begins anew', () => {
  async function fill(timeline: HistoryFixture): Promise<void> {
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    await timeline.send(group, 'ann', 'hi @bob', { mentions: { users: ['bob'] } });
    await timeline.act(group, 'bob', { type: 'reaction', value: { seq: 2, reaction: 'x' } });
    await timeline.act(group, 'ann', { type: 'edited', value: { seq: 2, content: text('hello @bob') } });
    await timeline.act(group, 'ann', { type: 'pin', value: { seq: 2 } });
    await timeline.message(group, 'bob', 'to be recalled');
    await timeline.act(group, 'bob', { type: 'recalled', value: { seq: 6 } });
    await timeline.read(group, 'bob', 3);
    await timeline.set(group, 'bob', { type: 'pinned', value: { isOn: true } });
    await timeline.own(group, 'bob', { type: 'hidden', value: { user: 'bob', seqs: [2] } });
  }

  it('has another epoch and everything that it had before', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await fill(timeline);
    const before = await history.listConversations({ app, user: 'bob', isCurrent: true });
    const print = await history.getFingerprint({ app, conversation: group });
    const { epoch } = await history.rebuild({});
    expect(epoch).not.toBe(before.epoch);
    await timeline.isUp();
    const after = await history.listConversations({ app, user: 'bob', isCurrent: true });
    expect(after).toEqual({ ...before, epoch });
    expect(await history.getFingerprint({ app, conversation: group })).toEqual(print);
    await timeline.message(group, 'ann', 'it goes on');
    expect((await history.queryHistory({ app, conversation: group, atLeastSeq: 8 })).headSeq).toBe(8);
  });

  it('does not, and keeps what it has, where the log no longer reaches back to its beginning', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await fill(timeline);
    await caughtUp(history);
    const print = await history.getFingerprint({ app, conversation: group });
    await timeline.log.trim(topics.timeline, 0, 2);
    await expect(history.rebuild({})).rejects.toMatchObject({ error: 'TOO_LATE' });
    expect(await history.getFingerprint({ app, conversation: group })).toEqual(print);
  });

  it('has the fingerprint of any other of the same timeline, and of no other timeline', async () => {
    const path = await mkdtemp(join(tmpdir(), 'parley-history-'));
    try {
      await using timeline = await HistoryFixture.open();
      const oneByOne = await timeline.start();
      await fill(timeline);
      await caughtUp(oneByOne);
      const print = await oneByOne.getFingerprint({ app, conversation: group });
      await using lmdb = await openLmdbHistoryStore({ path, clock: systemClock, random: systemRandom });
      const inOneBatch = await timeline.start(lmdb);
      await caughtUp(inOneBatch);
      expect(await inOneBatch.getFingerprint({ app, conversation: group })).toEqual(print);
      const others = [
        () => timeline.read(group, 'ann', 1),
        () => timeline.own(group, 'bob', { type: 'hidden', value: { user: 'bob', seqs: [3] } }),
        () => timeline.act(group, 'ann', { type: 'pin', value: { seq: 2, isRemoved: true } }),
      ];
      const seen = [print.hash];
      for (const change of others) {
        await change();
        await caughtUp(inOneBatch);
        seen.push((await inOneBatch.getFingerprint({ app, conversation: group })).hash);
      }
      expect(new Set(seen).size).toBe(4);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
});
