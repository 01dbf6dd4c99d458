import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { fileStore } from '../src/local-store/file-store.js';
import type { IdbGlobals, IdbLocks } from '../src/local-store/indexed-db.js';
import { indexedDbStore } from '../src/local-store/indexed-db-store.js';
import type { LocalStore } from '../src/local-store/local-store.js';
import { memoryStore } from '../src/local-store/memory-store.js';
import { ManualClock } from '../src/fake/manual-clock.js';
import { type Reopen, storePromises } from './local-store-contract.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-store-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(folder, 'deeper', `store-${++files}.json`);

const factories: Readonly<Record<string, () => Reopen>> = {
  'in memory': () => {
    const store = memoryStore();
    return () => store;
  },
  'in a file': () => {
    const path = newPath();
    return () => fileStore(path);
  },
  'in IndexedDB': () => {
    const globals = pageGlobals();
    return () => indexedDbStore('chat', { globals });
  },
};

const pageGlobals = (): IdbGlobals => ({ indexedDB: new IDBFactory() as never, IDBKeyRange: IDBKeyRange as never });

describe.each(Object.entries(factories))('a store %s', (_, make) => {
  it.each(storePromises.map(({ promise, check }) => [promise, check] as const))('%s', (_promise, check) => check(make()));
});

const text = (n: number): Uint8Array => new Uint8Array(1_000).fill(n % 256);
const said = (seq: number) => ({ type: 'event', conversation: 'g:team', value: { seq, event: text(seq) } }) as const;
const seqsOf = async (store: LocalStore): Promise<readonly number[]> =>
  (await store.events('g:team', { fromSeq: 0, toSeq: 1e9 })).map(({ seq }) => seq);

describe('a store in a file', () => {
  it('forgets a write that a crash has cut short, and goes on behind the one before', async () => {
    const path = newPath();
    const store = fileStore(path);
    await store.open('ann');
    await store.write([said(1)]);
    await store.write([said(2), said(3)]);
    await store.close();
    const whole = await readFile(path);
    for (const cut of [1, 2, 1_500, 2_600]) {
      await writeFile(path, whole.subarray(0, whole.length - cut));
      const after = fileStore(path);
      await after.open('ann');
      await expect(seqsOf(after)).resolves.toEqual([1]);
      await after.write([said(9)]);
      await after.close();
      const again = fileStore(path);
      await again.open('ann');
      await expect(seqsOf(again)).resolves.toEqual([1, 9]);
      await again.close();
    }
  });

  it('stops at what is no write, and keeps what stood before', async () => {
    const path = newPath();
    const store = fileStore(path);
    await store.open('ann');
    await store.write([said(1)]);
    await store.close();
    await appendFile(path, '\u0000\u0000{"half\n[{"type":"reset"}]\n');
    const after = fileStore(path);
    await after.open('ann');
    await expect(seqsOf(after)).resolves.toEqual([1]);
    await after.close();
  });

  it('does not grow with what was written, only with what is kept', async () => {
    const path = newPath();
    const store = fileStore(path);
    await store.open('ann');
    for (let round = 0; round < 60; round++) await store.write(Array.from({ length: 30 }, (_, i) => said(i + 1)));
    expect((await stat(path)).size).toBeLessThan(1_200_000);
    await store.close();
    const after = fileStore(path);
    await after.open('ann');
    expect((await seqsOf(after)).length).toBe(30);
    await after.close();
  });

  it('keeps no word that was taken away: at once of everything, of single ones when it is closed or opened', async () => {
    const path = newPath();
    const secret = (word: string) => ({ type: 'event', conversation: 'g:team', value: { seq: 1, event: Buffer.from(word) } }) as const;
    const holds = async (word: string): Promise<boolean> => (await readFile(path, 'utf8')).includes(Buffer.from(word).toString('base64'));
    const store = fileStore(path);
    await store.open('ann');
    await store.write([secret('apple')]);
    await store.write([secret('-')]);
    await store.close();
    expect(await holds('apple')).toBe(false);
    await appendFile(path, `${JSON.stringify([{ ...secret('pear'), value: { seq: 2, event: { $bytes: 'cGVhcg==' } } }])}\n`);
    await appendFile(path, `${JSON.stringify([{ type: 'trim', conversation: 'g:team', fromSeq: 3 }])}\n`);
    const after = fileStore(path);
    await after.open('ann');
    expect(await holds('pear')).toBe(false);
    await after.write([secret('plum')]);
    await after.write([{ type: 'reset' }]);
    expect(await holds('plum')).toBe(false);
    await after.close();
  });

  it("is one client's at a time, and free again when its process has ended", async () => {
    const path = newPath();
    const store = fileStore(path);
    await store.open('ann');
    await expect(fileStore(path).open('ann')).rejects.toThrow('in use');
    await store.close();
    await writeFile(`${path}.lock`, '1');
    await expect(fileStore(path).open('ann')).rejects.toThrow('in use by process 1');
    await writeFile(`${path}.lock`, String(2 ** 22 + 1));
    const after = fileStore(path);
    await after.open('ann');
    await after.close();
  });
});

/** Locks of one browser. */
function makeLocks(): IdbLocks {
  const held = new Map<string, Promise<unknown>>();
  return {
    request: async (name, { signal }, action) => {
      const before = held.get(name);
      const aborted = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
      await Promise.race([before, aborted]);
      const done = action();
      held.set(name, done);
      return done;
    },
  };
}

describe('a store in IndexedDB', () => {
  it("is one page's at a time; the next one waits a moment for it", async () => {
    const clock = new ManualClock();
    const globals: IdbGlobals = { ...pageGlobals(), navigator: { locks: makeLocks() } };
    const first = indexedDbStore('chat', { globals, clock });
    await first.open('ann');
    const refused = indexedDbStore('chat', { globals, clock }).open('ann');
    const told = expect(refused).rejects.toThrow('another page uses the store');
    await clock.advance(1_000);
    await told;
    const next = indexedDbStore('chat', { globals, clock });
    const opened = next.open('ann');
    await first.close();
    await expect(opened).resolves.toMatchObject({ cursor: '' });
    await next.close();
  });

  it('cannot be used where the browser has none', async () => {
    await expect(indexedDbStore('chat', { globals: {} }).open('ann')).rejects.toThrow('no IndexedDB');
  });
});
