import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import type { ClientFrameInit, CreateUploadInit } from '@parley/wire';
import { Harness, limitsWith } from './harness.js';

type Body = NonNullable<ClientFrameInit['body']>;

const conversation = 'u:alice|bob';
const upload = (changes: CreateUploadInit = {}): Body => ({
  type: 'createUpload',
  value: { conversation, kind: 'image', name: 'cat.png', mimeType: 'image/png', sizeBytes: 12, sha256: 'a'.repeat(64), ...changes },
});

describe('files', () => {
  it.each<[Body, object, object]>([
    [
      upload(),
      { call: 'createUpload', request: { app: 'app', user: 'alice', conversation, kind: 'image', name: 'cat.png', sizeBytes: 12 } },
      { type: 'upload', value: { media: 'm1', uploadUrl: 'http://127.0.0.1/u/m1', expiresMs: 9, chunkBytes: 1_000 } },
    ],
    [
      { type: 'completeUpload', value: { media: 'm1' } },
      { call: 'completeUpload', request: { app: 'app', user: 'alice', media: 'm1' } },
      { type: 'media', value: { media: 'm1', name: 'cat.png', mimeType: 'image/png', sizeBytes: 12, width: 3, height: 4, url: '' } },
    ],
    [
      { type: 'cancelUpload', value: { media: 'm1' } },
      { call: 'cancelUpload', request: { app: 'app', user: 'alice', media: 'm1' } },
      { type: 'done', value: {} },
    ],
    [
      { type: 'getDownloadUrl', value: { conversation, media: 'm1' } },
      { call: 'getDownloadUrl', request: { app: 'app', conversation, media: 'm1' } },
      { type: 'media', value: { media: 'm1', url: 'http://127.0.0.1/d/m1', urlExpiresMs: 99, name: 'cat.png' } },
    ],
    [
      { type: 'shareMedia', value: { media: 'm1', fromConversation: conversation, toConversation: 'u:alice|carol' } },
      { call: 'shareMedia', request: { app: 'app', media: 'm1', fromConversation: conversation, toConversation: 'u:alice|carol' } },
      { type: 'done', value: {} },
    ],
  ])('are asked for as the user: %j', async (body, asked, answer) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject(answer);
    expect(harness.media.calls.all).toMatchObject([asked]);
    expect(harness.history.filters).toEqual([]);
  });

  it.each<[string, (at: string) => Body]>([
    ['uploaded to', (at) => upload({ conversation: at })],
    ['fetched from', (at) => ({ type: 'getDownloadUrl', value: { conversation: at, media: 'm1' } })],
    ['shared to', (at) => ({ type: 'shareMedia', value: { media: 'm1', fromConversation: conversation, toConversation: at } })],
    ['shared from', (at) => ({ type: 'shareMedia', value: { media: 'm1', fromConversation: at, toConversation: conversation } })],
  ])('are %s groups and rooms by those who are in them now, as history says', async (_what, bodyAt) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    for (const at of ['g:team', 'r:hall']) {
      harness.history.members = [];
      expect(await alice.ask(bodyAt(at))).toMatchObject({ value: { name: 'CONVERSATION_NOT_FOUND' } });
      expect(harness.media.calls.all).toEqual([]);
      expect(harness.history.filters.at(-1)).toMatchObject({ conversation: at, users: ['alice'], isCurrent: true });
      harness.history.members = ['alice'];
      expect((await alice.ask(bodyAt(at))).type).not.toBe('error');
      harness.media.calls.all.length = 0;
    }
  });

  it('are not uploaded for somebody to whom the user may not write', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.history.blockers.add('bob');
    expect(await alice.ask(upload())).toMatchObject({ value: { name: 'BLOCKED' } });
    expect((await alice.ask(upload({ conversation: 'u:alice|alice' }))).type).toBe('upload');
    harness.history.blockers.clear();
    harness.rules.rules = { ...harness.rules.rules, friendsOnly: true };
    expect(await alice.ask(upload())).toMatchObject({ value: { name: 'NOT_FRIENDS' } });
    expect(harness.media.calls.all).toHaveLength(1);
  });

  it('that somebody has for themselves are shown to others only as that user’s avatar', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const fetch = (user: string): Body => ({ type: 'getDownloadUrl', value: { conversation: `u:${user}|${user}`, media: 'm1' } });
    expect((await alice.ask(fetch('alice'))).type).toBe('media');
    expect(await alice.ask(fetch('bob'))).toMatchObject({ value: { name: 'CONVERSATION_NOT_FOUND' } });
    harness.user.avatars.set('bob', 'm1').set('carol', 'm2');
    expect(await alice.ask(fetch('bob'))).toMatchObject({ type: 'media', value: { media: 'm1' } });
    expect(await alice.ask(fetch('carol'))).toMatchObject({ value: { name: 'CONVERSATION_NOT_FOUND' } });
    expect(harness.media.calls.all).toHaveLength(2);
  });

  it.each<[Body, string, string]>([
    [upload({ kind: 'program' }), 'INVALID_ARGUMENT', 'kind: image'],
    [upload({ sizeBytes: 0 }), 'INVALID_ARGUMENT', 'size_bytes'],
    [upload({ sizeBytes: limits.imageBytesMax + 1 }), 'MESSAGE_TOO_LARGE', `${limits.imageBytesMax} for image`],
    [upload({ kind: 'audio', sizeBytes: limits.audioBytesMax + 1 }), 'MESSAGE_TOO_LARGE', `${limits.audioBytesMax} for audio`],
    [upload({ kind: 'video', sizeBytes: limits.videoBytesMax + 1 }), 'MESSAGE_TOO_LARGE', `${limits.videoBytesMax} for video`],
    [upload({ kind: 'file', sizeBytes: limits.fileBytesMax + 1 }), 'MESSAGE_TOO_LARGE', `${limits.fileBytesMax} for file`],
    [upload({ name: 'x'.repeat(256) }), 'INVALID_ARGUMENT', 'name: at most 255'],
    [upload({ mimeType: 'x'.repeat(256) }), 'INVALID_ARGUMENT', 'mime_type: at most 255'],
    [upload({ sha256: 'abc' }), 'INVALID_ARGUMENT', 'sha256: 64'],
    [upload({ sha256: 'A'.repeat(64) }), 'INVALID_ARGUMENT', 'lower case'],
    [upload({ conversation: '' }), 'INVALID_ARGUMENT', 'conversation'],
    [upload({ conversation: 'u:bob|carol' }), 'CONVERSATION_NOT_FOUND', ''],
    [{ type: 'completeUpload', value: { media: '../secret' } }, 'INVALID_ARGUMENT', 'media: 1 to 64'],
    [{ type: 'cancelUpload', value: {} }, 'INVALID_ARGUMENT', 'media: 1 to 64'],
    [{ type: 'getDownloadUrl', value: { conversation: 'u:bob|carol', media: 'm1' } }, 'CONVERSATION_NOT_FOUND', ''],
    [{ type: 'shareMedia', value: { media: 'm1', fromConversation: conversation } }, 'INVALID_ARGUMENT', 'to_conversation'],
  ])('are not asked for where the question is wrong by itself: %j', async (body, name, detail) => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.media.calls.all).toEqual([]);
    for (const client of [alice, bystander]) expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('are sent and shown at rates of their own: a page of pictures asks for many', async () => {
    await using harness = await Harness.start({ limits: limitsWith({ media: 2, downloads: 3 }) });
    const alice = await harness.member('alice');
    const fetch: Body = { type: 'getDownloadUrl', value: { conversation, media: 'm1' } };
    for (let i = 0; i < 2; i++) expect((await alice.ask(upload())).type).toBe('upload');
    expect(await alice.ask(upload())).toMatchObject({ value: { name: 'RATE_LIMITED', message: expect.stringContaining('media') } });
    for (let i = 0; i < 3; i++) expect((await alice.ask(fetch)).type).toBe('media');
    expect(await alice.ask(fetch)).toMatchObject({ value: { name: 'RATE_LIMITED', message: expect.stringContaining('downloads') } });
  });
});
