import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Client, FullClientOptions } from '../src/client.js';
import type { Message } from '../src/events.js';
import type { UnsentMessage } from '../src/live/unsent.js';
import { memoryStore } from '../src/local-store/memory-store.js';
import { sourceOf } from '../src/media/file-source.js';
import { defaultHttp } from '../src/media/http-port.js';
import { kindOf } from '../src/media/media-content.js';
import { fileSource } from '../src/media/node-file-source.js';
import { thumbnailOf } from '../src/media/thumbnail.js';
import { FakeFiles } from './fake-files.js';
import { makeWorld, type World } from './world.js';

const id = 'u:alice|bob';
const bytes = Uint8Array.from({ length: 10 }, (_, i) => i);
const picture = (): Blob & { name: string } =>
  Object.assign(new Blob([bytes], { type: 'image/png' }), { name: 'cat.png', lastModified: 7 });

async function makeFileWorld(options: Partial<FullClientOptions> = {}): Promise<World & { alice: Client; files: FakeFiles }> {
  const world = makeWorld();
  const files = new FakeFiles(world.server);
  const { client: alice } = await world.online('alice', { http: files, ...options });
  return { ...world, alice, files };
}

/** Lets everything happen that needs no more than a moment, although checksums take real time. */
async function settled<T>({ clock }: World, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const over = (): void => {
    isDone = true;
  };
  promise.then(over, over);
  while (!isDone) {
    await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}

describe('an upload', () => {
  it('brings a file piece by piece and answers with what to send', async () => {
    const world = await makeFileWorld();
    const told: number[] = [];
    const options = { conversation: id, onProgress: (made: { sentBytes: number }) => told.push(made.sentBytes) };
    const { content, media } = await settled(world, world.alice.media.upload(picture(), options));
    expect(world.files.requests).toEqual(['PATCH 0 4', 'PATCH 4 4', 'PATCH 8 2']);
    expect(world.files.all.get('m1')).toMatchObject({
      bytes,
      isComplete: true,
      announced: { kind: 'image', name: 'cat.png', mimeType: 'image/png', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(media).toMatchObject({ media: 'm1', width: 30 });
    expect(content).toMatchObject({ type: 'image', media: 'm1', width: 30, height: 20, sizeBytes: 10, mimeType: 'image/png' });
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect([told[0], told[told.length - 1]]).toEqual([0, 10]);
  });

  it.each(['cut', 'lost', 500, 409, 429] as const)('goes on where it stood after %p', async (trouble) => {
    const world = await makeFileWorld();
    const uploading = world.alice.media.upload(bytes, { conversation: id });
    world.files.trouble.push(trouble);
    await settled(world, uploading);
    expect(world.files.requests[1]).toBe('HEAD - 0');
    expect(world.files.all.get('m1')?.bytes).toEqual(bytes);
    expect(world.files.all.size).toBe(1);
  });

  it('waits while the client is offline', async () => {
    const world = await makeFileWorld();
    world.server.isReachable = false;
    world.server.link.end.break();
    const uploading = world.alice.media.upload(bytes, { conversation: id });
    await world.clock.advance(600_000);
    world.server.isReachable = true;
    await expect(settled(world, uploading)).resolves.toMatchObject({ content: { type: 'file', media: 'm1' } });
  });

  it('goes on after a restart with the same file, and begins anew with another one', async () => {
    const localStore = memoryStore();
    const world = await makeFileWorld({ localStore, user: 'alice' });
    world.files.trouble.push('cut');
    const first = world.alice.media.upload(bytes, { conversation: id, name: 'a' });
    while (world.files.requests.length === 0) await settled(world, Promise.resolve());
    world.alice.close();
    await expect(settled(world, first)).rejects.toMatchObject({ name: 'UNAVAILABLE' });
    const { client } = await world.online('alice', { http: world.files, localStore, user: 'alice' });
    await settled(world, client.media.upload(bytes, { conversation: id, name: 'a' }));
    expect(world.files.requests).toEqual(['PATCH 0 4', 'HEAD - 0', 'PATCH 2 4', 'PATCH 6 4']);
    await settled(world, client.media.upload(bytes.slice(1), { conversation: id, name: 'a' }));
    await settled(world, client.media.upload(bytes, { conversation: id, name: 'a' }));
    expect([...world.files.all.keys()]).toEqual(['m1', 'm2', 'm3']);
  });

  it('begins anew when the server has forgotten it', async () => {
    const world = await makeFileWorld();
    world.files.trouble.push(404);
    await settled(world, world.alice.media.upload(bytes, { conversation: id }));
    expect(world.files.all.get('m2')).toMatchObject({ isComplete: true });
  });

  it('is given up by a signal, and forgotten by the server', async () => {
    const world = await makeFileWorld();
    const stop = new AbortController();
    const onProgress = ({ sentBytes }: { sentBytes: number }): void => {
      if (sentBytes >= 4) stop.abort(new Error('enough'));
    };
    const uploading = world.alice.media.upload(bytes, { conversation: id, signal: stop.signal, onProgress });
    await expect(settled(world, uploading)).rejects.toThrow('enough');
    await world.clock.advance(100);
    expect(world.files.cancelled).toEqual(['m1']);
    expect(world.files.requests.length).toBeLessThan(3);
  });

  it('fails when the server refuses, and when nothing comes through', async () => {
    const world = await makeFileWorld();
    world.files.trouble.push(400);
    await expect(settled(world, world.alice.media.upload(bytes, { conversation: id }))).rejects.toMatchObject({ name: 'MEDIA_REFUSED' });
    world.files.trouble.push(...Array.from({ length: 30 }, () => 'lost' as const));
    await expect(settled(world, world.alice.media.upload(bytes, { conversation: id }))).rejects.toMatchObject({ name: 'UNAVAILABLE' });
    expect(world.files.trouble.length).toBeGreaterThan(10);
  });

  it('gives up a request in which nothing moves', async () => {
    const world = await makeFileWorld();
    const { send } = world.files;
    let hung = 0;
    world.files.send = (request) => {
      if (hung++ > 0) return send.call(world.files, request);
      return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(new Error('hung'))));
    };
    await settled(world, world.alice.media.upload(bytes, { conversation: id }));
    expect(hung).toBeGreaterThan(1);
  });
});

describe('a file that is sent', () => {
  it('is shown with its progress until its message has its place', async () => {
    const world = await makeFileWorld();
    const talk = world.alice.conversation(id);
    const live = talk.live();
    await world.clock.advance(100);
    const handle = talk.sendFile(picture(), { mentions: { users: ['bob'] } });
    const entry = (): UnsentMessage => live.getSnapshot().entries[0] as UnsentMessage;
    expect(entry()).toMatchObject({ type: 'unsent', state: 'queued', progress: 0, content: { type: 'image', media: '', sizeBytes: 10 } });
    const progress: number[] = [];
    handle.onChange(() => progress.push(handle.progress));
    await settled(world, handle.done);
    expect(progress).toEqual(expect.arrayContaining([0.4, 0.8, 1]));
    expect(live.getSnapshot().entries).toMatchObject([
      { type: 'message', seq: 1, clientMsgId: handle.clientMsgId, content: { type: 'image', media: 'm1' }, mentions: { users: ['bob'] } },
    ]);
    expect(handle).toMatchObject({ state: 'stored', seq: 1 });
  });

  it('may be tried again, or put away', async () => {
    const world = await makeFileWorld();
    const talk = world.alice.conversation(id);
    const live = talk.live();
    world.files.trouble.push(400);
    const handle = talk.sendFile(bytes, { name: 'notes.txt' });
    await expect(settled(world, handle.done)).rejects.toMatchObject({ name: 'MEDIA_REFUSED' });
    const [failed] = live.getSnapshot().entries as UnsentMessage[];
    expect(failed).toMatchObject({ type: 'unsent', state: 'failed', error: { name: 'MEDIA_REFUSED' } });
    failed?.retry();
    await settled(world, handle.done);
    expect(world.server.sends).toHaveLength(1);

    const other = talk.sendFile(bytes, { name: 'other.txt' });
    (live.getSnapshot().entries[1] as UnsentMessage).discard();
    await expect(settled(world, other.done)).rejects.toMatchObject({ name: 'CANCELLED' });
    await world.clock.advance(1_000);
    expect(live.getSnapshot().entries).toHaveLength(1);
    expect(world.server.sends).toHaveLength(1);
  });

  it('is shared before it is forwarded', async () => {
    const world = await makeFileWorld();
    world.server.group('team', ['alice']);
    const sent = world.alice.conversation(id).sendFile(bytes, { name: 'notes.txt' });
    await settled(world, sent.done);
    const history = await settled(world, world.alice.conversation(id).history());
    const [message] = history.events as Message[];
    const forwarded = world.alice.group('team').forward(message as Message);
    await settled(world, forwarded.done);
    expect(world.files.all.get('m1')?.conversations).toEqual(new Set([id, 'g:team']));
    const kinds = world.server.link.received.map(({ body }) => body?.type);
    expect(kinds.lastIndexOf('shareMedia')).toBeLessThan(kinds.lastIndexOf('send'));
  });
});

describe('a URL of a file', () => {
  it('is asked for once while it holds, and again before it ends', async () => {
    const world = await makeFileWorld();
    const { content } = await settled(world, world.alice.media.upload(bytes, { conversation: id }));
    const url = (): Promise<string> => world.alice.media.url(content as Message['content'], id);
    await expect(settled(world, Promise.all([url(), url()]))).resolves.toEqual(['http://files/m1?1', 'http://files/m1?1']);
    await world.clock.advance(500_000);
    await expect(settled(world, url())).resolves.toBe('http://files/m1?1');
    await world.clock.advance(80_000);
    await expect(settled(world, url())).resolves.toBe('http://files/m1?2');
  });

  it('is asked for again after a refusal', async () => {
    const world = await makeFileWorld();
    await expect(settled(world, world.alice.media.url('m1', id))).rejects.toMatchObject({ name: 'MEDIA_NOT_FOUND' });
    await settled(world, world.alice.media.upload(bytes, { conversation: id }));
    await expect(settled(world, world.alice.media.url('m1', id))).resolves.toBe('http://files/m1?1');
  });
});

describe('files', () => {
  it('are of the kind that their type says, as servers see it', () => {
    const kinds = ['image/png', 'image/svg+xml', 'audio/ogg', 'video/mp4', 'application/pdf', ''].map(kindOf);
    expect(kinds).toEqual(['image', 'file', 'audio', 'video', 'file', 'file']);
  });

  it('are read from the file system piece by piece', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-file-'));
    await writeFile(join(folder, 'a.bin'), bytes);
    const source = await fileSource(join(folder, 'a.bin'));
    expect(source).toMatchObject({ sizeBytes: 10, name: 'a.bin' });
    expect(await source.body(3, 6)).toEqual(bytes.slice(3, 6));
    await rm(folder, { recursive: true });
    await expect(source.body(0, 1)).rejects.toThrow();
  });

  it('get a small picture where there is a page', async () => {
    const sizes: string[] = [];
    const canvas = {
      ...{ width: 0, height: 0, getContext: () => ({ drawImage: () => {} }) },
      toBlob(done: (blob: Blob) => void): void {
        sizes.push(`${canvas.width}x${canvas.height}`);
        done(new Blob([new Uint8Array(canvas.width > 150 ? 9_000 : 5_000)]));
      },
    };
    const globals = {
      createImageBitmap: async () => ({ width: 1_000, height: 500, close: () => {} }),
      document: { createElement: () => canvas },
    };
    const { blob } = sourceOf(picture() as never);
    expect(blob && (await thumbnailOf(blob, globals as never))?.length).toBe(5_000);
    expect(sizes).toEqual(['200x100', '160x80', '120x60']);
    expect(blob && (await thumbnailOf(blob, {}))).toBeUndefined();
  });

  it('travel by fetch where there is no XMLHttpRequest', async () => {
    const seen: string[] = [];
    const server: Server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        seen.push(`${request.method} ${request.headers['upload-offset']} ${Buffer.concat(pieces).length}`);
        response.writeHead(204, { 'upload-offset': '12' }).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`;
    const http = defaultHttp();
    const { signal } = new AbortController();
    const patch = { method: 'PATCH', url, headers: { 'upload-offset': '2' }, body: bytes, signal } as const;
    const answer = await http.send(patch);
    expect([answer.status, answer.header('upload-offset'), answer.header('x')]).toEqual([204, '12', undefined]);
    expect(seen).toEqual(['PATCH 2 10']);
    server.close();
    server.closeAllConnections();
    await expect(http.send(patch)).rejects.toMatchObject({ name: 'UNAVAILABLE', retryable: true });
  });
});
