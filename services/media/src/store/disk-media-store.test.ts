import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { mediaLimits } from '../limits.js';
import type { MediaRecord } from '../media-record.js';
import { describeMediaStore } from '../testing/media-store-suite.js';
import { DiskMediaStore } from './disk-media-store.js';
import { names } from './file-names.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-media-'));
afterAll(() => rm(folder, { recursive: true }));

let opened = 0;
describeMediaStore('local disk', async () => new DiskMediaStore(join(folder, String(opened++))));

const record: MediaRecord = {
  ...{ version: 1, app: 'shop', media: 'a'.repeat(26), owner: 'ann', conversations: ['u:ann|bob'], kind: 'file', name: 'a' },
  ...{ mimeType: '', sizeBytes: 6, sha256: '', width: 0, height: 0, createdMs: 1_000, isComplete: false },
};

async function* source(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('abc');
}

const devFull = '/dev/full';
const itWhereDisksCanBeFull = existsSync(devFull) ? it : it.skip;

describe('files on the local disk', () => {
  it('leave room for the log: uploads are neither begun nor continued that would take it', async () => {
    let left = mediaLimits.diskKeptFreeBytes + record.sizeBytes;
    const store = new DiskMediaStore(join(folder, 'narrow'), async () => left);
    await store.create(record);
    await store.append(record, 0, source());
    left--;
    const another = { ...record, media: 'b'.repeat(26) };
    await expect(store.create(another)).rejects.toMatchObject({ error: 'UNAVAILABLE', detail: 'the disk of files is nearly full' });
    left = mediaLimits.diskKeptFreeBytes - 1;
    await expect(store.append(record, 3, source())).rejects.toMatchObject({ error: 'UNAVAILABLE' });
    expect(await store.receivedBytes(record)).toBe(3);
  });

  itWhereDisksCanBeFull('say that the store is unavailable when the disk is full', async () => {
    const store = new DiskMediaStore(join(folder, 'full'));
    const data = join(folder, 'full', names.data(record));
    await mkdir(dirname(data), { recursive: true });
    await symlink(devFull, data);
    await expect(store.append(record, 0, source())).rejects.toMatchObject({
      error: 'UNAVAILABLE',
      detail: expect.stringContaining('ENOSPC'),
    });
  });
});
