import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { attachServer, readAttachFile } from './attach-server.js';

describe('what a running server says of itself', () => {
  it('names every gateway and every process that counts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attach-'));
    const path = join(folder, 'cluster.json');
    const keys = { app: 'demo', kid: 'k1', secret: 's' };
    const urls = ['ws://127.0.0.1:1', 'ws://127.0.0.1:2'];
    const health = { 'gateway-1': 'http://127.0.0.1:3/readyz' };
    const pids = { kafka: 7, 'gateway-1': 8, history: 0 };
    await writeFile(path, JSON.stringify({ url: urls[0], urls, adminUrl: 'http://127.0.0.1:4', adminKey: 'k', ...keys, pids, health }));
    try {
      const metricsUrls = new Map([['gateway-1', 'http://127.0.0.1:3/metrics']]);
      expect(await readAttachFile(path)).toEqual({
        urls,
        adminUrl: 'http://127.0.0.1:4',
        adminKey: 'k',
        ...keys,
        pids: [7, 8],
        metricsUrls,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is not enough without processes to measure', async () => {
    await expect(attachServer({ urls: ['ws://127.0.0.1:1'], pids: [], app: 'a', secret: 's', kid: 'k' })).rejects.toThrow('--pids');
  });
});
