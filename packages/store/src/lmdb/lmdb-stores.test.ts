import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@parley/kernel';
import { historyStoreContract, pushStoreContract } from '../contract/index.js';
import { openLmdbHistoryStore } from './lmdb-history-store.js';
import { openLmdbPushStore } from './lmdb-push-store.js';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'parley-store-'));
const base = { clock: systemClock, random: systemRandom };

for (const [name, flushDelayMs] of [
  ['LMDB, read from memory', 600_000],
  ['LMDB, read while it is written', 0],
] as const) {
  historyStoreContract(name, async () => {
    const folders = [await newFolder()];
    const path = (): string => folders.at(-1) as string;
    const crash = async (): Promise<void> => {
      const copy = await newFolder();
      await cp(path(), copy, { recursive: true });
      folders.push(copy);
    };
    return {
      clock: systemClock,
      isPersistent: true,
      deletesRetired: true,
      open: () => openLmdbHistoryStore({ ...base, path: path(), flushDelayMs }),
      // A copy of a file that is being written is not what a crash leaves behind.
      ...(flushDelayMs > 0 ? { crash } : {}),
      wipe: () => rm(path(), { recursive: true }),
      dispose: async () => {
        for (const folder of folders) await rm(folder, { recursive: true, force: true });
      },
    };
  });

  pushStoreContract(name, async () => {
    const path = await newFolder();
    return {
      isPersistent: true,
      open: () => openLmdbPushStore({ ...base, path, flushDelayMs }),
      dispose: () => rm(path, { recursive: true, force: true }),
    };
  });
}
