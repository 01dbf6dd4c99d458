import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '@parley/kernel';
import type { HistoryStore } from '../history-store.js';
import { storeLimits } from '../limits.js';
import { describeAmendments } from './amend-contract.js';
import { describeDetails } from './detail-rows-contract.js';
import { describeModel } from './model-contract.js';
import { describeRoomRows } from './room-rows-contract.js';
import { describeWipe } from './wipe-contract.js';
import { app, batchAt, conversationRow, count, eventRow, eventsBatch, memberRow, partition, sendRow, seqsOf } from './history-rows.js';

/** A place where a history lives, of which several tests in a row may each have one. */
export interface HistoryStoreHome {
  readonly clock: Clock;
  /** Opens the store; again after it was disposed, where the store outlives it. */
  open(): Promise<HistoryStore>;
  /** Deletes everything, so that the next `open` makes a new store. */
  wipe(): Promise<void>;
  /** Whether rows are still there after the store was closed and opened again. */
  readonly isPersistent: boolean;
  /** Whether events below `keptFromSeq` are deleted; otherwise they have a time to live. */
  readonly deletesRetired: boolean;
  /** Loses what is in memory only, where there is such: the next `open` finds what is on disk now. */
  readonly crash?: () => Promise<void>;
  /** How many random histories are tried; 30 by default. */
  readonly randomRuns?: number;
  dispose(): Promise<void>;
}

/** What every HistoryStore promises; the factory makes an empty home per test. */
export function historyStoreContract(name: string, createHome: () => Promise<HistoryStoreHome>): void {
  describe(`HistoryStore: ${name}`, () => {
    let home: HistoryStoreHome;
    let store: HistoryStore;
    beforeEach(async () => {
      home = await createHome();
      store = await home.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await home.dispose();
    });
    const reopen = async (): Promise<void> => {
      await store[Symbol.asyncDispose]();
      store = await home.open();
    };
    const suite: HistorySuite = { store: () => store, home: () => home, reopen };
    describePaging(suite);
    describeReplay(suite);
    describeRows(suite);
    describeRoomRows(suite);
    describeSends(suite);
    describeLifetime(suite);
    describeDetails(suite);
    describeAmendments(suite);
    describeWipe(suite);
    describeModel(suite);
  });
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a group of tests works on. */
export interface HistorySuite {
  store(): HistoryStore;
  home(): HistoryStoreHome;
  reopen(): Promise<void>;
}

function describePaging({ store, home, reopen }: HistorySuite): void {
  it('has nothing at first', async () => {
    expect(await store().checkpoint(partition)).toBeUndefined();
    expect((await store().checkpoints()).size).toBe(0);
    expect(await store().conversation(app, 'g:a')).toBeUndefined();
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 10 })).toEqual([]);
    expect(await seqsOf(store(), 'g:a', { from: 99, limit: 10, backwards: true })).toEqual([]);
    expect(await store().member(app, 'g:a', 'alice')).toBeUndefined();
    expect(await store().conversationsOf(app, 'alice', { limit: 10 })).toEqual([]);
  });

  it('pages both ways, with `from` included', async () => {
    await store().apply(partition, eventsBatch(0, 'g:a', 1, 30));
    expect(await seqsOf(store(), 'g:a', { from: 5, limit: 4 })).toEqual([5, 6, 7, 8]);
    expect(await seqsOf(store(), 'g:a', { from: 5, limit: 4, backwards: true })).toEqual([5, 4, 3, 2]);
    expect(await seqsOf(store(), 'g:a', { from: 0, limit: 2 })).toEqual([1, 2]);
    expect(await seqsOf(store(), 'g:a', { from: 29, limit: 10 })).toEqual([29, 30]);
    expect(await seqsOf(store(), 'g:a', { from: 2, limit: 10, backwards: true })).toEqual([2, 1]);
    expect(await seqsOf(store(), 'g:a', { from: 31, limit: 10 })).toEqual([]);
    expect(await seqsOf(store(), 'g:a', { from: Number.MAX_SAFE_INTEGER, limit: 2, backwards: true })).toEqual([30, 29]);
    expect(await seqsOf(store(), 'g:a', { from: 0, limit: 5, backwards: true })).toEqual([]);
  });

  it('reads a page over the border of a bucket of 4096', async () => {
    await store().apply(partition, eventsBatch(0, 'g:a', 4_000, 4_300));
    expect(await seqsOf(store(), 'g:a', { from: 4_090, limit: 12 })).toEqual(count(4_090, 4_101));
    expect(await seqsOf(store(), 'g:a', { from: 4_101, limit: 12, backwards: true })).toEqual(count(4_101, 4_090));
    expect(await seqsOf(store(), 'g:a', { from: 4_096, limit: 1 })).toEqual([4_096]);
    expect(await seqsOf(store(), 'g:a', { from: 4_095, limit: 1, backwards: true })).toEqual([4_095]);
  });

  it('reads a history that begins late, both ways', async () => {
    await store().apply(partition, eventsBatch(0, 'g:a', 20_470, 20_490));
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 15 })).toEqual(count(20_470, 20_484));
    expect(await seqsOf(store(), 'g:a', { from: 30_000, limit: 99, backwards: true })).toEqual(count(20_490, 20_470));
    expect(await seqsOf(store(), 'g:a', { from: 20_469, limit: 9, backwards: true })).toEqual([]);
    expect(await seqsOf(store(), 'g:a', { from: 20_491, limit: 9 })).toEqual([]);
  });

  it('gives 10 000 messages back, complete and in order, also after it was reopened', async () => {
    for (let first = 1; first <= 10_000; first += 250) {
      await store().apply(partition, eventsBatch(first, 'u:alice|bob', first, first + 249));
    }
    const readAll = async (): Promise<readonly number[]> => {
      const seqs: number[] = [];
      for (;;) {
        const page = await seqsOf(store(), 'u:alice|bob', { from: (seqs.at(-1) ?? 0) + 1, limit: 100 });
        if (page.length === 0) return seqs;
        seqs.push(...page);
      }
    };
    expect(await readAll()).toEqual(count(1, 10_000));
    if (!home().isPersistent) return;
    await reopen();
    expect(await readAll()).toEqual(count(1, 10_000));
  }, 60_000);

  it('keeps rows apart whose ids begin alike, and apps that use the same ids', async () => {
    const ids = ['g:a', 'g:a.b', 'g:a-b', 'g:a_', 'u:a|b', 'u:a|b.c', 'u:a.b|c'];
    let offset = 0;
    for (const id of ids) {
      await store().apply(partition, eventsBatch(offset++, id, 1, 3));
      await store().apply(partition, eventsBatch(offset++, id, 1, 5, 'other'));
    }
    await store().apply(partition, eventsBatch(offset++, 'g:a', 1, 7, 'demo.b'));
    for (const id of ids) {
      expect(await seqsOf(store(), id, { from: 1, limit: 10 })).toEqual([1, 2, 3]);
      expect(await seqsOf(store(), id, { from: 9, limit: 10, backwards: true }, 'other')).toEqual([5, 4, 3, 2, 1]);
      expect((await store().conversation(app, id))?.headSeq).toBe(3);
      expect((await store().conversation('other', id))?.headSeq).toBe(5);
    }
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 10 }, 'demo.b')).toEqual(count(1, 7));
  });

  it('shows readers a growing history without gaps while it is written', async () => {
    let isWriting = true;
    const read = async (): Promise<number> => {
      let seen = 0;
      while (isWriting) {
        const head = (await store().conversation(app, 'g:a'))?.headSeq ?? 0;
        expect(head).toBeGreaterThanOrEqual(seen);
        seen = head;
        const newest = await seqsOf(store(), 'g:a', { from: Math.max(1, head), limit: 20, backwards: true });
        if (head > 0) expect(newest).toEqual(count(head, Math.max(1, head - 19)));
        await nextTurn();
      }
      return seen;
    };
    const readers = [read(), read(), read()];
    for (let batch = 0; batch < 60; batch++) {
      await store().apply(partition, eventsBatch(batch, 'g:a', batch * 40 + 1, batch * 40 + 40));
      await nextTurn();
    }
    isWriting = false;
    for (const seen of await Promise.all(readers)) expect(seen).toBeGreaterThan(0);
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 3_000 })).toEqual(count(1, 2_400));
  }, 60_000);

  it('returns large events unchanged', async () => {
    const event = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251);
    await store().apply(partition, batchAt(0, { events: [{ ...eventRow('g:a', 1), event }] }));
    if (home().isPersistent) await reopen();
    const [row] = await store().events(app, 'g:a', { from: 1, limit: 1, backwards: false });
    expect(Uint8Array.from(row?.event ?? [])).toEqual(event);
  });
}

function describeReplay({ store, home, reopen }: HistorySuite): void {
  const first = batchAt(10, {
    events: [eventRow('g:a', 1), eventRow('g:a', 2)],
    conversations: [conversationRow('g:a', 2, { membershipVersion: 1 })],
    members: [memberRow('g:a', 'alice')],
    memberships: [{ app, user: 'alice', conversation: 'g:a' }],
  });
  const second = batchAt(20, {
    events: [eventRow('g:a', 3)],
    conversations: [conversationRow('g:a', 3, { membershipVersion: 2, closed: true })],
    members: [memberRow('g:a', 'alice', { version: 2, spans: [{ from: 1, to: 3 }] })],
  });
  const expectSecond = async (): Promise<void> => {
    expect(await store().checkpoint(partition)).toEqual(second.checkpoint);
    expect(await store().conversation(app, 'g:a')).toEqual(second.conversations[0]);
    expect(await store().member(app, 'g:a', 'alice')).toEqual(second.members[0]);
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 10 })).toEqual([1, 2, 3]);
    expect(await store().conversationsOf(app, 'alice', { limit: 10 })).toEqual(['g:a']);
  };

  it('changes nothing when a batch is applied again', async () => {
    await store().apply(partition, first);
    await store().apply(partition, second);
    await store().apply(partition, second);
    await expectSecond();
  });

  it('goes back neither with heads nor with members nor with the checkpoint when older batches are replayed', async () => {
    await store().apply(partition, first);
    await store().apply(partition, second);
    await store().apply(partition, first);
    await expectSecond();
    if (!home().isPersistent) return;
    await reopen();
    await store().apply(partition, first);
    await expectSecond();
  });

  it('applies a batch of other size that repeats what is there and goes beyond it', async () => {
    await store().apply(partition, first);
    await store().apply(partition, { ...second, events: [...first.events, ...second.events] });
    await expectSecond();
  });

  it('keeps a checkpoint per partition', async () => {
    await store().apply(0, eventsBatch(5, 'g:a', 1, 1));
    await store().apply(15, eventsBatch(900, 'g:b', 1, 1));
    await store().apply(0, eventsBatch(6, 'g:a', 2, 2));
    if (home().isPersistent) await reopen();
    const checkpoints = await store().checkpoints();
    expect([...checkpoints.keys()].sort((a, b) => a - b)).toEqual([0, 15]);
    expect(checkpoints.get(0)).toEqual(batchAt(6).checkpoint);
    expect(await store().checkpoint(15)).toEqual(batchAt(900).checkpoint);
    expect(await store().checkpoint(1)).toBeUndefined();
  });

  it('keeps the checkpoint of a topic that nobody has claimed yet', async () => {
    const start = { offset: 0, fence: -1, index: 0 };
    const checkpoint = { position: start, tail: start, timeMs: 0 };
    await store().apply(partition, batchAt(0, { checkpoint }));
    if (home().isPersistent) await reopen();
    expect(await store().checkpoint(partition)).toEqual(checkpoint);
  });
}

function describeRows({ store, home, reopen }: HistorySuite): void {
  it('keeps the spans of a member, open and closed', async () => {
    const rows = [
      memberRow('g:a', 'alice', { version: 9, spans: [{ from: 1, to: 4 }, { from: 7, to: 6 }, { from: 12 }] }),
      memberRow('g:a', 'bob', { version: 3, spans: [] }),
      memberRow('g:a', 'carol', { version: 2 ** 40, spans: [{ from: 1, to: 0 }] }),
    ];
    await store().apply(partition, batchAt(0, { members: rows }));
    if (home().isPersistent) await reopen();
    for (const row of rows) expect(await store().member(app, 'g:a', row.user)).toEqual(row);
  });

  it('pages members by user id, each once, with what is new among them', async () => {
    const users = ['a', 'a.b', 'a-b', 'a_b', 'A', 'b', 'ab', '0', 'z9'];
    const sorted = [...users].sort((a, b) => (a < b ? -1 : 1));
    await store().apply(partition, batchAt(0, { members: users.filter((_, i) => i % 2 === 0).map((user) => memberRow('g:a', user)) }));
    if (home().isPersistent) await reopen();
    const rest = users.filter((_, i) => i % 2 === 1 || i === 0).map((user) => memberRow('g:a', user, { version: 2 }));
    await store().apply(partition, batchAt(1, { members: [...rest, memberRow('g:a.b', 'nobody')] }));
    const seen: string[] = [];
    for (;;) {
      const after = seen.at(-1);
      const page = await store().members(app, 'g:a', { limit: 2, ...(after === undefined ? {} : { after }) });
      if (page.length === 0) break;
      seen.push(...page.map((row) => row.user));
    }
    expect(seen).toEqual(sorted);
    expect((await store().members(app, 'g:a', { after: '0', limit: 9 })).find((row) => row.user === 'a')?.version).toBe(2);
    expect(await store().members(app, 'g:a', { after: 'zz', limit: 9 })).toEqual([]);
  });

  it('pages the conversations of a user, sorted', async () => {
    const conversations = ['u:a|alice', 'g:b', 'g:a', 'g:a.b', 'u:alice|b', 'r:z'];
    const memberships = conversations.map((conversation) => ({ app, user: 'alice', conversation }));
    await store().apply(partition, batchAt(0, { memberships: memberships.slice(0, 3) }));
    if (home().isPersistent) await reopen();
    const strangers = [
      { app, user: 'alice.b', conversation: 'g:other' },
      { app: 'other', user: 'alice', conversation: 'g:other' },
    ];
    await store().apply(partition, batchAt(1, { memberships: [...memberships.slice(2), ...strangers] }));
    const first = await store().conversationsOf(app, 'alice', { limit: 4 });
    expect(first).toEqual(['g:a', 'g:a.b', 'g:b', 'r:z']);
    expect(await store().conversationsOf(app, 'alice', { after: 'r:z', limit: 4 })).toEqual(['u:alice|b', 'u:a|alice'].sort());
    expect(await store().conversationsOf('other', 'alice', { limit: 4 })).toEqual(['g:other']);
  });
}

function describeSends({ store, home, reopen }: HistorySuite): void {
  it('finds a send by its sender and client id, and no other', async () => {
    const now = home().clock.now();
    const sends = [
      sendRow('g:a', 1, { timeMs: now, clientMsgId: 'x' }),
      sendRow('g:a', 2, { timeMs: now - 1, clientMsgId: 'x', sender: 'bob' }),
      sendRow('g:a.b', 3, { timeMs: now - 3 * 86_400_000, clientMsgId: 'x' }),
      sendRow('g:a', 4, { timeMs: now, clientMsgId: 'é|x y/☃', bodyHash: 0 }),
    ];
    await store().apply(partition, batchAt(0, { sends }));
    if (home().isPersistent) await reopen();
    expect(await store().findSend(app, 'g:a', 'alice', 'x')).toEqual(sends[0]);
    expect(await store().findSend(app, 'g:a', 'bob', 'x')).toEqual(sends[1]);
    expect(await store().findSend(app, 'g:a.b', 'alice', 'x')).toEqual(sends[2]);
    expect(await store().findSend(app, 'g:a', 'alice', 'é|x y/☃')).toEqual(sends[3]);
    expect(await store().findSend(app, 'g:a', 'carol', 'x')).toBeUndefined();
    expect(await store().findSend(app, 'g:a', 'alice', 'X')).toBeUndefined();
    expect(await store().findSend('other', 'g:a', 'alice', 'x')).toBeUndefined();
  });

  it('forgets sends of more than seven days', async () => {
    const now = home().clock.now();
    const old = sendRow('g:a', 1, { timeMs: now - storeLimits.sendsKeptMs - 1, clientMsgId: 'old' });
    const young = sendRow('g:a', 2, { timeMs: now - storeLimits.sendsKeptMs + 60_000, clientMsgId: 'young' });
    await store().apply(partition, batchAt(0, { sends: [old, young] }));
    expect(await store().findSend(app, 'g:a', 'alice', 'old')).toBeUndefined();
    expect(await store().findSend(app, 'g:a', 'alice', 'young')).toEqual(young);
  });
}

function describeLifetime({ store, home, reopen }: HistorySuite): void {
  it('has an epoch that a reopened store keeps and a wiped store does not', async () => {
    const epoch = await store().epoch();
    expect(epoch).toMatch(/^[0-9a-v]{16,}$/);
    expect(await store().epoch()).toBe(epoch);
    if (home().isPersistent) {
      await reopen();
      expect(await store().epoch()).toBe(epoch);
    }
    await store().apply(partition, eventsBatch(0, 'g:a', 1, 1));
    await store()[Symbol.asyncDispose]();
    await home().wipe();
    await reopen();
    expect(await store().epoch()).not.toBe(epoch);
    expect(await store().checkpoint(partition)).toBeUndefined();
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 1 })).toEqual([]);
  });
}
