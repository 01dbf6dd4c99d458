import { describe, expect, it } from '@jest/globals';
import { createCompleteUploadRequest, createCreateUploadRequest } from '@parley/contracts/media';
import { limits } from '@parley/kernel';
import type { MediaRecord } from './media-record.js';
import { type MediaFixture, retentionMs, startMedia } from './testing/media-fixture.js';

const call = { signal: new AbortController().signal, trace: '' };
const content = Buffer.from('some bytes');

/** A complete file of ann's. */
async function put({ calls }: MediaFixture, conversation = 'u:ann|bob'): Promise<string> {
  const of = { app: 'shop', user: 'ann' };
  const announced = { ...of, conversation, kind: 'file', name: 'a.bin', sizeBytes: content.length };
  const { media = '', uploadUrl = '' } = await calls.createUpload(createCreateUploadRequest(announced), call);
  const headers = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
  await fetch(uploadUrl, { method: 'PATCH', body: new Uint8Array(content), headers });
  await calls.completeUpload(createCompleteUploadRequest({ ...of, media }), call);
  return media;
}

/** Lets the sweep go round once. */
async function sweep({ service, whenAsleep }: MediaFixture): Promise<void> {
  const stop = new AbortController();
  const asleep = whenAsleep();
  const running = service.run(stop.signal);
  await asleep;
  stop.abort();
  await running;
}

const left = async ({ calls }: MediaFixture): Promise<readonly (string | undefined)[]> =>
  ((await calls.listMedia({ app: 'shop', user: 'ann', page: '', limit: 0 }, call)).media ?? []).map(({ media }) => media);

describe('the sweep of files', () => {
  it('deletes those that are as old as messages of their app become, but not what was shared since', async () => {
    await using fixture = await startMedia();
    const [old, shared] = [await put(fixture), await put(fixture)];
    const url = (await fixture.calls.getDownloadUrl({ app: 'shop', conversation: 'u:ann|bob', media: old }, call)).url ?? '';
    fixture.later(retentionMs / 2);
    const sharing = { app: 'shop', media: shared, fromConversation: 'u:ann|bob', toConversation: 'g:team' };
    await fixture.calls.shareMedia(sharing, call);
    const young = await put(fixture);
    fixture.later(retentionMs / 2);
    await sweep(fixture);
    expect(await left(fixture)).toHaveLength(3);
    fixture.later(24 * 3_600_000);
    await sweep(fixture);
    expect(new Set(await left(fixture))).toEqual(new Set([shared, young]));
    expect((await fetch(url)).status).not.toBe(200);
    fixture.later(retentionMs / 2);
    await sweep(fixture);
    expect(await left(fixture)).toEqual([]);
  });

  it('leaves what users have for themselves, such as avatars', async () => {
    await using fixture = await startMedia();
    const own = await put(fixture, 'u:ann|ann');
    const shared = await put(fixture);
    await fixture.calls.shareMedia({ app: 'shop', media: shared, fromConversation: 'u:ann|bob', toConversation: 'u:ann|ann' }, call);
    await put(fixture);
    for (let round = 0; round < 2; round++) {
      fixture.later(2 * retentionMs);
      await sweep(fixture);
    }
    expect(new Set(await left(fixture))).toEqual(new Set([own, shared]));
  });

  it('clears away what a crash has left of the beginning of an upload', async () => {
    await using fixture = await startMedia();
    const media = 'a'.repeat(26);
    const createdMs = 1_000;
    const record: MediaRecord = {
      ...{ version: 1, app: 'shop', media, owner: 'ann', conversations: ['u:ann|bob'], kind: 'file', name: 'a', mimeType: '' },
      ...{ sizeBytes: 3, sha256: '', width: 0, height: 0, createdMs, isComplete: false },
    };
    await fixture.store.create(record);
    await fixture.loseRecord(record);
    expect(await fixture.store.startedBefore(2_000)).toHaveLength(1);
    await sweep(fixture);
    expect(await fixture.store.startedBefore(2_000)).toEqual([]);
    expect(await fixture.store.receivedBytes(record)).toBe(0);
  });

  it('leaves uploads alone that may still go on', async () => {
    await using fixture = await startMedia();
    await fixture.calls.createUpload(
      createCreateUploadRequest({ app: 'shop', user: 'ann', conversation: 'u:ann|bob', kind: 'file', name: 'a', sizeBytes: 3 }),
      call,
    );
    fixture.later(limits.uploadWithinMs - 60_000);
    await sweep(fixture);
    expect(await left(fixture)).toHaveLength(1);
  });
});
