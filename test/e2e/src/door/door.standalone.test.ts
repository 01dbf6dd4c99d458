import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { partitionOf } from '@parley/kernel';
import { apiServices } from '@parley/runtime';
import { RawClient } from '../bad-input/raw-client.js';
import { ServerUnderAttack } from '../bad-input/server-under-attack.js';
import { fencedBlocks } from '../readme/marked-blocks.js';
import { curlCalls } from './curl-calls.js';
import { Door, refusalIn } from './door.js';

jest.setTimeout(30_000);

let server: ServerUnderAttack;
let door: Door;
const called = new Set<string>();
const app = 'app-one';
/** Of an embedded server. */
const partitions = 16;

beforeAll(async () => {
  server = await ServerUnderAttack.start();
  door = new Door(server.deployment);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** The body of a call that must succeed. */
async function ok(method: string, request: object): Promise<Readonly<Record<string, unknown>>> {
  called.add(method);
  const answer = await door.call(method, { app, ...request });
  if (answer.status !== 200) throw new Error(`${method}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const refused = async (method: string, request: object) => refusalIn(await door.call(method, { app, ...request }));

describe('the back-end API', () => {
  it('leads a group from its creation to its end', async () => {
    expect(await ok('group/createGroup', { group: 'team', name: 'The team', owner: 'ann', members: ['bob'] })).toMatchObject({
      group: { group: 'team', name: 'The team', owner: 'ann', memberCount: 2, version: '1' },
    });
    await ok('group/inviteToGroup', { group: 'team', users: ['cid', 'dan'] });
    await ok('group/joinGroup', { group: 'team', user: 'eve' });
    await ok('group/leaveGroup', { group: 'team', user: 'dan' });
    expect(await ok('group/getGroup', { group: 'team' })).toMatchObject({ group: { memberCount: 4 } });
    expect(await ok('group/listMembers', { group: 'team' })).toMatchObject({
      users: ['ann', 'bob', 'cid', 'eve'],
      nextPage: '',
      memberCount: 4,
      members: [{ user: 'ann', role: 'GROUP_ROLE_OWNER' }, { user: 'bob' }, { user: 'cid' }, { user: 'eve' }],
    });
    const first = await ok('group/listMembers', { group: 'team', limit: 3 });
    expect(await ok('group/listMembers', { group: 'team', limit: 3, page: first['nextPage'] })).toMatchObject({
      users: ['eve'],
      nextPage: '',
    });
    await ok('group/dismissGroup', { group: 'team' });
    expect(await refused('group/getGroup', { group: 'team' })).toMatchObject({ status: 404, name: 'GROUP_NOT_FOUND' });
  });

  it('leads a room from its creation to its end', async () => {
    await ok('room/createRoom', { room: 'lounge', name: 'The lounge' });
    expect(await ok('room/enterRoom', { room: 'lounge', user: 'ann' })).toMatchObject({ room: { memberCount: 1 } });
    await ok('room/enterRoom', { room: 'lounge', user: 'bob' });
    await ok('room/leaveRoom', { room: 'lounge', user: 'ann' });
    expect(await ok('room/listMembers', { room: 'lounge' })).toMatchObject({ users: ['bob'], memberCount: 1 });
    expect(await ok('room/getRoom', { room: 'lounge' })).toMatchObject({ room: { room: 'lounge', name: 'The lounge' } });
    await ok('room/destroyRoom', { room: 'lounge' });
    expect(await refused('room/getRoom', { room: 'lounge' })).toMatchObject({ status: 404, name: 'ROOM_NOT_FOUND' });
  });

  it('rules a room: roles, mutes, bans, attributes, counters', async () => {
    const room = 'salon';
    await ok('room/createRoom', { room, name: 'Salon', creator: 'ann', attributes: [{ key: 'topic', value: 'chess' }] });
    for (const user of ['bob', 'cid']) await ok('room/enterRoom', { room, user, mustExist: true });
    expect(await ok('room/roomExists', { room })).toEqual({ exists: true });
    await ok('room/setRole', { room, operator: 'ann', user: 'bob', role: 'ROOM_ROLE_MODERATOR' });
    await ok('room/renameRoom', { room, operator: 'bob', name: 'The salon' });
    await ok('room/mute', { room, operator: 'bob', user: 'cid', durationMs: 60_000 });
    expect(await ok('room/getRoom', { room })).toMatchObject({ room: { mutes: [{ user: 'cid' }] } });
    await ok('room/mute', { room, operator: 'bob', user: 'cid', durationMs: 0 });
    expect(await ok('room/kickMembers', { room, operator: 'bob', users: ['cid', 'nobody'] })).toEqual({ kicked: ['cid'] });
    await ok('room/banUser', { room, operator: 'bob', user: 'cid', durationMs: 60_000 });
    expect(await ok('room/listBans', { room })).toMatchObject({ bans: [{ user: 'cid' }] });
    expect(await refused('room/enterRoom', { room, user: 'cid' })).toMatchObject({ status: 403, name: 'BANNED' });

    const { stateVersion } = await ok('room/changeAttributes', { room, force: true, set: [{ key: 'topic', value: 'go' }] });
    expect(await refused('room/changeAttributes', { room, set: [{ key: 'a', value: 'b' }], ifVersion: 1 })).toMatchObject({
      status: 409,
      name: 'VERSION_CONFLICT',
    });
    await ok('room/changeMemberAttributes', { room, user: 'ann', set: [{ key: 'team', value: 'red' }] });
    const gift = { room, counter: 'gifts', nonce: 'n1', total: 3 };
    expect(await ok('room/incrementCounter', gift)).toEqual({ value: '3' });
    expect(await ok('room/incrementCounter', gift)).toEqual({ value: '3' });
    expect(await ok('room/getRoom', { room })).toMatchObject({
      room: { name: 'The salon', owner: 'ann', moderators: ['bob'], stateVersion, counters: [{ name: 'gifts', value: '3' }] },
    });
    expect(await ok('room/listMembers', { room, users: ['ann'] })).toMatchObject({
      members: [{ user: 'ann', role: 'ROOM_ROLE_OWNER', attributes: [{ key: 'team', value: 'red' }] }],
    });
  });

  it('finds rooms and speaks in all of them', async () => {
    const names = (await ok('room/listRooms', { filter: { namePrefix: 'The salon' }, limit: 10 }))['rooms'];
    expect(names).toMatchObject([{ room: 'salon', attributes: [{ key: 'topic', value: 'go' }] }]);
    const content = { text: { text: 'Hear, hear' } };
    const notice = { clientMsgId: 'notice', priority: 'PRIORITY_HIGH', content };
    expect(await ok('room/sendToAllRooms', notice)).toEqual({ rooms: 1 });
    expect(await ok('room/sendToAllRooms', notice)).toEqual({ rooms: 1 });
    const heard = await ok('history/queryHistory', { conversation: 'r:salon', limit: 100 });
    const texts = (heard['events'] as readonly { readonly content?: unknown }[]).filter((event) => event.content !== undefined);
    expect(texts).toMatchObject([{ content }]);
    const partition = partitionOf(app, 'r:salon', partitions);
    expect(await ok('room/listPartitionRooms', { partition })).toMatchObject({ rooms: [{ room: 'salon' }] });
    called.add('room/sendToPartitionRooms');
    const again = await door.call('room/sendToPartitionRooms', { partition, send: { app, ...notice } });
    expect(again.body).toEqual({ rooms: 1 });
  });

  it('sets how much an app may send', async () => {
    const high = { perSecond: 77, burst: 99 };
    await ok('policy/setPolicy', { policy: { client: { high } } });
    expect(await ok('policy/getPolicy', {})).toMatchObject({ policy: { client: { high } } });
    expect(await refused('policy/setPolicy', { policy: { room: { perSecond: 10, lowPercent: 80 } } })).toMatchObject({
      status: 400,
      detail: 'policy.room.medium_percent: expected 80 to 100, got 50',
    });
    await ok('policy/setPolicy', {});
    const { policy } = (await ok('policy/getPolicy', {})) as { readonly policy: { readonly client: object } };
    expect(policy.client).not.toMatchObject({ high });
  });

  it('sends as a user and as the server, once per id, and reads it back', async () => {
    const conversation = 'u:kim|lea';
    const message = { conversation, sender: 'kim', clientMsgId: 'one', priority: 'PRIORITY_HIGH', content: { text: { text: 'hé' } } };
    const stored = await ok('router/sendMessage', message);
    expect(stored).toMatchObject({ seq: '1' });
    expect(await ok('router/sendMessage', { ...message, isRetry: true })).toEqual(stored);
    expect(await refused('router/sendMessage', { ...message, content: { text: { text: 'other' } } })).toMatchObject({
      status: 409,
      name: 'IDEMPOTENCY_CONFLICT',
    });
    await ok('router/sendMessage', { conversation, content: { custom: { subType: 7, payload: 'AAEC' } } });
    const page = await ok('history/queryHistory', { conversation, atLeastSeq: 2 });
    expect(page).toMatchObject({ headSeq: '2', firstSeq: '1', hasMore: false });
    expect(page['events']).toMatchObject([
      { seq: '1', sender: 'kim', clientMsgId: 'one', priority: 'PRIORITY_HIGH', content: { text: { text: 'hé' } } },
      { seq: '2', sender: '', content: { custom: { subType: 7, payload: 'AAEC' } } },
    ]);
  });

  it('answers from the read models', async () => {
    const conversation = 'u:mia|ned';
    const { messageId } = await ok('router/sendMessage', {
      conversation,
      sender: 'mia',
      clientMsgId: 'x',
      content: { text: { text: 'hi' } },
    });
    await ok('history/queryHistory', { conversation, atLeastSeq: 1 });
    expect(await ok('history/listConversations', { user: 'ned', isCurrent: true })).toMatchObject({
      conversations: [{ conversation, headSeq: '1', firstSeq: '1', isMember: true }],
    });
    expect(await ok('history/getConversation', { conversation })).toMatchObject({ exists: true, headSeq: '1', countable: '1' });
    expect(await ok('history/findSend', { conversation, sender: 'mia', clientMsgId: 'x' })).toMatchObject({
      found: true,
      seq: '1',
      messageId,
    });
    await ok('group/createGroup', { group: 'some', owner: 'mia' });
    expect(await ok('history/filterMembers', { conversation: 'g:some', users: ['ned', 'mia'], isCurrent: true })).toMatchObject({
      members: ['mia'],
    });
    called.add('history/getCheckpoint');
    expect((await door.call('history/getCheckpoint', { partition: 0 })).status).toBe(200);
    const unreached = async (): Promise<unknown> => (await ok('push/listUnreached', { user: 'ned' }))['conversations'];
    let found = await unreached();
    while (JSON.stringify(found) === '[]') found = await unreached();
    expect(found).toMatchObject([{ conversation, seq: '1', count: 1 }]);
  });

  it('knows who is there and sends them away', async () => {
    const { url } = server;
    const client = await RawClient.login(url, server.app, 'zoe');
    const presence = { users: ['nobody', 'zoe'] };
    while (JSON.stringify((await ok('router/queryPresence', presence))['online']) !== '["zoe"]');
    const { sessions } = (await ok('gateway/listSessions', { user: 'zoe' })) as { readonly sessions: readonly object[] };
    expect(sessions).toMatchObject([{ device: 'device-of-zoe', isConnected: true }]);
    expect(await ok('gateway/disconnect', { user: 'zoe', device: 'another', reason: 'test' })).toEqual({ sessions: 0 });
    expect(await ok('gateway/disconnect', { user: 'zoe', reason: 'test' })).toEqual({ sessions: 1 });
    expect(await client.closed()).toBe(4104);
    expect(client.frames.at(-1)?.body).toMatchObject({ type: 'kickedOut', value: { reason: 'test' } });
    expect(await ok('gateway/listSessions', { user: 'zoe' })).toEqual({ sessions: [] });
  });

  it('reads groups together', async () => {
    await ok('group/createGroup', { group: 'book', owner: 'lea' });
    expect(await ok('group/getGroups', { groups: ['book', 'no-such-group'], viewer: 'lea' })).toMatchObject({
      groups: [{ group: 'book' }],
    });
    expect(await ok('group/getGroups', { groups: ['book'], viewer: 'a-stranger' })).toEqual({ groups: [] });
    const partition = partitionOf(app, 'g:book', partitions);
    expect(await ok('group/getPartitionGroups', { partition, groups: ['book'] })).toMatchObject({ groups: [{ group: 'book' }] });
    expect(await ok('group/listUserRequests', { user: 'nobody' })).toEqual({ requests: [] });
    expect(await ok('group/listPartitionRequests', { partition, user: 'nobody' })).toEqual({ requests: [] });
    expect(await ok('group/withdrawRequests', { partition, user: 'a-stranger' })).toEqual({ count: 0 });
  });

  it('knows what became of messages, and between whom', async () => {
    const conversation = 'u:pia|rob';
    const say = (text: string, options: object = {}) =>
      ok('router/sendMessage', { conversation, sender: 'pia', content: { text: { text } }, options });
    await say('first');
    await say('second', { reply: { seq: '1' }, needsReceipt: true });
    const act = (sender: string, act: object) => ok('router/act', { conversation, sender, act });
    await act('rob', { react: { seq: '1', reaction: '+1' } });
    await act('rob', { pin: { seq: '1' } });
    await act('rob', { cursor: { readSeq: '2' } });
    const of = { conversation, viewer: 'pia' };
    await ok('history/getMessages', { ...of, seqs: ['1'], atLeastSeq: '4' });
    expect(await ok('history/getTarget', { conversation, seq: '1', user: 'rob', reaction: '+1', atLeastSeq: '4' })).toMatchObject({
      exists: true,
      sender: 'pia',
      hasReacted: true,
      isPinned: true,
      kind: 'text',
    });
    expect(await ok('history/listReplies', { ...of, rootSeq: '1' })).toMatchObject({ events: [{ seq: '2' }], hasMore: false });
    expect(await ok('history/listReactions', { ...of, seq: '1' })).toMatchObject({ reactions: [{ user: 'rob', reaction: '+1' }] });
    expect(await ok('history/listPins', of)).toMatchObject({ pins: [{ seq: '1', pinnedBy: 'rob' }], events: [{ seq: '1' }] });
    let readers = await ok('history/listReaders', { ...of, seq: '2' });
    // A cursor has no seq to wait for.
    while (JSON.stringify(readers['readers']) === '[]') readers = await ok('history/listReaders', { ...of, seq: '2' });
    expect(readers).toMatchObject({ readers: [{ user: 'rob' }] });
    expect(await ok('history/getConversationSummary', { conversation, user: 'rob' })).toMatchObject({
      conversation: { conversation, unread: '0', readSeq: '2' },
    });
    expect(await ok('history/listUserMessages', { user: 'pia' })).toMatchObject({ events: [{ seq: '1' }, { seq: '2' }], nextPage: '' });
  });

  it('knows people, and tells them something', async () => {
    await ok('user/updateUser', { user: 'tom', change: { name: { text: 'Tom' } } });
    for (const [method, list] of [
      ['user/getUsers', 'users'],
      ['history/getProfiles', 'profiles'],
    ] as const) {
      expect(await ok(method, { users: ['tom', 'nobody'] })).toMatchObject({ [list]: [{ user: 'tom', name: 'Tom', version: '1' }] });
    }
    await ok('user/changeRelations', { user: 'tom', others: ['uma'], step: { block: { isOn: true } } });
    expect(await ok('user/checkRelations', { user: 'uma', others: ['tom'] })).toMatchObject({
      relations: [{ other: 'tom', isBlocked: false }],
    });
    expect(await ok('history/getRelations', { user: 'uma', others: ['tom'] })).toMatchObject({ relations: [{ isBlockedBy: true }] });
    expect(await ok('history/listRelations', { user: 'tom', kind: 'RELATION_KIND_BLOCKED' })).toMatchObject({
      relations: [{ other: 'uma' }],
      count: 1,
    });
    const notice = { onlyTo: ['uma'], profile: { profile: { user: 'tom', name: 'Tom' } } };
    expect(await ok('router/notify', { conversation: 'u:tom|tom', notice })).toEqual({});
  });

  it('takes a file, shares it, and removes it', async () => {
    const file = { user: 'vic', conversation: 'u:vic|wim', kind: 'file', name: 'note.txt', mimeType: 'text/plain', sizeBytes: '5' };
    const { media, uploadUrl } = await ok('media/createUpload', file);
    const upload = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    expect((await fetch(String(uploadUrl), { method: 'PATCH', headers: upload, body: 'hello' })).status).toBe(204);
    expect(await ok('media/completeUpload', { user: 'vic', media })).toMatchObject({ media: { isComplete: true, sizeBytes: '5' } });
    const { url } = await ok('media/getDownloadUrl', { conversation: 'u:vic|wim', media });
    expect(await (await fetch(String(url))).text()).toBe('hello');
    expect(await refused('media/getDownloadUrl', { conversation: 'u:vic|xen', media })).toMatchObject({ name: 'MEDIA_NOT_FOUND' });
    await ok('media/shareMedia', { media, fromConversation: 'u:vic|wim', toConversation: 'u:vic|xen' });
    await ok('media/getDownloadUrl', { conversation: 'u:vic|xen', media });
    await ok('media/deleteMedia', { media });
    expect(await refused('media/getDownloadUrl', { conversation: 'u:vic|wim', media })).toMatchObject({ name: 'MEDIA_NOT_FOUND' });
    const other = await ok('media/createUpload', file);
    await ok('media/cancelUpload', { user: 'vic', media: other['media'] });
    await ok('media/createUpload', file);
    expect(await ok('media/eraseMedia', { user: 'vic' })).toEqual({ files: 1 });
  });

  it('was called with every method that there is, here or where its page shows it', () => {
    const page = readFileSync(new URL('../../../../docs/backend-api.md', import.meta.url), 'utf8');
    const shown = fencedBlocks(page)
      .filter(({ language }) => language === 'sh')
      .flatMap(curlCalls);
    for (const { path } of shown) called.add(path.replace('/v1/', ''));
    const all = Object.entries(apiServices).flatMap(([service, { methods }]) =>
      Object.entries(methods).flatMap(([method, { kind }]) => (kind === 'unary' ? [`${service}/${method}`] : [])),
    );
    expect([...called].sort()).toEqual(all.sort());
  });
});

describe('calls that must be refused', () => {
  const body = JSON.stringify({ app, group: 'g' });

  it.each([
    ['no key', { authorization: '' }],
    ['an empty key', { authorization: 'Bearer ' }],
    ['another key', { authorization: 'Bearer 0123456789012345678901234567890123456789' }],
    ['a key of 16 KiB', { authorization: `Bearer ${'x'.repeat(8_000)}` }],
    ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
  ])('with %s, whatever they ask for', async (_name, change) => {
    const paths = ['/v1/group/getGroup', '/v1/nothing/here', '/v1/group/nothing', '/parley.group.v1.GroupService/GetGroup'];
    for (const path of paths) {
      const answer = await door.send(path, body, change);
      expect(refusalIn(answer)).toMatchObject({ status: 401, name: 'UNAUTHENTICATED' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('with the verb %s', async (verb) => {
    const answer = await door.send('/v1/group/getGroup', verb === 'GET' ? undefined : body, { verb });
    expect(refusalIn(answer)).toMatchObject({ status: 501, name: 'UNSUPPORTED' });
  });

  it.each([
    ...['/v1/group/nothing', '/v1/nothing/getGroup', '/v1/router/link', '/v1/router/relay', '/v1/group/toString', '/v1/group/constructor'],
    ...['/v1/__proto__/constructor', '/v1/group/getGroup/more', '/v1/group', '/v1', '/', '/v1/group/GetGroup', '/V1/group/getGroup'],
    ...[
      '/v1/../metrics/x',
      '/v1/..%2f..%2fetc/passwd',
      '/v1/group%2fgetGroup',
      '/v1/group/getGroup%00',
      '/..%5c..%5cwindows/x',
      '//group/getGroup',
    ],
  ])('for %s', async (path) => {
    expect(refusalIn(await door.send(path, body))).toMatchObject({ status: 501, name: 'UNSUPPORTED' });
  });

  it('for a path that cannot be decoded', async () => {
    expect(refusalIn(await door.send('/v1/group/%ff', body))).toMatchObject({ status: 400, name: 'INVALID_ARGUMENT' });
  });

  it.each<[string, string | Uint8Array]>([
    ['no JSON', '{"app":'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"app"'],
    ['a field that is not there', '{"nope":1}'],
    ['a field twice under two names', '{"member_limit":1,"memberLimit":2,"app":"app-one","group":"x y"}'],
    ['__proto__', '{"__proto__":{"app":"app-one"}}'],
    ['a number for a text', '{"app":1}'],
    ['an object for a text', '{"app":{}}'],
    ['a list for a text', '{"app":["app-one"]}'],
    ['a number out of range', '{"memberLimit":4294967296}'],
    ['a negative number', '{"memberLimit":-1}'],
    ['a fraction', '{"memberLimit":1.5}'],
    ['a number beyond all', '{"memberLimit":1e999}'],
    ['null in a list', '{"members":[null]}'],
    ['no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)],
    ['50 000 levels', `${'{"group":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['no app', '{"group":"g","owner":"ann"}'],
    ['an app with a slash', '{"app":"a/b","group":"g","owner":"ann"}'],
    ['a group with a zero byte', '{"app":"app-one","group":"g\\u0000","owner":"ann"}'],
    ['half a surrogate pair', '{"app":"app-one","group":"\\ud800","owner":"ann"}'],
    ['no owner', '{"app":"app-one","group":"g"}'],
    ['a name of 51 letters', `{"app":"app-one","group":"g","owner":"ann","name":"${'x'.repeat(51)}"}`],
    ['101 members', JSON.stringify({ app, group: 'g', owner: 'ann', members: Array.from({ length: 101 }, (_, i) => `u${i}`) })],
    ['too high a limit', '{"app":"app-one","group":"g","owner":"ann","memberLimit":100001}'],
  ])('with a body of %s', async (_name, content) => {
    const answer = refusalIn(await door.send('/v1/group/createGroup', content));
    expect(answer).toMatchObject({ status: 400, name: 'INVALID_ARGUMENT' });
    expect(answer.detail).not.toBe('');
  });

  it('with a body of more than 1 MiB', async () => {
    expect(refusalIn(await door.send('/v1/group/createGroup', 'x'.repeat(1024 * 1024 + 1)))).toMatchObject({
      status: 413,
      name: 'MESSAGE_TOO_LARGE',
    });
  });

  it.each<[string, object, string]>([
    ['router/sendMessage', { conversation: 'u:a|b', clientMsgId: 'a\0b', content: { text: { text: 'x' } } }, 'client_msg_id'],
    ['router/sendMessage', { conversation: 'u:a|b', clientMsgId: 'é'.repeat(33), content: { text: { text: 'x' } } }, 'client_msg_id'],
    ['router/sendMessage', { conversation: 'u:a|b', sender: 'a b', content: { text: { text: 'x' } } }, 'sender'],
    ['router/sendMessage', { conversation: 'u:b|a', content: { text: { text: 'x' } } }, 'conversation'],
    ['router/sendMessage', { conversation: 'u:a|b', priority: 'PRIORITY_SYSTEM', content: { text: { text: 'x' } } }, 'priority'],
    ['router/sendMessage', { conversation: 'u:a|b', content: {} }, 'content'],
    ['router/sendMessage', { conversation: 'u:a|b' }, 'content'],
    ['history/queryHistory', { conversation: '' }, 'conversation'],
    ['history/queryHistory', { conversation: 'u:a|b', limit: 101 }, 'limit'],
    ['history/queryHistory', { conversation: 'u:a|b', viewer: 'a\0b' }, 'viewer'],
    ['history/queryHistory', { conversation: 'u:a|b', fromSeq: '9007199254740993' }, '2^53'],
    ['history/getConversation', { conversation: 'g:\0' }, 'conversation'],
    ['history/listConversations', { user: '' }, 'user'],
    ['history/listConversations', { user: 'ann', page: '\0' }, 'page'],
    ['history/listConversations', { user: 'ann', limit: 1_001 }, 'limit'],
    ['history/filterMembers', { conversation: 'g:a', users: ['x'.repeat(5_000)] }, 'users'],
    ['history/findSend', { conversation: 'u:a|b', sender: 'a', clientMsgId: '' }, 'client_msg_id'],
    ['push/listUnreached', { user: 'a/b' }, 'user'],
    ['gateway/listSessions', { user: '' }, 'user'],
    ['gateway/disconnect', { app: '', user: 'ann' }, 'app'],
    ['router/queryPresence', { app: '', users: ['ann'] }, 'app'],
    ['router/queryPresence', { users: ['a b'] }, 'users'],
    ['history/getTarget', { conversation: 'u:a|b', seq: '1', user: 'a', reaction: 'x'.repeat(33) }, 'reaction'],
    ['user/changeRelations', { user: 'a', others: [], step: { ask: {} } }, 'others'],
    ['user/changeRelations', { user: 'a', others: ['b'] }, 'step'],
    ['user/listRelations', { user: 'a', kind: 99 }, 'kind'],
    ['user/listRelations', { user: 'a', kind: 'RELATION_KIND_FRIENDS', page: 'x' }, 'page'],
    ['user/updateUser', { user: 'a', change: { isErased: true } }, 'change'],
    ['user/updateUser', { user: 'a', change: { name: { text: 'x'.repeat(257) } } }, 'profile.name'],
    ['user/exportUser', { user: 'a', page: 'secrets:' }, 'page'],
    ['user/exportUser', { user: 'a', page: 'messages:x' }, 'page'],
    ['user/eraseUser', { user: '' }, 'user'],
    ['router/act', { conversation: 'u:a|b', sender: 'a' }, 'act'],
    ['router/act', { conversation: 'u:a|b', sender: 'a', act: { delete: { seqs: new Array(101).fill('1') } } }, 'seqs'],
    ['router/act', { conversation: 'u:a|b', act: { profile: { name: { text: 'A' } } } }, 'act.profile'],
    ['router/notify', { conversation: 'u:a|b' }, 'notice'],
    ['router/importMessages', { conversation: 'u:a|b', messages: [] }, 'messages'],
    ['router/importMessages', { conversation: 'u:a|b', messages: [{ sender: 'c', clientMsgId: 'x', originalMs: 1 }] }, 'sender'],
    ['history/getMessages', { conversation: 'u:a|b', seqs: new Array(101).fill('1') }, 'seqs'],
    ['history/searchMessages', { search: { text: 'x' } }, 'conversation'],
    ['history/queryConversations', { user: 'a', limit: 101 }, 'limit'],
    ['history/getProfiles', { users: ['a b'] }, 'users'],
    ['media/createUpload', { user: 'a', conversation: 'u:a|b', kind: 'program', name: 'x', mimeType: 'text/plain', sizeBytes: 1 }, 'kind'],
    ['media/getDownloadUrl', { conversation: 'u:a|b', media: '../../etc/passwd' }, ''],
    ['group/changeGroup', { group: 'g' }, 'operation'],
    ['group/getGroups', { groups: new Array(101).fill('g') }, 'groups'],
    ['group/listMembers', { group: 'g', page: 'x' }, ''],
  ])('%# by %s', async (method, request, detail) => {
    const answer = await refused(method, request);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.detail).toContain(detail);
  });

  it('for a partition that nobody will ever serve', async () => {
    const answer = refusalIn(await door.call('history/getCheckpoint', { partition: 4_000_000 }));
    expect(answer).toMatchObject({ status: 400, name: 'INVALID_ARGUMENT' });
  });

  it('and leave the server as it was', async () => {
    await server.checkHealth();
    expect((await fetch(`${server.deployment.adminUrl}/readyz`)).status).toBe(200);
  });
});
