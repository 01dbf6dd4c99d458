import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, partitionOf, systemClock, systemRandom } from '@parley/kernel';
import { app, batchAt, conversationRow, count, eventRow, eventsBatch, partition, sendRow, seqsOf } from '../contract/index.js';
import { storeLimits } from '../limits.js';
import { LmdbEnvironment } from './lmdb-environment.js';
import { type LmdbHistoryStore, openLmdbHistoryStore } from './lmdb-history-store.js';
import { openLmdbPushStore } from './lmdb-push-store.js';
import { RowArena } from './row-arena.js';
import { RowKey } from './row-key.js';
import { SendDayDatabases } from './send-day-databases.js';

const dayMs = 86_400_000;

describe('the history in LMDB', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-store-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const openAt = (name: string, clock: Clock = systemClock): Promise<LmdbHistoryStore> =>
    openLmdbHistoryStore({ path: join(folder, name), clock, random: systemRandom, flushDelayMs: 600_000 });

  it('loses rows only together with the checkpoint that covers them', async () => {
    const store = await openAt('live');
    await store.apply(partition, eventsBatch(9, 'g:a', 1, 10));
    await store.apply(4, eventsBatch(4, 'g:b', 1, 5));
    await store.flush();
    await store.apply(partition, eventsBatch(19, 'g:a', 11, 20));
    await store.apply(5, eventsBatch(0, 'g:c', 1, 1));
    // What a power cut would leave behind now.
    await cp(join(folder, 'live'), join(folder, 'after'), { recursive: true });
    await store[Symbol.asyncDispose]();

    const after = await openAt('after');
    expect([...(await after.checkpoints()).keys()]).toEqual([partition, 4]);
    expect((await after.checkpoint(partition))?.position.offset).toBe(10);
    expect((await after.conversation(app, 'g:a'))?.headSeq).toBe(10);
    expect(await seqsOf(after, 'g:a', { from: 1, limit: 50 })).toEqual(count(1, 10));
    expect(await seqsOf(after, 'g:c', { from: 1, limit: 50 })).toEqual([]);
    await after.apply(partition, eventsBatch(19, 'g:a', 11, 20));
    expect(await seqsOf(after, 'g:a', { from: 1, limit: 50 })).toEqual(count(1, 20));
    await after[Symbol.asyncDispose]();
  });

  it('reads a page that lies partly on disk, partly in memory', async () => {
    const store = await openAt('live');
    await store.apply(partition, eventsBatch(9, 'g:a', 1, 10));
    await store.flush();
    await store.apply(partition, eventsBatch(19, 'g:a', 11, 20));
    const flushing = store.flush();
    await store.apply(partition, eventsBatch(29, 'g:a', 21, 30));
    expect(await seqsOf(store, 'g:a', { from: 5, limit: 20 })).toEqual(count(5, 24));
    expect(await seqsOf(store, 'g:a', { from: 25, limit: 20, backwards: true })).toEqual(count(25, 6));
    await flushing;
    expect(await seqsOf(store, 'g:a', { from: 1, limit: 99 })).toEqual(count(1, 30));
    await store[Symbol.asyncDispose]();
  });

  it('keeps apart what is being written of a user and what came since', async () => {
    const store = await openAt('live');
    const row = { app, user: 'alice', conversation: 'r:hall' };
    for (let at = 0; at < 9; at += 3) {
      await store.apply(partition, batchAt(at, { memberships: [row] }));
      const entering = store.flush();
      await store.apply(partition, batchAt(at + 1, { departures: [row] }));
      await entering;
      expect(await store.conversationsOf(app, 'alice', { limit: 9 })).toEqual([]);
      const leaving = store.flush();
      await store.apply(partition, batchAt(at + 2, { memberships: [row] }));
      await leaving;
      expect(await store.conversationsOf(app, 'alice', { limit: 9 })).toEqual(['r:hall']);
    }
    await store[Symbol.asyncDispose]();
  });

  it('drops the sends of a day as a whole once it is over', async () => {
    let now = 20_000 * dayMs + 5;
    const clock: Clock = { ...systemClock, now: () => now };
    const store = await openAt('live', clock);
    const old = sendRow('g:a', 1, { timeMs: now, clientMsgId: 'old' });
    await store.apply(partition, batchAt(0, { sends: [old] }));
    await store.flush();
    now += 7 * dayMs - 1;
    expect(await store.findSend(app, 'g:a', 'alice', 'old')).toEqual(old);
    now += dayMs;
    expect(await store.findSend(app, 'g:a', 'alice', 'old')).toBeUndefined();
    const young = sendRow('g:a', 2, { timeMs: now, clientMsgId: 'young' });
    await store.apply(partition, batchAt(1, { sends: [young] }));
    await store.flush();
    expect(await store.findSend(app, 'g:a', 'alice', 'young')).toEqual(young);
    await store[Symbol.asyncDispose]();

    const environment = new LmdbEnvironment({ path: join(folder, 'live'), purpose: 'history', format: 2, random: systemRandom });
    now -= 8 * dayMs;
    expect(new SendDayDatabases(environment, clock).newestFirst()).toHaveLength(1);
    await environment.close();
  });

  it('reads a conversation as the first layout had it', async () => {
    const environment = new LmdbEnvironment({ path: join(folder, 'live'), purpose: 'history', format: 2, random: systemRandom });
    const arena = new RowArena();
    arena.begin(1);
    for (const value of [300, 299, 1_700_000_000_000, 7, 1]) arena.uint(value);
    const key = new RowKey()
      .start(partitionOf(app, 'r:hall', 256))
      .part(app)
      .part('r:hall');
    await environment.transaction(() => void environment.database('conversations').put(key.prefix(), arena.end()));
    await environment.close();

    const store = await openAt('live');
    const row = await store.conversation(app, 'r:hall');
    expect(row).toMatchObject({ headSeq: 300, countable: 299, updatedMs: 1_700_000_000_000, membershipVersion: 7, closed: true });
    expect(row).toMatchObject({ speaking: new Uint8Array(0), historyAccess: 0, keptFromSeq: 0 });
    await store[Symbol.asyncDispose]();
  });

  it('says which row a newer version wrote', async () => {
    const environment = new LmdbEnvironment({ path: join(folder, 'live'), purpose: 'history', format: 2, random: systemRandom });
    const key = new RowKey()
      .start(partitionOf(app, 'r:hall', 256))
      .part(app)
      .part('r:hall');
    await environment.transaction(() => void environment.database('conversations').put(key.prefix(), Uint8Array.of(4, 0)));
    await environment.close();
    const store = await openAt('live');
    await expect(store.conversation(app, 'r:hall')).rejects.toThrow(/layout 4: written by a newer version/);
    await store[Symbol.asyncDispose]();
  });

  it('deletes what a room held before there was a bound in steps', async () => {
    const store = await openAt('live');
    for (let first = 1; first <= 9_001; first += 1_000) await store.apply(partition, eventsBatch(first, 'r:hall', first, first + 999));
    await store.flush();
    const rowsAfter = async (head: number): Promise<number> => {
      const row = conversationRow('r:hall', head, { keptFromSeq: head - 99 });
      await store.apply(partition, batchAt(head, { events: [eventRow('r:hall', head)], conversations: [row] }));
      await store.flush();
      return (await seqsOf(store, 'r:hall', { from: 0, limit: 99_999 })).length;
    };
    expect([await rowsAfter(10_001), await rowsAfter(10_002), await rowsAfter(10_003)]).toEqual([
      10_001 - storeLimits.retiredPerWriteMax,
      10_002 - 2 * storeLimits.retiredPerWriteMax,
      100,
    ]);
    await store[Symbol.asyncDispose]();
  });

  it('refuses the folder of another kind of store', async () => {
    const store = await openAt('live');
    await store[Symbol.asyncDispose]();
    const options = { path: join(folder, 'live'), clock: systemClock, random: systemRandom };
    await expect(openLmdbPushStore(options)).rejects.toThrow(/holds the store "history"/);
  });

  it('refuses an id that cannot be part of a key, and nothing else with it', async () => {
    const store = await openAt('live');
    await expect(store.apply(partition, eventsBatch(0, 'g:a\0b', 1, 1))).rejects.toThrow(/zero byte/);
    await expect(store.apply(partition, eventsBatch(0, `g:${'a'.repeat(200)}`, 1, 1))).rejects.toThrow(/at most 128/);
    await store.apply(partition, eventsBatch(0, 'g:a', 1, 1));
    await store.flush();
    expect(await seqsOf(store, 'g:a', { from: 1, limit: 9 })).toEqual([1]);
    await store[Symbol.asyncDispose]();
  });
});
