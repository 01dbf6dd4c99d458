import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import S3rver from 's3rver';
import type { MediaRecord } from '../media-record.js';
import { describeMediaStore, partBytes } from '../testing/media-store-suite.js';
import { names } from './file-names.js';
import { S3Client } from './s3-client.js';
import { S3MediaStore } from './s3-media-store.js';

const recordOf = (media: string): MediaRecord => ({
  ...{ version: 1, app: 'Shop', media, owner: 'ann', conversations: ['u:ann|bob'], kind: 'file', name: 'a', mimeType: 'text/plain' },
  ...{ sizeBytes: 3, sha256: '', width: 0, height: 0, createdMs: 1_000, isComplete: false },
});

async function* piecesOf(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size);
}

/** A line that breaks behind these bytes. */
async function* cutAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
  throw new Error('cut');
}

/** An upload whose client sends when the test says so. `send` resolves once the store wants more. */
function heldSource() {
  const pieces = new PassThrough({ readableHighWaterMark: 1 });
  return {
    pieces,
    send: (bytes: number) => new Promise<void>((resolve) => pieces.write(new Uint8Array(bytes), () => resolve())),
    end: () => pieces.end(),
  };
}

const folder = await mkdtemp(join(tmpdir(), 'parley-s3-'));
const buckets = Array.from({ length: 8 }, (_, i) => ({ name: `files-${i}` }));
const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder, configureBuckets: buckets });
const { port } = await server.run();
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const optionsOf = (bucket: string) => ({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket, ...keys });
const client = (bucket: string): S3Client => new S3Client(optionsOf(bucket));

/** A bucket that does not take one object. */
class FailingClient extends S3Client {
  failsOn = '';

  constructor(bucket: string) {
    super(optionsOf(bucket));
  }

  override async put(key: string, body: Uint8Array | string): Promise<void> {
    if (key === this.failsOn) throw new ParleyError('UNAVAILABLE');
    await super.put(key, body);
  }
}

const limits = { partBytes, waitingBytesMax: 10 * partBytes };
let opened = 0;
describeMediaStore('S3', async () => new S3MediaStore(client(`files-${opened++}`), limits));

describe('files in a bucket', () => {
  it('wait for each other when there is no more memory for what is too short for a part, and lose nothing by it', async () => {
    await using store = new S3MediaStore(client('files-0'), { partBytes, waitingBytesMax: 1_000 });
    const [first, second] = [recordOf('x'.repeat(26)), recordOf('y'.repeat(26))];
    for (const each of [first, second]) await store.create(each);
    const source = heldSource();
    const slow = store.append(first, 0, source.pieces);
    await source.send(600);
    await expect(store.append(second, 0, piecesOf(100, 600))).rejects.toMatchObject({ error: 'OVERLOADED', retryAfterMs: 2_000 });
    expect(await store.receivedBytes(second)).toBe(100);
    source.end();
    await slow;
    await store.append(second, 100, piecesOf(600));
    expect([await store.receivedBytes(first), await store.receivedBytes(second)]).toEqual([600, 700]);
  });

  it('are not said to have come further than they have when the bucket fails in the middle', async () => {
    const bucket = new FailingClient('files-1');
    await using store = new S3MediaStore(bucket, limits);
    const content = Buffer.alloc(2 * partBytes, 'parley ');
    const file = recordOf('z'.repeat(26));
    await store.create(file);
    bucket.failsOn = names.parts(file);
    const first = content.subarray(0, partBytes);
    await expect(store.append(file, 0, cutAfter(first))).rejects.toMatchObject({ error: 'UNAVAILABLE' });
    bucket.failsOn = '';
    const received = await store.receivedBytes(file);
    await expect(store.append(file, received, cutAfter(content.subarray(received, partBytes)))).rejects.toThrow('cut');
    expect(await store.receivedBytes(file)).toBe(partBytes);
    await store.append(file, partBytes, Readable.from([content.subarray(partBytes)]));
    await store.finish(file);
    expect(Buffer.concat(await Readable.from(store.read(file)).toArray()).equals(content)).toBe(true);
  });

  it('say that the store is unavailable when it refuses', async () => {
    const store = new S3MediaStore(client('no-such-bucket'), limits);
    await expect(store.startedBefore(1)).rejects.toMatchObject({ error: 'UNAVAILABLE' });
  });
});
