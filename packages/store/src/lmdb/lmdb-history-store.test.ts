import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, partitionOf, systemClock, systemRandom } from '@parley/kernel';
import {
  app,
  batchAt,
  conversationRow,
  count,
  detailRow,
  eventBytes,
  eventRow,
  eventsBatch,
  partition,
  sendRow,
  seqsOf,
  textOfDetail,
} from '../contract/index.js';
import { boundsOf, pageOfDetails } from '../detail-range.js';
import type { DetailRow } from '../history-store.js';
import { storeLimits } from '../limits.js';
import { HistoryDatabase } from './history-database.js';
import { LmdbEnvironment } from './lmdb-environment.js';
import { type LmdbHistoryStore, openLmdbHistoryStore } from './lmdb-history-store.js';
import { openLmdbPushStore } from './lmdb-push-store.js';
import { PendingDetails } from './pending-details.js';
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

  it('keeps apart what is being written of a space and what came since', async () => {
    const store = await openAt('live');
    const [space, gone] = ['s', new Uint8Array(0)];
    await store.apply(partition, batchAt(0, { details: [detailRow(space, 'a', 'old'), detailRow(space, 'b', 'old')] }));
    await store.flush();
    await store.apply(partition, batchAt(1, { details: [detailRow(space, 'a', 'written'), { ...detailRow(space, 'b'), value: gone }] }));
    const flushing = store.flush();
    await store.apply(partition, batchAt(2, { details: [{ ...detailRow(space, 'a'), value: gone }, detailRow(space, 'b', 'new')] }));
    const expectNewest = async (): Promise<void> => {
      expect(await store.detail({ app, space, key: 'a' })).toBeUndefined();
      expect((await store.details(app, space, { limit: 9 })).map(textOfDetail)).toEqual(['new']);
      expect((await store.details(app, space, { limit: 1, isBackwards: true })).map(textOfDetail)).toEqual(['new']);
    };
    await expectNewest();
    await flushing;
    await expectNewest();
    await store.flush();
    await expectNewest();
    await store[Symbol.asyncDispose]();
  });

  it('writes the rows of a space with the checkpoint of the partition that they come from', async () => {
    const store = await openAt('live');
    await store.apply(1, batchAt(0, { details: [detailRow('s', 'a')] }));
    await store.apply(2, batchAt(0, { details: [detailRow('s', 'b')] }));
    await store.flush();
    await store.apply(1, batchAt(1, { details: [detailRow('s', 'a', 'new')] }));
    const flushing = store.flush();
    await store.apply(2, batchAt(1, { details: [detailRow('s', 'b', 'new')] }));
    await flushing;
    await cp(join(folder, 'live'), join(folder, 'after'), { recursive: true });
    await store[Symbol.asyncDispose]();
    const after = await openAt('after');
    expect([...(await after.checkpoints()).values()].map(({ position }) => position.offset)).toEqual([2, 1]);
    expect((await after.details(app, 's', { limit: 9 })).map(textOfDetail)).toEqual(['new', 's b']);
    await after[Symbol.asyncDispose]();
  });

  it('reads no further in a space than a page goes', async () => {
    const store = await openAt('live');
    const rows = count(10_000, 19_999).map((key) => detailRow('s', String(key)));
    await store.apply(partition, batchAt(0, { details: rows }));
    await store.flush();
    const environment = new LmdbEnvironment({ path: join(folder, 'live'), purpose: 'history', format: 2, random: systemRandom });
    const within = { bounds: boundsOf({ limit: 0 }), isBackwards: false };
    let read = 0;
    function* counted(): Generator<DetailRow> {
      for (const row of new HistoryDatabase(environment, systemClock).details(app, 's', within)) {
        read += 1;
        yield row;
      }
    }
    const pending = new PendingDetails();
    pending.add({}, { ...detailRow('s', '10001'), value: new Uint8Array(0) });
    pending.add({}, detailRow('s', '10000', 'new'));
    expect(pageOfDetails(pending.over(counted(), { app, space: 's' }, within), 3).map(textOfDetail)).toEqual(['new', 's 10002', 's 10003']);
    expect(read).toBeLessThan(7);
    await environment.close();
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

  it('reads the events of the first format, and no former version reads what is written now', async () => {
    const path = join(folder, 'live');
    const old = new LmdbEnvironment({ path, purpose: 'history', format: 1, random: systemRandom });
    const key = new RowKey()
      .start(partitionOf(app, 'g:a', 256))
      .part(app)
      .part('g:a');
    // As protobuf begins: a tag of field 1.
    const bare = Uint8Array.of(10, 3, 1, 2, 3);
    const { epoch } = old;
    await old.transaction(() => {
      void old.database('events').put(key.withNumber(1), bare);
      void old.database('events').put(key.withNumber(2), bare);
    });
    await old.close();

    const store = await openAt('live');
    expect(await store.epoch()).toBe(epoch);
    await store.apply(
      partition,
      batchAt(0, {
        events: [
          { ...eventRow('g:a', 2), countable: 2 },
          { ...eventRow('g:a', 3), countable: 3 },
        ],
      }),
    );
    await store.flush();
    const rows = await store.events(app, 'g:a', { from: 1, limit: 9, backwards: false });
    const texts = rows.map(({ event, countable }) => [Buffer.from(event).toString(), countable]);
    const textOf = (seq: number): string => Buffer.from(eventBytes(app, 'g:a', seq)).toString();
    expect(texts).toEqual([
      [Buffer.from(bare).toString(), 0],
      [textOf(2), 2],
      [textOf(3), 3],
    ]);
    await store[Symbol.asyncDispose]();
    const openOld = (): LmdbEnvironment => new LmdbEnvironment({ path, purpose: 'history', format: 1, random: systemRandom });
    expect(openOld).toThrow(/has format 2; this version of Parley reads formats up to 1/);
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

  it('refuses a batch that waited for room while the store was wiped', async () => {
    const path = join(folder, 'live');
    const options = { path, clock: systemClock, random: systemRandom, flushDelayMs: 600_000, pendingBytesMax: 1 };
    const store = await openLmdbHistoryStore(options);
    await store.apply(partition, eventsBatch(0, 'g:a', 1, 1));
    const waiting = store.apply(partition, eventsBatch(1, 'g:a', 2, 2));
    const wiped = store.wipe();
    await expect(waiting).rejects.toMatchObject({ name: 'HistoryWipedError' });
    await wiped;
    expect(await seqsOf(store, 'g:a', { from: 1, limit: 9 })).toEqual([]);
    await store[Symbol.asyncDispose]();
  });

  it('refuses an id that cannot be part of a key, and nothing else with it', async () => {
    let store = await openAt('live');
    await expect(store.apply(partition, eventsBatch(0, 'g:a\0b', 1, 1))).rejects.toThrow(/zero byte/);
    await expect(store.apply(partition, eventsBatch(0, `g:${'a'.repeat(200)}`, 1, 1))).rejects.toThrow(/at most 128/);
    const refused = [detailRow('s', 'a\0b'), detailRow('s', 'a'.repeat(257)), detailRow('a'.repeat(257), 'k'), detailRow('s', '\ud83d')];
    for (const row of refused) await expect(store.apply(partition, batchAt(0, { details: [row] }))).rejects.toThrow(RangeError);
    const [row] = refused as [DetailRow];
    await expect(store.amend(partition, { events: [], conversations: [], details: [row] })).rejects.toThrow(RangeError);
    await store.flush();
    // A checkpoint of what was refused would be a hole after the next start.
    expect((await store.checkpoints()).size).toBe(0);
    await store[Symbol.asyncDispose]();
    store = await openAt('live');
    expect((await store.checkpoints()).size).toBe(0);
    await store.apply(partition, eventsBatch(0, 'g:a', 1, 1));
    await store.flush();
    expect(await seqsOf(store, 'g:a', { from: 1, limit: 9 })).toEqual([1]);
    await store[Symbol.asyncDispose]();
  });
});
