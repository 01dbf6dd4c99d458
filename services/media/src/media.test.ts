import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createCompleteUploadRequest, createCreateUploadRequest, type CreateUploadRequestInit } from '@parley/contracts/media';
import { limits } from '@parley/kernel';
import { Upload } from 'tus-js-client';
import { type MediaFixture, startMedia, userBytesPerDay } from './testing/media-fixture.js';

const call = { signal: new AbortController().signal, trace: '' };
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAE0lEQVR4nGP8z8DAwMDAxAADCAAAF/IBA3mDy7IAAAAASUVORK5CYII=',
  'base64',
);
const html = Buffer.from('<!doctype html><script>alert(1)</script>');
const of = { app: 'shop', user: 'ann' };
const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };

async function begin({ calls }: MediaFixture, content: Uint8Array, more: CreateUploadRequestInit = {}) {
  const announced = { ...of, conversation: 'u:ann|bob', kind: 'file', name: 'a.bin', sizeBytes: content.length, ...more };
  const { media = '', uploadUrl = '' } = await calls.createUpload(createCreateUploadRequest(announced), call);
  return { media, uploadUrl };
}

const patch = (url: string, offset: number, body: Uint8Array, headers: Readonly<Record<string, string>> = {}) =>
  fetch(url, { method: 'PATCH', body: new Uint8Array(body), headers: { ...tus, 'upload-offset': String(offset), ...headers } });

async function upload(fixture: MediaFixture, content: Uint8Array, more: CreateUploadRequestInit = {}) {
  const { media, uploadUrl } = await begin(fixture, content, more);
  expect((await patch(uploadUrl, 0, content)).status).toBe(204);
  const { media: info } = await fixture.calls.completeUpload(createCompleteUploadRequest({ ...of, media }), call);
  return { media, uploadUrl, info };
}

async function urlOf({ calls }: MediaFixture, media: string, conversation = 'u:ann|bob'): Promise<string> {
  return (await calls.getDownloadUrl({ app: 'shop', conversation, media }, call)).url ?? '';
}

describe('files', () => {
  it('are found by a picture with its size, by a checksum and by a name with umlauts', async () => {
    await using fixture = await startMedia();
    const { media, info } = await upload(fixture, png, { kind: 'image', name: 'Grüße "1".png' });
    expect(info).toMatchObject({ mimeType: 'image/png', width: 3, height: 2, isComplete: true, sizeBytes: png.length });
    expect(info?.sha256).toBe(createHash('sha256').update(png).digest('hex'));
    const response = await fetch(await urlOf(fixture, media));
    expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('content-disposition')).toBe("inline; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%221%22.png");
  });

  it('never run in a browser, whatever they claim to be', async () => {
    await using fixture = await startMedia();
    const { media } = await upload(fixture, html, { name: 'x.html', mimeType: 'text/html' });
    const { headers } = await fetch(await urlOf(fixture, media));
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toMatch(/^attachment;/);
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    ['a page that claims to be a picture', html, { kind: 'image', mimeType: 'image/png' }],
    ['a picture that claims to be a film', png, { kind: 'video', mimeType: 'video/mp4' }],
    ['another checksum', png, { kind: 'image', sha256: '0'.repeat(64) }],
    ['a picture cut off before its size', png.subarray(0, 12), { kind: 'image' }],
  ])('are refused and deleted: %s', async (_what, content, more) => {
    await using fixture = await startMedia();
    const { media, uploadUrl } = await begin(fixture, content, more);
    await patch(uploadUrl, 0, content);
    const complete = () => fixture.calls.completeUpload(createCompleteUploadRequest({ ...of, media }), call);
    await expect(complete()).rejects.toMatchObject({ error: 'MEDIA_REFUSED' });
    await expect(complete()).rejects.toMatchObject({ error: 'MEDIA_NOT_FOUND' });
  });

  it.each([
    ['kind', { kind: 'program' }, 'INVALID_ARGUMENT'],
    ['size_bytes', { kind: 'image', sizeBytes: limits.imageBytesMax + 1 }, 'MESSAGE_TOO_LARGE'],
    ['size_bytes', { sizeBytes: 0 }, 'INVALID_ARGUMENT'],
    ['name', { name: 'x'.repeat(limits.mediaNameBytesMax + 1) }, 'INVALID_ARGUMENT'],
    ['conversation', { conversation: '../../etc' }, 'INVALID_ARGUMENT'],
    ['app', { app: '../x/' }, 'INVALID_ARGUMENT'],
    ['user', { user: '' }, 'INVALID_ARGUMENT'],
    ['sha256', { sha256: 'abc' }, 'INVALID_ARGUMENT'],
  ])('that break the limit of %s are refused at once', async (field, more, error) => {
    await using fixture = await startMedia();
    await expect(begin(fixture, png, more)).rejects.toMatchObject({ error, detail: expect.stringContaining(field) });
  });

  it('are uploaded by any tus client, over cut connections', async () => {
    await using fixture = await startMedia();
    const content = Buffer.alloc(600_000, 'parley');
    const { media, uploadUrl } = await begin(fixture, content);
    await cutAfter(uploadUrl, content, 250_000);
    const progress: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const upload = new Upload(content, {
        uploadUrl,
        chunkSize: 100_000,
        retryDelays: [],
        onProgress: (sent) => void progress.push(sent),
        onError: reject,
        onSuccess: () => resolve(),
      });
      upload.start();
    });
    expect(progress[0]).toBeGreaterThan(0);
    const { media: info } = await fixture.calls.completeUpload(createCompleteUploadRequest({ ...of, media }), call);
    expect(info?.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    expect(fixture.faults).toEqual([]);
  });

  it('go on at once where a connection hangs that nobody has closed', async () => {
    await using fixture = await startMedia();
    const content = Buffer.alloc(300_000, 'parley');
    const { media, uploadUrl } = await begin(fixture, content);
    const hanging = httpRequest(uploadUrl, {
      method: 'PATCH',
      headers: { ...tus, 'upload-offset': '0', 'content-length': content.length },
    });
    const ended = new Promise((resolve) => hanging.on('error', resolve).on('response', resolve));
    await new Promise<void>((resolve) => hanging.write(content.subarray(0, 100_000), () => resolve()));
    const head = await fetch(uploadUrl, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
    const offset = Number(head.headers.get('upload-offset'));
    expect((await patch(uploadUrl, offset, content.subarray(offset))).status).toBe(204);
    await ended;
    hanging.destroy();
    const { media: info } = await fixture.calls.completeUpload(createCompleteUploadRequest({ ...of, media }), call);
    expect(info?.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    expect(fixture.faults).toEqual([]);
  });

  it('are begun by one user only up to a number of bytes a day', async () => {
    await using fixture = await startMedia();
    const announce = (user: string, sizeBytes: number) => begin(fixture, png, { user, kind: 'file', sizeBytes });
    for (let left = userBytesPerDay; left > 0; left -= limits.fileBytesMax) await announce('ann', Math.min(left, limits.fileBytesMax));
    await expect(announce('ann', 1)).rejects.toMatchObject({ error: 'LIMIT_REACHED', detail: expect.stringContaining('size_bytes') });
    await announce('bob', 1);
    fixture.later(24 * 3_600_000);
    await announce('ann', 1);
  });

  it('tell how far an upload has come, and take bytes there only', async () => {
    await using fixture = await startMedia();
    const { uploadUrl } = await begin(fixture, Buffer.from('abcdef'));
    expect((await patch(uploadUrl, 0, Buffer.from('abc'))).headers.get('upload-offset')).toBe('3');
    expect((await patch(uploadUrl, 2, Buffer.from('xyz'))).status).toBe(409);
    expect((await patch(uploadUrl, 3, Buffer.from('x'), { 'tus-resumable': '0.2.0' })).status).toBe(412);
    expect((await patch(uploadUrl, 3, Buffer.from('x'), { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await patch(uploadUrl, 3, Buffer.from('defg'))).status).toBe(413);
    const head = await fetch(uploadUrl, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
    expect([head.status, head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([200, '3', '6']);
    expect((await patch(uploadUrl, 3, Buffer.from('def'))).status).toBe(204);
  });

  it('are not complete before all bytes have come', async () => {
    await using fixture = await startMedia();
    const { media, uploadUrl } = await begin(fixture, Buffer.from('abcdef'));
    await patch(uploadUrl, 0, Buffer.from('abc'));
    const complete = () => fixture.calls.completeUpload(createCompleteUploadRequest({ ...of, media }), call);
    await expect(complete()).rejects.toMatchObject({ error: 'MEDIA_REFUSED', detail: '3 of 6 bytes have come' });
    await expect(urlOf(fixture, media)).rejects.toMatchObject({ error: 'MEDIA_NOT_FOUND' });
    await patch(uploadUrl, 3, Buffer.from('def'));
    expect((await complete()).media).toMatchObject({ isComplete: true });
    expect((await complete()).media).toMatchObject({ isComplete: true });
  });

  it('belong to their conversation, and to those that they are shared with', async () => {
    await using fixture = await startMedia();
    const { media } = await upload(fixture, png, { kind: 'image' });
    await expect(urlOf(fixture, media, 'g:team')).rejects.toMatchObject({ error: 'MEDIA_NOT_FOUND' });
    const share = (fromConversation: string) =>
      fixture.calls.shareMedia({ app: 'shop', media, fromConversation, toConversation: 'g:team' }, call);
    await expect(share('g:other')).rejects.toMatchObject({ error: 'MEDIA_NOT_FOUND' });
    await share('u:ann|bob');
    await share('u:ann|bob');
    expect((await fetch(await urlOf(fixture, media, 'g:team'))).status).toBe(200);
    await expect(fixture.calls.getDownloadUrl({ app: 'other', conversation: 'g:team', media }, call)).rejects.toMatchObject({
      error: 'MEDIA_NOT_FOUND',
    });
  });

  it('are given out for ten minutes, by range too, and not by URLs for uploads', async () => {
    await using fixture = await startMedia();
    const { media, uploadUrl } = await upload(fixture, Buffer.from('0123456789'));
    const url = await urlOf(fixture, media);
    const range = async (header: string) => {
      const response = await fetch(url, { headers: { range: header } });
      return [response.status, await response.text()];
    };
    expect(await range('bytes=2-4')).toEqual([206, '234']);
    expect(await range('bytes=7-')).toEqual([206, '789']);
    expect(await range('bytes=-2')).toEqual([206, '89']);
    expect(await range('bytes=10-')).toEqual([416, '']);
    expect(await range('bytes=0-1,3-4')).toEqual([200, '0123456789']);
    expect((await fetch(uploadUrl)).status).toBe(403);
    expect((await patch(url, 0, Buffer.from('x'))).status).toBe(403);
    fixture.later(limits.downloadUrlMs);
    expect((await fetch(url)).status).toBe(403);
  });

  it('go with their owner, and old URLs with them', async () => {
    await using fixture = await startMedia();
    const { media } = await upload(fixture, png, { kind: 'image' });
    await begin(fixture, png);
    await upload(fixture, png, { user: 'ann', kind: 'image' });
    const url = await urlOf(fixture, media);
    expect((await fixture.calls.listMedia({ ...of, page: '', limit: 0 }, call)).media).toHaveLength(3);
    expect(await fixture.calls.eraseMedia(of, call)).toEqual({ files: 3 });
    expect((await fetch(url)).status).toBe(404);
    expect((await fixture.calls.listMedia({ ...of, page: '', limit: 0 }, call)).media).toEqual([]);
  });

  it('of others can be neither completed nor cancelled', async () => {
    await using fixture = await startMedia();
    const { media } = await begin(fixture, png);
    const theirs = { app: 'shop', user: 'eve', media };
    await expect(fixture.calls.completeUpload(theirs, call)).rejects.toMatchObject({ error: 'MEDIA_NOT_FOUND' });
    await fixture.calls.cancelUpload(theirs, call);
    expect((await fixture.calls.listMedia({ ...of, page: '', limit: 0 }, call)).media).toHaveLength(1);
    await fixture.calls.cancelUpload({ ...theirs, user: 'ann' }, call);
    expect((await fixture.calls.listMedia({ ...of, page: '', limit: 0 }, call)).media).toHaveLength(0);
  });

  it('that nobody went on with for a day are deleted', async () => {
    await using fixture = await startMedia();
    const { uploadUrl } = await begin(fixture, png);
    const stop = new AbortController();
    fixture.later(limits.uploadWithinMs + 1_000);
    const running = fixture.service.run(stop.signal);
    let left = 1;
    while (left > 0) left = ((await fixture.calls.listMedia({ ...of, page: '', limit: 0 }, call)).media ?? []).length;
    stop.abort();
    await running;
    expect((await fetch(uploadUrl, { method: 'HEAD' })).status).toBe(403);
  });

  it('let other pages upload and download: a URL is the permission', async () => {
    await using fixture = await startMedia();
    const { uploadUrl } = await begin(fixture, png);
    const { status, headers } = await fetch(uploadUrl, { method: 'OPTIONS', headers: { origin: 'https://shop.example' } });
    expect([status, headers.get('access-control-allow-origin'), headers.get('tus-version')]).toEqual([204, '*', '1.0.0']);
    expect(headers.get('access-control-allow-methods')).toContain('PATCH');
  });
});

/** Sends so many bytes of what it announces, waits until they have arrived, and hangs up. */
async function cutAfter(url: string, content: Uint8Array, bytes: number): Promise<void> {
  const sending = httpRequest(url, { method: 'PATCH', headers: { ...tus, 'upload-offset': '0', 'content-length': content.length } });
  sending.on('error', () => {});
  await new Promise<void>((resolve) => sending.write(content.subarray(0, bytes), () => resolve()));
  sending.destroy();
  for (;;) {
    // Answered once the request that broke has been dealt with.
    const head = await fetch(url, { method: 'HEAD', headers: { 'tus-resumable': '1.0.0' } });
    if (Number(head.headers.get('upload-offset')) > 0) return;
  }
}
