import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { BackEnd } from '../world/back-end.js';
import { memoryOf } from './memory-of.js';
import { RawClient } from './raw-client.js';
import { RawSocket } from './raw-socket.js';
import { grantedAtLast, refusalIn } from './room-requests.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(60_000);

const growthBytesMax = 100 * 1024 * 1024;
const slowSockets = 300;

interface StartedUpload {
  readonly media: string;
  readonly url: string;
}

let server: ServerUnderAttack;
let mal: RawClient;
let base: string;
beforeAll(async () => {
  server = await ServerUnderAttack.start();
  mal = await RawClient.login(server.url, server.app, 'mal');
  base = new URL((await upload(5)).url).origin;
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function upload(sizeBytes: number, kind = 'file', client = mal): Promise<StartedUpload> {
  const value = { conversation: 'u:bob|mal', kind, name: 'a.txt', mimeType: 'text/plain', sizeBytes };
  const answer = await grantedAtLast(client, { type: 'createUpload', value });
  if (answer.type !== 'upload') throw new Error(answer.type);
  return { media: answer.value.media, url: answer.value.uploadUrl };
}

const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
const patch = (url: string, offset: string | number, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'PATCH', headers: { ...tus, 'upload-offset': String(offset), ...headers }, body });

async function offsetOf({ url }: StartedUpload): Promise<string | null> {
  return (await fetch(url, { method: 'HEAD', headers: tus })).headers.get('upload-offset');
}

/** A file that is there, by its URL for downloads. */
async function stored(bytes: string): Promise<string> {
  const { media, url } = await upload(bytes.length);
  expect((await patch(url, 0, bytes)).status).toBe(204);
  const answer = await grantedAtLast(mal, { type: 'completeUpload', value: { media } });
  if (answer.type !== 'media') throw new Error(answer.type);
  const found = await grantedAtLast(mal, { type: 'getDownloadUrl', value: { conversation: 'u:bob|mal', media } });
  if (found.type !== 'media') throw new Error(found.type);
  return found.value.url;
}

describe('an upload that does not keep to what was agreed', () => {
  it.each<[string, string | number, Record<string, string>, number]>([
    ['at another offset', 3, {}, 409],
    ['at no offset', '', {}, 409],
    ['at a negative offset', -1, {}, 409],
    ['at an offset that is no number', '0x0', {}, 409],
    ['at an offset beyond all', '99999999999999999999', {}, 409],
    ['of another version of the protocol', 0, { 'tus-resumable': '0.2.2' }, 412],
    ['of another type', 0, { 'content-type': 'text/html' }, 415],
  ])('is refused %s, and goes on where it stood', async (_name, offset, headers, status) => {
    const started = await upload(5);
    expect((await patch(started.url, 0, 'he')).status).toBe(204);
    const at = offset === 0 ? 2 : offset;
    expect((await patch(started.url, at, 'llo', headers)).status).toBe(status);
    expect(await offsetOf(started)).toBe('2');
    expect((await patch(started.url, 2, 'llo')).status).toBe(204);
    expect((await grantedAtLast(mal, { type: 'completeUpload', value: { media: started.media } })).type).toBe('media');
  });

  it('is refused a byte more than was announced, however much more comes', async () => {
    for (const bytes of [6, 50_000_000]) {
      const started = await upload(5);
      const answer = await patch(started.url, 0, new Uint8Array(bytes)).then(
        ({ status }) => status,
        () => 'cut',
      );
      expect([413, 'cut']).toContain(answer);
      expect(Number(await offsetOf(started))).toBeLessThanOrEqual(5);
    }
  });

  it('is no file before it is whole, and none at all when it is not what was announced', async () => {
    const half = await upload(5);
    await patch(half.url, 0, 'he');
    expect(await refusalIn(mal, { type: 'completeUpload', value: { media: half.media } })).toMatchObject({ name: 'MEDIA_REFUSED' });
    const fake = await upload(5, 'image');
    await patch(fake.url, 0, 'hello');
    expect(await refusalIn(mal, { type: 'completeUpload', value: { media: fake.media } })).toMatchObject({ name: 'MEDIA_REFUSED' });
    expect((await fetch(fake.url, { method: 'HEAD', headers: tus })).status).toBe(404);
  });
});

describe('a URL that was not given out', () => {
  it('opens nothing: another file, app, purpose, time or signature, or a path', async () => {
    const download = await stored('hello');
    const started = await upload(5);
    const changed = (url: string, change: (url: URL) => void): string => {
      const copy = new URL(url);
      change(copy);
      return copy.href;
    };
    const { pathname } = new URL(download);
    const other = new URL(started.url).pathname;
    const wrong = [
      changed(download, (url) => url.searchParams.set('sign', 'x')),
      changed(download, (url) => url.searchParams.set('sign', '')),
      changed(download, (url) => url.searchParams.delete('sign')),
      changed(download, (url) => url.searchParams.append('sign', 'again')),
      changed(download, (url) => url.searchParams.set('until', '99999999999999')),
      changed(download, (url) => url.searchParams.set('until', '-1')),
      changed(download, (url) => url.searchParams.set('for', 'upload')),
      changed(download, (url) => url.searchParams.set('for', '__proto__')),
      changed(download, (url) => Object.assign(url, { pathname: other })),
      changed(download, (url) => Object.assign(url, { pathname: pathname.replace('app-one', 'app-two') })),
      changed(started.url, (url) => url.searchParams.set('for', 'download')),
    ];
    for (const url of wrong) expect({ url, status: (await fetch(url)).status }).toEqual({ url, status: 403 });
    expect((await patch(download, 0, 'hello')).status).toBe(403);
    expect((await fetch(started.url)).status).toBe(403);
    expect(await (await fetch(download)).text()).toBe('hello');
  });

  it.each([
    '/',
    '/media',
    '/media/v1',
    '/media/v1/app-one',
    '/media/v1/app-one/x/y',
    '/media/v1/../../etc/passwd',
    '/media/v1/..%2f..%2fetc/passwd',
    '/media/v1/app-one/..%2f..%2f..%2fetc%2fpasswd?for=download&until=99999999999999&sign=x',
    '/media/v1/%00/x',
    '/media/v1/app-one/%ff',
    `/media/v1/app-one/${'x'.repeat(5_000)}`,
    '//media/v1/app-one/x',
    '/media/v1/app-one/x?for[]=download',
    '/media/v1/__proto__/constructor',
  ])('is answered with a refusal: %s', async (path) => {
    const answer = await (await RawSocket.open(base)).say(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`).ended();
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d/);
    expect(answer).not.toMatch(/root:|node_modules|\.js:/);
  });
});

describe('the port of files', () => {
  it.each<[string, string | Uint8Array]>([
    ['bytes', '\0\x01\x02hello\r\n\r\n'],
    ['TLS', Buffer.from('16030100a5010000a10303', 'hex')],
    ['a verb that is none', 'FROB / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a verb that is not taken', 'DELETE /media/v1/app-one/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'two lengths of one body',
      'PATCH /media/v1/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
    ],
    ['a length below zero', 'PATCH /media/v1/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n'],
    ['a megabyte in one header', `GET / HTTP/1.1\r\nX: ${'a'.repeat(1_000_000)}\r\n\r\n`],
    ['5 000 headers', `GET / HTTP/1.1\r\n${'H: x\r\n'.repeat(5_000)}\r\n`],
    ['no end of a chunk', 'PATCH /media/v1/a/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n'],
  ])('refuses %s', async (_name, request) => {
    expect(await (await RawSocket.open(base)).say(request).ended()).toMatch(/^(HTTP\/1.1 [45]\d\d|$)/);
    await server.checkHealth();
  });

  let whole: Promise<string> | undefined;
  it.each<[string, string, number, string]>([
    ['a part', 'bytes=1-3', 206, 'ell'],
    ['the end', 'bytes=-2', 206, 'lo'],
    ['more than there is', 'bytes=3-99999999999999', 206, 'lo'],
    ['what is behind the end', 'bytes=5-', 416, ''],
    ['nothing from the end', 'bytes=-0', 416, ''],
    ['backwards', 'bytes=3-1', 200, 'hello'],
    ['many parts', `bytes=${'0-1,'.repeat(1_000)}0-1`, 200, 'hello'],
    ['other units', 'lines=1-3', 200, 'hello'],
    ['nonsense', 'bytes=a-b', 200, 'hello'],
  ])('gives %s of a file', async (_name, range, status, body) => {
    whole ??= stored('hello');
    const answer = await fetch(await whole, { headers: { range } });
    expect([answer.status, await answer.text()]).toEqual([status, body]);
  });

  it('serves others while hundreds of requests do not come to an end, at little cost', async () => {
    const before = memoryOf(server);
    const { url } = await upload(5);
    const { pathname, search } = new URL(url);
    const heads = `Host: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n`;
    const unfinished = [
      '',
      'GET / HTTP/1.1\r\nHost: x\r\n',
      `PATCH ${pathname}${search} HTTP/1.1\r\n${heads}Content-Length: 5\r\n\r\nh`,
      `PATCH ${pathname}${search} HTTP/1.1\r\n${heads}Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n`,
    ];
    const sockets = await Promise.all(
      Array.from({ length: slowSockets }, async (_, index) =>
        (await RawSocket.open(base)).say(unfinished[index % unfinished.length] ?? ''),
      ),
    );
    const bytes = 'x'.repeat(1_000_000);
    const answer = await fetch(await stored(bytes));
    const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(digest(await answer.text())).toBe(digest(bytes));
    await server.checkHealth();
    if (before !== undefined) expect((memoryOf(server) ?? 0) - before).toBeLessThan(growthBytesMax);
    for (const socket of sockets) socket.cut();
    // The upload that they held is free again.
    expect(Number(await offsetOf({ media: '', url }))).toBeLessThan(5);
  });

  it('forgets what was cancelled and erased, whatever URLs are left', async () => {
    const url = await stored('hello');
    const started = await upload(5);
    await grantedAtLast(mal, { type: 'cancelUpload', value: { media: started.media } });
    expect((await patch(started.url, 0, 'hello')).status).toBe(404);
    await new BackEnd(server.deployment, server.app.id).call('media/eraseMedia', { user: 'mal' });
    expect((await fetch(url)).status).toBe(404);
    await server.checkHealth();
  });
});
