import { describe, expect, it, jest } from '@jest/globals';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryService } from '@parley/contracts/history';
import { emptyBytes, limits, seededRandom, systemClock } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import { createMemoryHistoryStore, openLmdbHistoryStore } from '@parley/store';
import { decodeConversationEvent, HistoryAccess } from '@parley/wire';
import { overriddenStore } from './testing/overridden-store.js';
import { HistoryFixture } from './testing/history-fixture.js';

// Thousands of messages on a machine that may be busy.
jest.setTimeout(60_000);

type History = ServiceClient<typeof HistoryService>;

const hall = 'r:hall';
const app = 'app';
const { roomHistoryEventsMax, roomHistoryMs } = limits;
const recent = { historyAccess: HistoryAccess.RECENT };
const query = { app, conversation: hall };
const seqs = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

/** Everything that the viewer gets page by page, and what the last page says. */
async function readAll(history: History, viewer: string, options: { backwards?: boolean; atLeastSeq?: number } = {}) {
  const read: number[] = [];
  for (let fromSeq = 0; ; ) {
    const page = await history.queryHistory({ ...query, viewer, limit: 100, fromSeq, ...options });
    read.push(...page.events.map((event) => decodeConversationEvent(event).seq));
    const { firstSeq, headSeq, hasMore } = page;
    if (!hasMore) return { read: options.backwards === true ? read.toReversed() : read, firstSeq, headSeq };
    fromSeq = (read.at(-1) ?? 0) + (options.backwards === true ? -1 : 1);
  }
}

/** Everything that was appended is readable. */
const caughtUp = (history: History) => history.listConversations({ app, user: 'nobody', isCurrent: true });

describe('what a room shows', () => {
  it('shows a late joiner of a RECENT room exactly the last 2 000 of the last 24 hours', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.room(hall, { joined: ['ann'], version: 1 }, recent);
    await timeline.messages(hall, 5_000);
    timeline.nowMs += roomHistoryMs / 2;
    const head = await timeline.messages(hall, 700);
    await timeline.room(hall, { joined: ['bob'], version: 2 });
    const history = await timeline.start();
    await caughtUp(history);
    const first = head - roomHistoryEventsMax + 1;
    for (const backwards of [false, true]) {
      expect(await readAll(history, 'bob', { backwards })).toEqual({ read: seqs(first, head), firstSeq: first, headSeq: head });
    }
    // Half a day later the first 5 000 are too old by a moment.
    timeline.nowMs += roomHistoryMs / 2 + 1;
    expect(await readAll(history, 'bob')).toEqual({ read: seqs(5_001, head), firstSeq: 5_001, headSeq: head });
    expect(await readAll(history, 'ann')).toEqual({ read: seqs(5_001, head), firstSeq: 5_001, headSeq: head });
    timeline.nowMs += roomHistoryMs;
    expect(await readAll(history, 'bob')).toEqual({ read: [], firstSeq: head + 1, headSeq: head });
  });

  it.each([
    ['a FROM_JOIN room', { historyAccess: HistoryAccess.FROM_JOIN }],
    ['a room of which nobody said', {}],
  ])('shows a late joiner of %s nothing from before', async (_, access) => {
    await using timeline = await HistoryFixture.open();
    await timeline.room(hall, { joined: ['ann'], version: 1 }, access);
    await timeline.messages(hall, 10);
    await timeline.room(hall, { joined: ['bob'], version: 2 });
    const history = await timeline.start();
    await caughtUp(history);
    expect(await readAll(history, 'bob')).toEqual({ read: [], firstSeq: 11, headSeq: 10 });
    const asked = history.queryHistory({ ...query, viewer: 'bob', fromSeq: 1, atLeastSeq: 13 });
    await timeline.messages(hall, 3);
    const { events, firstSeq } = await asked;
    expect([events.map((event) => decodeConversationEvent(event).seq), firstSeq]).toEqual([[11, 12, 13], 11]);
    expect(await readAll(history, 'ann')).toEqual({ read: seqs(1, 13), firstSeq: 1, headSeq: 13 });
  });

  it('shows who left and came back to a FROM_JOIN room both stays, as far as they are kept', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.room(hall, { joined: ['ann', 'bob'], version: 1 });
    await timeline.messages(hall, 10);
    await timeline.room(hall, { left: ['bob'], version: 2 });
    await timeline.messages(hall, 10);
    await timeline.room(hall, { joined: ['bob'], version: 3 });
    await timeline.messages(hall, 10);
    const history = await timeline.start();
    await caughtUp(history);
    expect(await readAll(history, 'bob')).toEqual({ read: [...seqs(1, 10), ...seqs(21, 30)], firstSeq: 1, headSeq: 30 });
    await timeline.messages(hall, roomHistoryEventsMax - 24);
    await caughtUp(history);
    const head = roomHistoryEventsMax + 6;
    expect(await readAll(history, 'bob')).toEqual({ read: [...seqs(7, 10), ...seqs(21, head)], firstSeq: 7, headSeq: head });
  });

  it('shows nothing of it to who has left, and takes it off their list', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.room(hall, { joined: ['ann', 'bob'], version: 1 }, recent);
    await timeline.messages(hall, 10);
    await timeline.room(hall, { left: ['bob'], version: 2 });
    const history = await timeline.start();
    expect((await history.listConversations({ app, user: 'bob', isCurrent: true })).conversations).toEqual([]);
    expect((await history.listConversations({ app, user: 'ann' })).conversations).toMatchObject([
      { conversation: hall, firstSeq: 1, headSeq: 10, isMember: true, memberSinceSeq: 1 },
    ]);
    await expect(history.queryHistory({ ...query, viewer: 'bob' })).rejects.toMatchObject({ error: 'CONVERSATION_NOT_FOUND' });
  });

  it('keeps the end of one room from the beginning of the next of the same name', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.room(hall, { joined: ['ann', 'bob'], version: 1 }, { ...recent, speaking: { allMutedUntilMs: 7 } });
    await timeline.messages(hall, 10);
    await timeline.room(hall, { closed: true, version: 2 });
    const history = await timeline.start();
    await caughtUp(history);
    const destroyed = { exists: true, headSeq: 10, membershipVersion: 2, closed: true, members: [], speaking: undefined };
    expect(await history.getConversation(query)).toMatchObject(destroyed);
    expect(await timeline.store.conversationsOf(app, 'ann', { limit: 9 })).toEqual([]);
    await timeline.room(hall, { joined: ['bob', 'eve'], version: 3 }, recent);
    await timeline.messages(hall, 2);
    await caughtUp(history);
    for (const viewer of ['bob', 'eve', '']) {
      expect(await readAll(history, viewer)).toEqual({ read: [11, 12], firstSeq: 11, headSeq: 12 });
    }
    expect(await history.getConversation(query)).toMatchObject({
      headSeq: 12,
      membershipVersion: 3,
      closed: false,
      members: ['bob', 'eve'],
    });
    await expect(history.queryHistory({ ...query, viewer: 'ann' })).rejects.toMatchObject({ error: 'CONVERSATION_NOT_FOUND' });
  });

  it('gives a router the rules that came last', async () => {
    await using timeline = await HistoryFixture.open();
    await timeline.room(hall, { joined: ['ann'], version: 1 });
    const history = await timeline.start();
    await caughtUp(history);
    expect((await history.getConversation(query)).speaking).toBeUndefined();
    const rules = { allMutedUntilMs: 5, exempt: ['ann'], muted: [{ user: 'bob', untilMs: 9 }], banned: [{ user: 'eve', untilMs: 8 }] };
    await timeline.room(hall, { version: 2 }, { speaking: rules });
    await timeline.room(hall, { joined: ['bob'], version: 3 });
    await timeline.messages(hall, 1);
    await caughtUp(history);
    const found = { speaking: rules, membershipVersion: 3, members: ['ann', 'bob'], headSeq: 1 };
    expect(await history.getConversation(query)).toMatchObject(found);
    await timeline.room(hall, {}, { speaking: { muted: [{ user: 'ann', untilMs: 3 }] } });
    await caughtUp(history);
    const changed = { speaking: { allMutedUntilMs: 0, exempt: [], muted: [{ user: 'ann', untilMs: 3 }], banned: [] } };
    expect(await history.getConversation(query)).toMatchObject({ ...found, ...changed });
  });

  it('has an empty list for a user who entered and left 1 000 rooms', async () => {
    await using timeline = await HistoryFixture.open();
    for (let i = 0; i < 1_000; i++) {
      await timeline.room(`r:${i}`, { joined: ['ann'], version: 1 });
      await timeline.room(`r:${i}`, { left: ['ann'], version: 2 });
    }
    await timeline.room('r:last', { joined: ['ann'], version: 1 });
    const history = await timeline.start();
    const listed = await history.listConversations({ app, user: 'ann', limit: 2, isCurrent: true });
    expect([listed.conversations.map(({ conversation }) => conversation), listed.nextPage]).toEqual([['r:last'], '']);
    expect(await timeline.store.conversationsOf(app, 'ann', { limit: 9_999 })).toEqual(['r:last']);
  });
});

describe('what a room keeps on disk', () => {
  const withFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-history-'));
    try {
      await run(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const openAt = (path: string) => openLmdbHistoryStore({ path, clock: systemClock, random: seededRandom(5), flushDelayMs: 600_000 });
  const everything = { from: 0, limit: 99_999, backwards: false };

  it('is at most 2 000 events, of at most 24 hours, and nothing once it is destroyed', () =>
    withFolder(async (folder) => {
      const store = await openAt(folder);
      await using timeline = await HistoryFixture.open(store);
      const history = await timeline.start();
      await timeline.room(hall, { joined: ['ann', 'bob'], version: 1 }, recent);
      const rowsAfter = async (change: () => Promise<unknown>): Promise<number[]> => {
        await change();
        await caughtUp(history);
        await store.flush();
        return (await store.events(app, hall, everything)).map(({ seq }) => seq);
      };
      for (let i = 1; i < 15; i++) await rowsAfter(() => timeline.messages(hall, 333));
      expect(await rowsAfter(() => timeline.messages(hall, 333))).toEqual(seqs(2_996, 4_995));
      timeline.nowMs += roomHistoryMs / 2;
      expect(await rowsAfter(() => timeline.messages(hall, 5))).toEqual(seqs(3_001, 5_000));
      timeline.nowMs += roomHistoryMs / 2 + 1;
      expect(await rowsAfter(() => timeline.room(hall, { left: ['bob'], version: 2 }))).toEqual(seqs(4_996, 5_000));
      expect(await rowsAfter(() => timeline.room(hall, { closed: true, version: 3 }))).toEqual([]);
      expect(await store.members(app, hall, { limit: 10 })).toEqual([]);
    }));

  it('is the same after a crash and a replay as without it', () =>
    withFolder(async (folder) => {
      const store = await openAt(join(folder, 'live'));
      await using timeline = await HistoryFixture.open(store);
      const history = await timeline.start();
      await timeline.room(hall, { joined: ['ann', 'bob'], version: 1 }, { speaking: { allMutedUntilMs: 4 } });
      await timeline.messages(hall, 1_500);
      await timeline.room(hall, { left: ['bob'], version: 2 });
      await caughtUp(history);
      await store.flush();
      await timeline.messages(hall, 100);
      await timeline.room(hall, { joined: ['bob'], version: 3 });
      await timeline.messages(hall, 1_000);
      await timeline.room('r:gone', { joined: ['bob'], version: 1 });
      await caughtUp(history);
      await timeline.room('r:gone', { closed: true, version: 2 });
      await timeline.room(hall, { left: ['ann'], version: 4 });
      await caughtUp(history);
      // What a power cut would leave behind now.
      await cp(join(folder, 'live'), join(folder, 'after'), { recursive: true });
      const after = await openAt(join(folder, 'after'));
      expect((await after.checkpoint(0))?.position.offset).toBeLessThan((await store.checkpoint(0))?.position.offset ?? 0);
      const answersOf = async (client: History) => ({
        bob: await readAll(client, 'bob'),
        lists: (await Promise.all(['ann', 'bob'].map((user) => client.listConversations({ app, user })))).map((list) => list.conversations),
        rooms: await Promise.all([hall, 'r:gone'].map((conversation) => client.getConversation({ app, conversation }))),
      });
      const answers = await answersOf(history);
      expect(answers.bob.read).toEqual([...seqs(601, 1_500), ...seqs(1_601, 2_600)]);
      await store.flush();
      const kept = await store.events(app, hall, everything);
      const replayed = await timeline.start(after);
      await caughtUp(replayed);
      expect(await answersOf(replayed)).toEqual(answers);
      await after.flush();
      expect(await after.events(app, hall, everything)).toEqual(kept);
      await after[Symbol.asyncDispose]();
    }));

  it.each([false, true])('never answers a hole that looks like a gap while old events go, backwards: %s', async (backwards) => {
    const store = createMemoryHistoryStore({ clock: systemClock, random: seededRandom(7) });
    let beforeReading = async (): Promise<void> => {};
    const slow = overriddenStore(store, {
      events: async (...args) => {
        await beforeReading();
        return store.events(...args);
      },
    });
    await using timeline = await HistoryFixture.open(slow);
    await timeline.room(hall, { joined: ['ann'], version: 1 }, recent);
    const history = await timeline.start();
    await timeline.messages(hall, roomHistoryEventsMax);
    await caughtUp(history);
    const ask = async (fromSeq: number) => {
      const page = await history.queryHistory({ ...query, viewer: 'ann', limit: 100, backwards, fromSeq });
      return { ...page, events: page.events.map((event) => decodeConversationEvent(event).seq) };
    };
    expect(await ask(50)).toMatchObject({ firstSeq: 1, headSeq: roomHistoryEventsMax });
    beforeReading = async () => {
      beforeReading = async () => {};
      await timeline.messages(hall, 30);
      await caughtUp(history);
    };
    const page = { firstSeq: 31, headSeq: roomHistoryEventsMax };
    const expected = backwards ? { events: seqs(31, 50).toReversed(), hasMore: false } : { events: seqs(31, 130), hasMore: true };
    expect(await ask(backwards ? 50 : 1)).toMatchObject({ ...page, ...expected });
    beforeReading = async () => {
      beforeReading = async () => {};
      await timeline.messages(hall, roomHistoryEventsMax);
      await caughtUp(history);
    };
    const head = roomHistoryEventsMax + 30;
    expect(await ask(backwards ? 50 : 31)).toMatchObject({ firstSeq: head + 1, headSeq: head, events: [], hasMore: false });
  });

  it('is not shown beyond the newest 2 000 events either where a former version kept more', async () => {
    await using timeline = await HistoryFixture.open();
    const head = await timeline.messages(hall, 3_000);
    const history = await timeline.start();
    await caughtUp(history);
    const { store } = timeline;
    const row = await store.conversation(app, hall);
    const all = await store.events(app, hall, everything);
    await using old = createMemoryHistoryStore({ clock: systemClock, random: seededRandom(8) });
    const checkpoint = await store.checkpoint(0);
    if (row === undefined || checkpoint === undefined) throw new Error('nothing was projected');
    const events = [
      ...seqs(1, 1_000).map((seq) => ({ app, conversation: hall, seq, event: all[0]?.event ?? emptyBytes, countable: seq })),
      ...all,
    ];
    const none = { emptied: [], members: [], sends: [], memberships: [], departures: [], details: [] };
    await old.apply(0, { offset: 9, events, conversations: [{ ...row, keptFromSeq: 0 }], ...none, checkpoint });
    expect(await readAll(await timeline.start(old), '')).toEqual({ read: seqs(1_001, head), firstSeq: 1_001, headSeq: head });
  });
});
