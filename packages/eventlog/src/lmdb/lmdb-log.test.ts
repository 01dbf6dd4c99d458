import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parley/kernel';
import { eventLogContract } from '../contract/index.js';
import { openLmdbLog } from './lmdb-log.js';

const queueBytesMax = 100_000;

eventLogContract('LMDB', {
  isDurable: true,
  queueBytesMax,
  open: async () => {
    const path = await mkdtemp(join(tmpdir(), 'parley-log-'));
    const open = () => openLmdbLog({ clock: systemClock, path, queueBytesMax });
    let current = await open();
    return {
      log: current,
      reopen: async () => {
        await current[Symbol.asyncDispose]();
        current = await open();
        return current;
      },
      close: async () => {
        await current[Symbol.asyncDispose]();
        await rm(path, { recursive: true });
      },
    };
  },
});
