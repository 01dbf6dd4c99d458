import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { describeMediaStore } from '../testing/media-store-suite.js';
import { DiskMediaStore } from './disk-media-store.js';
import { names } from './file-names.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-media-'));
afterAll(() => rm(folder, { recursive: true }));

let opened = 0;
describeMediaStore('local disk', async () => new DiskMediaStore(join(folder, String(opened++))));

const devFull = '/dev/full';
const itWhereDisksCanBeFull = existsSync(devFull) ? it : it.skip;

describe('files on the local disk', () => {
  itWhereDisksCanBeFull('say that the store is unavailable when the disk is full', async () => {
    const store = new DiskMediaStore(join(folder, 'full'));
    const key = { app: 'shop', media: 'a'.repeat(26) };
    const data = join(folder, 'full', names.data(key));
    await mkdir(dirname(data), { recursive: true });
    await symlink(devFull, data);
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
    }
    await expect(store.append(key, 0, source())).rejects.toMatchObject({ error: 'UNAVAILABLE', detail: expect.stringContaining('ENOSPC') });
  });
});
