import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import S3rver from 's3rver';
import { describeMediaStore } from '../testing/media-store-suite.js';
import { S3Client } from './s3-client.js';
import { S3MediaStore } from './s3-media-store.js';

const folder = await mkdtemp(join(tmpdir(), 'parley-s3-'));
const buckets = Array.from({ length: 8 }, (_, i) => ({ name: `files-${i}` }));
const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder, configureBuckets: buckets });
const { port } = await server.run();
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const client = (bucket: string): S3Client => new S3Client({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket, ...keys });

let opened = 0;
describeMediaStore('S3', async () => new S3MediaStore(client(`files-${opened++}`)));

describe('files in a bucket', () => {
  it('say that the store is unavailable when it refuses', async () => {
    const store = new S3MediaStore(client('no-such-bucket'));
    await expect(store.startedBefore(1)).rejects.toMatchObject({ error: 'UNAVAILABLE' });
  });
});
