import { describe, expect, it } from '@jest/globals';
import type { HistoryService } from '@parley/contracts/history';
import type { ServiceClient } from '@parley/rpc';
import { decodeContent, decodeConversationEvent, RelationKind } from '@parley/wire';
import fc from 'fast-check';
import { HistoryFixture } from './testing/history-fixture.js';

const app = 'app';
const pair = 'u:ann|bob';
const group = 'g:team';
const forGood = Number.MAX_SAFE_INTEGER;

type History = ServiceClient<typeof HistoryService>;

const caughtUp = (history: History) => history.listConversations({ app, user: 'nobody', isCurrent: true });

async function headOf(history: History, user: string, conversation: string) {
  await caughtUp(history);
  const { conversations } = await history.listConversations({ app, user });
  return conversations.find((head) => head.conversation === conversation);
}

function lastWords(bytes: Uint8Array | undefined): string {
  const { body } = decodeConversationEvent(bytes ?? new Uint8Array());
  const kind = body?.type === 'content' ? decodeContent(body.value).kind : undefined;
  return kind?.type === 'text' ? kind.value.text : (body?.type ?? '');
}

describe('unread', () => {
  const users = ['ann', 'bob', 'eve'];
  const step = fc.record({
    type: fc.constantFrom('message', 'message', 'message', 'quiet', 'edit', 'read', 'join', 'leave', 'clear'),
    user: fc.constantFrom(...users),
    pick: fc.nat(30),
  });

  it('counts what others said since the user last read, wrote, joined or cleared, whatever happens', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        await using timeline = await HistoryFixture.open();
        /** What each member has not read, by seq. */
        const unread = new Map<string, Set<number>>();
        let [head, version] = [0, 0];
        for (const { type, user, pick } of steps) {
          const own = unread.get(user);
          if (type === 'join' && own === undefined) {
            head = await timeline.membership(group, { joined: [user], version: ++version });
            unread.set(user, new Set());
          } else if (own === undefined) continue;
          if (type === 'leave') {
            head = await timeline.membership(group, { left: [user], version: ++version });
            unread.delete(user);
          } else if (type === 'message') {
            head = await timeline.message(group, user, `${head}`);
            for (const [member, seqs] of unread) member === user ? seqs.clear() : seqs.add(head);
          } else if (type === 'quiet') {
            head = await timeline.send(group, user, `${head}`, { noUnread: true });
            own?.clear();
          } else if (type === 'edit') head = await timeline.act(group, user, { type: 'pin', value: { seq: 1 } });
          else if (type === 'read' || type === 'clear') {
            const seq = Math.min(pick, head);
            if (type === 'read') await timeline.read(group, user, seq);
            else await timeline.set(group, user, { type: 'cleared', value: { seq } });
            for (const each of own ?? []) if (each <= seq) own?.delete(each);
          }
        }
        const history = await timeline.start();
        for (const user of users) {
          const shown = await headOf(history, user, group);
          expect([user, shown?.unread ?? 0]).toEqual([user, unread.get(user)?.size ?? 0]);
        }
      }),
      { numRuns: 25 },
    ));

  it('marks messages that name the user until they are read, also by an edit, and not what was recalled', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const named = await timeline.send(group, 'ann', 'bob!', { mentions: { users: ['bob'] } });
    const everyone = await timeline.send(group, 'ann', 'all!', { mentions: { isEveryone: true } });
    const later = await timeline.message(group, 'ann', 'nobody');
    expect(await headOf(history, 'bob', group)).toMatchObject({ unread: 3, mentions: [everyone, named] });
    expect(await headOf(history, 'ann', group)).toMatchObject({ unread: 0, mentions: [] });
    await timeline.act(group, 'ann', { type: 'edited', value: { seq: later, isRemention: true, mentions: { users: ['bob', 'eve'] } } });
    await timeline.act(group, 'ann', { type: 'recalled', value: { seq: named } });
    expect(await headOf(history, 'bob', group)).toMatchObject({ mentions: [later, everyone] });
    expect(await headOf(history, 'eve', group)).toMatchObject({ mentions: [later, everyone] });
    await timeline.act(group, 'ann', { type: 'edited', value: { seq: later, isRemention: true, mentions: { users: ['eve'] } } });
    await timeline.read(group, 'eve', everyone);
    expect(await headOf(history, 'bob', group)).toMatchObject({ mentions: [everyone] });
    expect(await headOf(history, 'eve', group)).toMatchObject({ unread: 1, mentions: [later] });
    await timeline.read(group, 'eve', later);
    expect(await headOf(history, 'eve', group)).toMatchObject({ unread: 0, mentions: [] });
  });

  it('marks no message that is gone for the user: expired, erased, or deleted by themselves', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const named = { mentions: { users: ['bob'] } };
    const expiring = await timeline.send(group, 'ann', 'for a while', { ...named, expiresMs: timeline.nowMs + 1_000 });
    const erased = await timeline.send(group, 'eve', 'erased', named);
    const hidden = await timeline.send(group, 'ann', 'hidden', named);
    const left = await timeline.send(group, 'ann', 'bob!', named);
    await timeline.send(pair, 'ann', 'for a while', { ...named, expiresMs: timeline.nowMs + 1_000 });
    const mentioned = async () => {
      await caughtUp(history);
      const { conversations } = await history.queryConversations({ app, user: 'bob', filter: { isMentioned: true } });
      return conversations.map(({ conversation }) => conversation).sort();
    };
    expect(await mentioned()).toEqual([group, pair]);
    expect(await headOf(history, 'bob', group)).toMatchObject({ mentions: [left, hidden, erased, expiring] });
    await timeline.own(group, 'bob', { type: 'hidden', value: { user: 'bob', seqs: [hidden] } });
    await timeline.act(group, '', { type: 'erased', value: { user: 'eve' } });
    timeline.nowMs += 2_000;
    expect(await headOf(history, 'bob', group)).toMatchObject({ unread: 4, mentions: [left] });
    expect(await mentioned()).toEqual([group]);
    await timeline.sweep();
    expect(await headOf(history, 'bob', group)).toMatchObject({ unread: 4, mentions: [left] });
  });

  it('marks a message for some members with nobody else, whomever it names, and so does its edit', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    const forBob = { onlyTo: ['bob'], noUnread: false };
    const all = await timeline.send(group, 'ann', 'you all', { ...forBob, mentions: { isEveryone: true } });
    const both = await timeline.send(group, 'ann', 'you two', { ...forBob, mentions: { users: ['bob', 'eve'] } });
    const later = await timeline.send(group, 'ann', 'nobody', forBob);
    const mentions = { users: ['eve'], isEveryone: true };
    await timeline.act(group, 'ann', { type: 'edited', value: { seq: later, isRemention: true, mentions } });
    expect(await headOf(history, 'bob', group)).toMatchObject({ mentions: [later, both, all] });
    expect(await headOf(history, 'eve', group)).toMatchObject({ mentions: [] });
  });

  it('leaves muted conversations out of the total, except for what names the user aloud', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    await timeline.message(pair, 'ann', 'hi');
    await timeline.message(group, 'ann', 'hello');
    const silent = await timeline.send(group, 'ann', 'psst', { mentions: { users: ['bob'], isSilent: true } });
    const total = async () => {
      await caughtUp(history);
      return (await history.queryConversations({ app, user: 'bob' })).totalUnread;
    };
    expect(await total()).toBe(3);
    await timeline.set(group, 'bob', { type: 'muted', value: { untilMs: forGood } });
    expect(await total()).toBe(1);
    const aloud = await timeline.send(group, 'ann', 'bob!', { mentions: { users: ['bob'] } });
    expect(await total()).toBe(2);
    expect(await headOf(history, 'bob', group)).toMatchObject({ mentions: [aloud, silent], silentMentions: [silent] });
  });

  it('clears everywhere what was read anywhere, and tells the other one', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (const word of ['a', 'b', 'c']) await timeline.message(pair, 'ann', word);
    await timeline.set(pair, 'bob', { type: 'markedUnread', value: { isOn: true } });
    expect(await headOf(history, 'bob', pair)).toMatchObject({ unread: 3, settings: { isMarkedUnread: true } });
    timeline.nowMs += 10;
    await timeline.read(pair, 'bob', 2, 3);
    expect(await headOf(history, 'bob', pair)).toMatchObject({
      unread: 1,
      readSeq: 2,
      deliveredSeq: 3,
      settings: { isMarkedUnread: false },
    });
    const told = { peerReadSeq: 2, peerReadMs: timeline.nowMs, peerDeliveredSeq: 3 };
    expect(await headOf(history, 'ann', pair)).toMatchObject(told);
    timeline.rules = { ...timeline.rules, tellsReading: false };
    expect(await headOf(history, 'ann', pair)).toMatchObject({ peerReadSeq: 0, peerReadMs: 0, peerDeliveredSeq: 3 });
  });
});

describe('the list of conversations', () => {
  it('shows pinned ones first, then the newest, page by page, with filters', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const others = ['bob', 'cid', 'dan', 'eve'];
    for (const other of others) {
      timeline.nowMs += 10;
      await timeline.message(`u:ann|${other}`, other, `from ${other}`);
    }
    for (const other of ['bob', 'cid']) {
      timeline.nowMs += 10;
      await timeline.set(`u:ann|${other}`, 'ann', { type: 'pinned', value: { isOn: true } });
    }
    await timeline.set('u:ann|dan', 'ann', { type: 'marks', value: { marks: [3] } });
    await timeline.read('u:ann|eve', 'ann', 1);
    await caughtUp(history);
    const names = async (query: object) => {
      const { conversations, nextPage } = await history.queryConversations({ app, user: 'ann', ...query });
      return { names: conversations.map(({ conversation }) => conversation.slice('u:ann|'.length)), nextPage };
    };
    const first = await names({ limit: 3 });
    expect(first.names).toEqual(['cid', 'bob', 'eve']);
    expect(await names({ limit: 3, page: first.nextPage })).toEqual({ names: ['dan'], nextPage: '' });
    expect((await names({ filter: { isPinned: true } })).names).toEqual(['cid', 'bob']);
    expect((await names({ filter: { isUnread: true } })).names).toEqual(['cid', 'bob', 'dan']);
    expect((await names({ filter: { mark: 3 } })).names).toEqual(['dan']);
    expect((await names({ filter: { type: 'g' } })).names).toEqual([]);
  });

  it('leaves a hidden conversation out until something new is said', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'hi');
    await timeline.set(pair, 'bob', { type: 'hidden', value: { isOn: true } });
    const count = async (filter = {}) => {
      await caughtUp(history);
      return (await history.queryConversations({ app, user: 'bob', filter })).conversations.length;
    };
    expect([await count(), await count({ withHidden: true })]).toEqual([0, 1]);
    await timeline.message(pair, 'ann', 'again');
    expect(await count()).toBe(1);
  });

  it('leaves out for good what somebody hid who has left', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    const left = await timeline.membership(group, { left: ['bob'], version: 2 });
    await timeline.message(group, 'ann', 'without bob');
    await caughtUp(history);
    const former = { app, conversation: group, seq: 0, user: 'bob' };
    expect(await history.getTarget(former)).toMatchObject({ exists: true, headSeq: left });
    expect(await history.getTarget({ ...former, user: 'eve' })).toMatchObject({ exists: false, headSeq: 0 });
    expect((await history.queryConversations({ app, user: 'bob' })).conversations).toHaveLength(1);
    const changes = [{ change: { type: 'hidden', value: { isOn: true } } }] as const;
    await timeline.own(group, 'bob', { type: 'settings', value: { user: 'bob', changes, headSeq: left } });
    await timeline.message(group, 'ann', 'still without bob');
    await caughtUp(history);
    expect((await history.queryConversations({ app, user: 'bob' })).conversations).toEqual([]);
    await timeline.membership(group, { joined: ['bob'], version: 3 });
    await caughtUp(history);
    expect((await history.queryConversations({ app, user: 'bob' })).conversations).toHaveLength(1);
  });

  it('does not tell who has left until when the others went on, also when the group has ended', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const later = () => {
      timeline.nowMs += 10;
    };
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    await timeline.membership(group, { left: ['bob'], version: 2 });
    later();
    for (const user of ['bob', 'eve']) await timeline.message(`u:${user}|zoe`, 'zoe', 'hi');
    later();
    await timeline.message(group, 'ann', 'without bob');
    later();
    await timeline.membership(group, { closed: true, version: 3 });
    await caughtUp(history);
    const listOf = async (user: string) => {
      const { conversations } = await history.queryConversations({ app, user });
      return conversations.map(({ conversation }) => conversation);
    };
    expect(await listOf('bob')).toEqual(['u:bob|zoe', group]);
    expect(await listOf('eve')).toEqual([group, 'u:eve|zoe']);
  });

  it('gives the newest message, not what was done to older ones', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'one');
    await timeline.message(pair, 'ann', 'two');
    await timeline.act(pair, 'bob', { type: 'reaction', value: { seq: 1, reaction: 'x' } });
    const head = await headOf(history, 'bob', pair);
    expect([lastWords(head?.lastEvent), head?.headSeq]).toEqual(['two', 3]);
    await timeline.act(pair, 'ann', { type: 'recalled', value: { seq: 2 } });
    expect(await headOf(history, 'bob', pair)).toMatchObject({ lastState: { seq: 2, removedBy: 'ann' } });
  });

  it('tells who syncs what has changed for them: also the own view, never what is said after they left', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    await timeline.message(pair, 'ann', 'hi');
    await timeline.membership(group, { left: ['eve'], version: 2 });
    timeline.nowMs += 1_000;
    const since = timeline.nowMs;
    const changed = async (user: string) => {
      await caughtUp(history);
      const { conversations } = await history.listConversations({ app, user, changedSinceMs: since });
      return conversations.map(({ conversation }) => conversation);
    };
    expect(await changed('bob')).toEqual([]);
    await timeline.set(group, 'bob', { type: 'draft', value: { text: 'well' } });
    expect([await changed('bob'), await changed('ann')]).toEqual([[group], []]);
    await timeline.message(group, 'ann', 'news');
    expect([await changed('ann'), await changed('eve')]).toEqual([[group], []]);
    await timeline.read(pair, 'bob', 1);
    expect(await changed('ann')).toEqual([group, pair]);
    expect(await headOf(history, 'eve', group)).toMatchObject({ isMember: false, unread: 0, headSeq: 2 });
  });

  it('pages, and names only the groups and rooms that the user is a member of when that is asked for', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (const name of ['a', 'b', 'c']) await timeline.membership(`g:${name}`, { joined: ['ann'], version: 1 });
    await timeline.membership('g:b', { left: ['ann'], version: 2 });
    await timeline.membership('g:c', { closed: true, version: 2 });
    await timeline.room('r:hall', { joined: ['ann'], version: 1 });
    await timeline.message('r:hall', 'bob', 'hi all');
    await timeline.message(pair, 'bob', 'hi');
    await caughtUp(history);
    const { conversations } = await history.listConversations({ app, user: 'ann', isMembershipOnly: true });
    expect(conversations).toMatchObject([
      { conversation: 'g:a', headSeq: 1, memberSinceSeq: 1 },
      { conversation: 'r:hall', isMember: true, memberSinceSeq: 1 },
    ]);
    const first = await history.listConversations({ app, user: 'ann', limit: 3 });
    expect(first.conversations.map(({ conversation }) => conversation)).toEqual(['g:a', 'g:b', 'g:c', 'r:hall']);
    expect(first.conversations.at(-1)).toMatchObject({ headSeq: 1, unread: 0 });
    const second = await history.listConversations({ app, user: 'ann', limit: 3, page: first.nextPage });
    expect([second.conversations.map(({ conversation }) => conversation), second.nextPage]).toEqual([[pair], '']);
  });
});

describe('an answer', () => {
  it('has a bounded size, however long the newest messages are', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (let i = 10; i < 60; i++) await timeline.message(`u:ann|zoe${i}`, 'ann', 'x'.repeat(30_000), `id-${i}`);
    await caughtUp(history);
    const sizes: number[] = [];
    for (let page = ''; ; ) {
      const answer = await history.listConversations({ app, user: 'ann', page });
      sizes.push(answer.conversations.length);
      if (answer.nextPage === '') break;
      page = answer.nextPage;
    }
    expect(sizes).toEqual([34, 16]);
  });

  it('is cut where a page of history would be too long', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    for (let i = 0; i < 80; i++) await timeline.message(pair, 'ann', 'x'.repeat(30_000), `id-${i}`);
    await caughtUp(history);
    const first = await history.queryHistory({ app, conversation: pair, limit: 100 });
    expect([first.events.length, first.hasMore]).toEqual([69, true]);
    const rest = await history.queryHistory({ app, conversation: pair, limit: 100, fromSeq: 70 });
    expect([rest.events.length, rest.hasMore]).toEqual([11, false]);
  });
});

describe('people', () => {
  it('gives profiles, relations from each side, and lists of them, newest first', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.own('u:ann|ann', 'ann', { type: 'profile', value: {} }, { profile: { user: 'ann', name: 'Ann', version: 2 } });
    const sides = (other: string, sinceMs: number) => ({ user: other, isFriend: true, friendSinceMs: sinceMs });
    await timeline.own(pair, 'ann', undefined, { relation: { a: { ...sides('ann', 5), alias: 'B' }, b: sides('bob', 5), version: 1 } });
    await timeline.own('u:ann|eve', 'ann', undefined, {
      relation: { a: sides('ann', 9), b: { user: 'eve', isBlocking: true }, version: 1 },
    });
    expect(await history.getProfiles({ app, users: ['ann', 'bob'], isCurrent: true })).toMatchObject({
      profiles: [{ user: 'ann', name: 'Ann' }],
    });
    const { relations } = await history.getRelations({ app, user: 'ann', others: ['eve', 'bob', 'cid'] });
    expect(relations).toMatchObject([
      { view: { other: 'eve', isFriend: true, isBefriended: false }, isBlockedBy: true },
      { view: { other: 'bob', alias: 'B', isBefriended: true }, isBlockedBy: false },
      { view: { other: 'cid', isFriend: false }, isBlockedBy: false },
    ]);
    const friends = { app, user: 'ann', kind: RelationKind.FRIENDS, limit: 1 };
    const first = await history.listRelations(friends);
    expect(first).toMatchObject({ relations: [{ other: 'eve' }], count: 2 });
    expect(await history.listRelations({ ...friends, page: first.nextPage })).toMatchObject({
      relations: [{ other: 'bob' }],
      nextPage: '',
    });
    expect(await history.listRelations({ app, user: 'eve', kind: RelationKind.BLOCKED })).toMatchObject({ relations: [{ other: 'ann' }] });
    expect(await history.getConversation({ app, conversation: pair })).toMatchObject({
      exists: true,
      headSeq: 0,
      relation: { version: 1 },
    });
    expect((await history.listConversations({ app, user: 'ann' })).conversations).toEqual([]);
  });
});
