import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@parley/kernel';
import { app, batchAt, count, detailRow, eventRow, eventsBatch, partition, seqsOf, textOfDetail } from '../contract/index.js';
import { compactWhereAsked } from './compaction.js';
import { type LmdbHistoryStore, openLmdbHistoryStore } from './lmdb-history-store.js';

const secret = 'a secret that was recalled';

describe('a compacted file', () => {
  let folder: string;
  let failures: unknown[];
  beforeEach(async () => {
    failures = [];
    folder = await mkdtemp(join(tmpdir(), 'parley-compaction-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const openAt = (path = folder): Promise<LmdbHistoryStore> =>
    openLmdbHistoryStore({
      path,
      clock: systemClock,
      random: systemRandom,
      flushDelayMs: 600_000,
      onCompactionFailed: (cause) => failures.push(cause),
    });
  const holdsSecret = async (path = folder): Promise<boolean> => (await readFile(join(path, 'data.mdb'))).includes(secret);

  /** A store that has replaced what was secret, closed, with the wish to be compacted. */
  async function makeFile(): Promise<void> {
    const store = await openAt();
    for (let i = 0; i < 40; i++) {
      const { events } = eventsBatch(i, 'g:a', i * 50 + 1, i * 50 + 50);
      const secrets = events.map((row) => ({ ...row, event: Buffer.from(`${secret} ${row.seq} `.repeat(8)) }));
      await store.apply(partition, { ...eventsBatch(i, 'g:a', i * 50 + 1, i * 50 + 50), events: secrets });
      await store.flush();
    }
    await store.apply(partition, batchAt(40, { details: [detailRow('s', 'k', secret), detailRow('s', 'l', secret)] }));
    await store.flush();
    for (let seq = 1; seq <= 2_000; seq += 100) {
      await store.amend(partition, { events: count(seq, seq + 99).map((each) => eventRow('g:a', each)), conversations: [], details: [] });
      await store.flush();
    }
    await store.amend(partition, {
      events: [],
      conversations: [],
      details: [detailRow('s', 'k', 'new'), { ...detailRow('s', 'l'), value: new Uint8Array(0) }],
    });
    await store.compact();
    await store[Symbol.asyncDispose]();
  }

  async function expectWhole(path = folder): Promise<void> {
    const store = await openAt(path);
    expect(await seqsOf(store, 'g:a', { from: 1, limit: 9_999 })).toEqual(count(1, 2_000));
    expect((await store.details(app, 's', { limit: 9 })).map(textOfDetail)).toEqual(['new']);
    expect(await store.checkpoint(partition)).toEqual(batchAt(40).checkpoint);
    await store[Symbol.asyncDispose]();
    expect((await readdir(path)).sort()).toEqual(['data.mdb', 'lock.mdb']);
    expect(await holdsSecret(path)).toBe(false);
  }

  it('holds nothing of what was replaced or deleted, and everything else', async () => {
    await makeFile();
    expect(await holdsSecret()).toBe(true);
    const { size } = await stat(join(folder, 'data.mdb'));
    await expectWhole();
    expect((await stat(join(folder, 'data.mdb'))).size).toBeLessThan(size);
    expect(failures).toEqual([]);
  });

  it('is made in the end, wherever a crash comes', async () => {
    await makeFile();
    const states = ['not begun', 'a copy in part', 'a whole copy', 'the copy in place', 'everything but the marker gone'];
    for (const [index, state] of states.entries()) {
      const path = `${folder}-${index}`;
      await cp(folder, path, { recursive: true });
      await leaveBehind(path, state);
      await expectWhole(path);
      await rm(path, { recursive: true });
    }
  });

  async function leaveBehind(path: string, state: string): Promise<void> {
    const copy = join(path, 'compacted');
    if (state === 'not begun') return;
    if (state !== 'everything but the marker gone') await mkdir(copy);
    if (state === 'a copy in part') {
      await writeFile(join(copy, 'data.mdb'), (await readFile(join(path, 'data.mdb'))).subarray(0, 10_000));
      return;
    }
    const whole = `${path}-whole`;
    await cp(folder, whole, { recursive: true });
    await (await openAt(whole))[Symbol.asyncDispose]();
    if (existsSync(copy)) await cp(join(whole, 'data.mdb'), join(copy, 'data.mdb'));
    if (state === 'the copy in place') await rename(join(copy, 'data.mdb'), join(path, 'data.mdb'));
    if (state === 'everything but the marker gone') await cp(join(whole, 'data.mdb'), join(path, 'data.mdb'));
    await rm(whole, { recursive: true });
  }

  it('stays the old one while there can be no copy, and is made when there can', async () => {
    await makeFile();
    const before = await readFile(join(folder, 'data.mdb'));
    const options = { path: folder, purpose: 'history', format: 2, random: systemRandom };
    const failed = compactWhereAsked(options, () => Promise.reject(new Error('no space left')));
    await expect(failed).rejects.toThrow('no space left');
    expect(Buffer.compare(await readFile(join(folder, 'data.mdb')), before)).toBe(0);
    await expectWhole();
  });

  it('does not keep a store from opening when it cannot be made', async () => {
    await makeFile();
    // A marker that cannot be removed, so that the last step fails.
    await rm(join(folder, 'compaction-asked-for'));
    await mkdir(join(folder, 'compaction-asked-for'));
    const store = await openAt();
    expect(await seqsOf(store, 'g:a', { from: 1, limit: 9_999 })).toEqual(count(1, 2_000));
    await store[Symbol.asyncDispose]();
    expect(failures).toHaveLength(1);
  });

  it('is not wished for any more after a wipe', async () => {
    const store = await openAt();
    await store.apply(partition, eventsBatch(0, 'g:a', 1, 9));
    await store.compact();
    await store.wipe();
    expect((await readdir(folder)).sort()).toEqual(['data.mdb', 'lock.mdb']);
    await store[Symbol.asyncDispose]();
  });
});
