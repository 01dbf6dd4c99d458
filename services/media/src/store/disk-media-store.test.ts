import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { describeMediaStore } from '../testing/media-store-suite.js';
import { DiskMediaStore } from './disk-media-store.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-media-'));
afterAll(() => rm(folder, { recursive: true }));

let opened = 0;
describeMediaStore('local disk', async () => new DiskMediaStore(join(folder, String(opened++))));
