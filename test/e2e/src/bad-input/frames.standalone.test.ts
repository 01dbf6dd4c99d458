import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { limits } from '@parley/kernel';
import { appToken } from '@parley/testkit';
import { type ClientFrameInit, closeCodes, encodeClientFrames, encodeContent, Priority, subprotocols } from '@parley/wire';
import { errorIn, RawClient, type RequestBody } from './raw-client.js';
import { granted } from './room-requests.js';
import { ServerUnderAttack } from './server-under-attack.js';

// Machines that run tests may be slow.
jest.setTimeout(30_000);

const tooBig = 1009;
const notUtf8 = 1007;
/** Faults below the level of messages: uWebSockets.js cuts the connection, `ws` says why. */
const cutOrToldWhy = (code: number): readonly number[] => [code, 1006];

const text = (value: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: value } } });
const ping: RequestBody = { type: 'ping', value: {} };

/** A message that would be stored, changed where the test is about. */
const send = (change: Partial<Extract<RequestBody, { type: 'send' }>['value']>): RequestBody => ({
  type: 'send',
  value: { conversation: 'u:bob|mal', clientMsgId: 'm1', content: text('hello'), ...change },
});

/** A message of exactly so many bytes that asks for a pong. */
function pingOf(bytes: number): Uint8Array {
  const empty = encodeClientFrames({ frames: [{ id: 9, trace: 'x'.repeat(300), body: ping }] }).length;
  const spread = (extra: number): Uint8Array => encodeClientFrames({ frames: [{ id: 9, trace: 'x'.repeat(300 + extra), body: ping }] });
  for (let extra = bytes - empty - 8; extra <= bytes - empty; extra++) {
    const message = spread(extra);
    if (message.length === bytes) return message;
  }
  throw new Error(`no message of ${bytes} bytes`);
}

describe.each(['auto', 'ws'] as const)('a client that breaks the protocol (%s)', (implementation) => {
  let server: ServerUnderAttack;
  beforeAll(async () => {
    server = await ServerUnderAttack.start({ implementation });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  const login = (user = 'mal'): Promise<RawClient> => RawClient.login(server.url, server.app, user);

  it('may send 64 KiB at once and is closed for a byte more', async () => {
    const client = await login();
    client.socket.send(pingOf(limits.frameBytesMax));
    expect((await client.answerTo(9)).type).toBe('pong');
    client.socket.send(pingOf(limits.frameBytesMax + 1));
    expect(await client.closed()).toBe(tooBig);
    await server.checkHealth();
  });

  it('is closed for a message whose parts are too long together', async () => {
    const client = await login();
    const part = new Uint8Array(limits.frameBytesMax / 2);
    for (let sent = 0; sent < 10; sent++) client.socket.send(part, { fin: false });
    expect(cutOrToldWhy(tooBig)).toContain(await client.closed());
    await server.checkHealth();
  });

  it('is closed for a message of 10 MB', async () => {
    const client = await login();
    client.socket.send(new Uint8Array(10_000_000));
    expect(cutOrToldWhy(tooBig)).toContain(await client.closed());
    await server.checkHealth();
  });

  it('has 4 KiB before the login', async () => {
    const client = await RawClient.open(server.url);
    client.socket.send(new Uint8Array(limits.loginFrameBytesMax + 1));
    expect(await client.closed()).toBe(closeCodes.INVALID_FRAME);
    expect(errorIn(client.frames[0]?.body)).toMatchObject({ name: 'MESSAGE_TOO_LARGE' });
  });

  it.each<[string, RequestBody]>([
    ['a ping', ping],
    ['a message', send({})],
    ['a sync', { type: 'sync', value: {} }],
    ['the renewal of a token', { type: 'renewToken', value: { token: 'x' } }],
    ['a logout', { type: 'logout', value: {} }],
  ])('must not begin with %s', async (_name, body) => {
    const client = await RawClient.open(server.url);
    const id = client.send(body);
    expect(await client.closed()).toBe(closeCodes.NOT_LOGGED_IN);
    expect(errorIn(await client.answerTo(id))).toMatchObject({ name: 'NOT_LOGGED_IN' });
  });

  it('logs in once per connection', async () => {
    const client = await login();
    const again = await client.refusal({ type: 'login', value: { token: appToken(server.app, 'eve'), device: 'd' } });
    expect(again).toMatchObject({ name: 'ALREADY_LOGGED_IN' });
    expect(await client.isServed()).toBe(true);
  });

  it.each<[string, string, string | Uint8Array, number]>([
    ['text in the binary subprotocol', subprotocols.proto, '{"frames":[]}', closeCodes.INVALID_FRAME],
    ['bytes in the JSON subprotocol', subprotocols.json, encodeClientFrames({ frames: [] }), closeCodes.INVALID_FRAME],
    [
      'a truncated frame',
      subprotocols.proto,
      encodeClientFrames({ frames: [{ id: 1, body: ping }] }).subarray(0, 3),
      closeCodes.INVALID_FRAME,
    ],
    ['a group, which has no end', subprotocols.proto, Uint8Array.of(0x0a, 0x01, 0x0b), closeCodes.INVALID_FRAME],
    ['field number 0', subprotocols.proto, Uint8Array.of(0x00, 0x00), closeCodes.INVALID_FRAME],
    ['a varint without end', subprotocols.proto, new Uint8Array(11).fill(0xff), closeCodes.INVALID_FRAME],
    ['invalid UTF-8 in a string', subprotocols.proto, Uint8Array.of(0x0a, 0x04, 0x12, 0x02, 0xc3, 0x28), closeCodes.INVALID_FRAME],
    ['text that is no JSON', subprotocols.json, '{"frames":[', closeCodes.INVALID_FRAME],
    ['JSON of another shape', subprotocols.json, '{"frames":7}', closeCodes.INVALID_FRAME],
    ['an array', subprotocols.json, '[]', closeCodes.INVALID_FRAME],
    ['a number that is none', subprotocols.json, '{"frames":[{"id":NaN}]}', closeCodes.INVALID_FRAME],
    ['the text NaN for an id', subprotocols.json, '{"frames":[{"id":"NaN"}]}', closeCodes.INVALID_FRAME],
    ['a number beyond all', subprotocols.json, '{"frames":[{"id":1e999}]}', closeCodes.INVALID_FRAME],
    ['a negative id', subprotocols.json, '{"frames":[{"id":-1}]}', closeCodes.INVALID_FRAME],
    ['two bodies in one frame', subprotocols.json, '{"frames":[{"id":1,"ping":{},"sync":{}}]}', closeCodes.INVALID_FRAME],
    [
      'an integer of 2^53',
      subprotocols.json,
      '{"frames":[{"id":1,"queryHistory":{"fromSeq":"9007199254740992"}}]}',
      closeCodes.INVALID_FRAME,
    ],
  ])('is closed for %s', async (_name, subprotocol, message, code) => {
    const client = await RawClient.open(server.url, subprotocol);
    client.socket.send(message);
    expect(await client.closed()).toBe(code);
  });

  it('is closed for a text message that is no UTF-8', async () => {
    const client = await RawClient.open(server.url, subprotocols.json);
    client.socket.send(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), { binary: false });
    expect(cutOrToldWhy(notUtf8)).toContain(await client.closed());
    await server.checkHealth();
  });

  it('cannot do more with JSON than with bytes', async () => {
    const client = await RawClient.open(server.url, subprotocols.json);
    const token = appToken(server.app, 'mal');
    const say = async (frame: string, id: number): Promise<string> => {
      client.socket.send(frame);
      return client.until(`the answer to ${frame.slice(0, 100)}`, () => client.texts.find((answer) => answer.includes(`"id":${id},`)));
    };
    await say(`{"frames":[{"id":1,"login":{"token":"${token}","device":"json"}}]}`, 1);
    const deep = `${'['.repeat(15_000)}${']'.repeat(15_000)}`;
    const pong = (id: number, extra: string): string => `{"frames":[{"id":${id},"ping":{},${extra}}]}`;
    expect(await say(pong(2, `"unknown":${deep}`), 2)).toContain('"pong"');
    expect(await say(pong(3, `"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}`), 3)).toContain('"pong"');
    expect(await say(pong(4, `"unknown":1e400`), 4)).toContain('"pong"');
    expect(await say(`{"__proto__":{"frames":[{"id":66,"logout":{}}]},"frames":[{"id":5,"ping":{}}]}`, 5)).toContain('"pong"');
    const message = `{"conversation":"u:bob|mal","clientMsgId":"a\\u0000b","content":{"text":{"text":"x"}}}`;
    expect(await say(`{"frames":[{"id":6,"send":${message}}]}`, 6)).toContain('"INVALID_ARGUMENT"');
    const system = `{"conversation":"u:bob|mal","clientMsgId":"c","priority":"PRIORITY_SYSTEM","content":{"text":{"text":"x"}}}`;
    expect(await say(`{"frames":[{"id":7,"send":${system}}]}`, 7)).toContain('"INVALID_ARGUMENT"');
    await server.checkHealth();
  });
});

describe('requests that must be refused', () => {
  let server: ServerUnderAttack;
  let mal: RawClient;
  beforeAll(async () => {
    server = await ServerUnderAttack.start();
    const owner = await RawClient.login(server.url, server.app, 'owner');
    await granted(owner, { type: 'createGroup', value: { group: 'closed', members: ['bob'] } });
    await granted(owner, { type: 'enterRoom', value: { room: 'lounge' } });
    await granted(owner, send({ conversation: 'u:bob|owner' }));
    mal = await RawClient.login(server.url, server.app, 'mal');
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  const two = Buffer.concat([text('a'), encodeContent({ kind: { type: 'bullet', value: { text: 'b' } } })]);
  const long = 'x'.repeat(65);
  const users = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);
  const query = (conversation: string, change = {}): RequestBody => ({ type: 'queryHistory', value: { conversation, ...change } });

  it.each<[string, RequestBody, string, string]>([
    ["somebody else's conversation", send({ conversation: 'u:bob|owner' }), 'CONVERSATION_NOT_FOUND', ''],
    ['a group of others', send({ conversation: 'g:closed' }), 'CONVERSATION_NOT_FOUND', ''],
    ['a group that is not there', send({ conversation: 'g:nowhere' }), 'CONVERSATION_NOT_FOUND', ''],
    ['a room that was not entered', send({ conversation: 'r:lounge' }), 'CONVERSATION_NOT_FOUND', ''],
    ['a room that is not there', send({ conversation: 'r:nowhere' }), 'CONVERSATION_NOT_FOUND', ''],
    ['no conversation', send({ conversation: '' }), 'INVALID_ARGUMENT', 'conversation'],
    ['users in the wrong order', send({ conversation: 'u:mal|bob' }), 'INVALID_ARGUMENT', 'conversation'],
    ['a conversation of three', send({ conversation: 'u:bob|mal|x' }), 'INVALID_ARGUMENT', 'conversation'],
    ['an over-long conversation', send({ conversation: `g:${long}` }), 'INVALID_ARGUMENT', 'conversation'],
    ['a path for a group', send({ conversation: 'g:../../etc' }), 'INVALID_ARGUMENT', 'conversation'],
    ['a conversation with a zero byte', send({ conversation: 'g:a\0b' }), 'INVALID_ARGUMENT', 'conversation'],
    ['no message id', send({ clientMsgId: '' }), 'INVALID_ARGUMENT', 'client_msg_id'],
    ['a message id of 65 bytes', send({ clientMsgId: long }), 'INVALID_ARGUMENT', 'client_msg_id'],
    ['a message id of 33 letters in 66 bytes', send({ clientMsgId: 'é'.repeat(33) }), 'INVALID_ARGUMENT', 'client_msg_id'],
    ['a message id with a zero byte', send({ clientMsgId: 'a\0b' }), 'INVALID_ARGUMENT', 'client_msg_id'],
    ['the priority of the server', send({ priority: Priority.SYSTEM }), 'INVALID_ARGUMENT', 'priority'],
    ['no content', send({ content: new Uint8Array(0) }), 'INVALID_ARGUMENT', 'content'],
    ['content of an unknown kind', send({ content: Uint8Array.of(0x72, 0x00) }), 'INVALID_ARGUMENT', 'content'],
    ['content of two kinds', send({ content: two }), 'INVALID_ARGUMENT', 'content'],
    ['content that is cut off', send({ content: text('hello').subarray(0, 4) }), 'INVALID_ARGUMENT', 'content'],
    ['a text that is no UTF-8', send({ content: Uint8Array.of(0x0a, 0x04, 0x0a, 0x02, 0xc3, 0x28) }), 'INVALID_ARGUMENT', 'content'],
    ['a text of 2 KiB and a byte', send({ content: text('x'.repeat(limits.textBytesMax + 1)) }), 'MESSAGE_TOO_LARGE', '2048'],
    ['a text of 1025 letters in 2050 bytes', send({ content: text('é'.repeat(1_025)) }), 'MESSAGE_TOO_LARGE', '2048'],
    ['content of more than 40 KiB', send({ content: text('x'.repeat(limits.contentBytesMax)) }), 'MESSAGE_TOO_LARGE', '40960'],
    [
      'a command of 5 KiB and a byte',
      send({ content: encodeContent({ kind: { type: 'command', value: { payload: new Uint8Array(limits.commandBytesMax + 1) } } }) }),
      'MESSAGE_TOO_LARGE',
      '5120',
    ],
    [
      'an extension of 1 KiB and a byte',
      send({
        content: encodeContent({ kind: { type: 'text', value: { text: 'a' } }, extension: 'x'.repeat(limits.extensionBytesMax + 1) }),
      }),
      'MESSAGE_TOO_LARGE',
      '1024',
    ],
    ["somebody else's history", query('u:bob|owner'), 'CONVERSATION_NOT_FOUND', ''],
    ['the history of a group of others', query('g:closed'), 'CONVERSATION_NOT_FOUND', ''],
    ['the history of a group that is not there', query('g:nowhere'), 'CONVERSATION_NOT_FOUND', ''],
    ['a page of 101', query('u:bob|mal', { limit: 101 }), 'INVALID_ARGUMENT', 'limit'],
    ['a cursor that was made up', { type: 'sync', value: { cursor: '../../x' } }, 'INVALID_ARGUMENT', 'cursor'],
    ['a page that was made up', { type: 'sync', value: { page: '1:\0' } }, 'INVALID_ARGUMENT', 'page'],
    ['members of a group of others', { type: 'listGroupMembers', value: { group: 'closed' } }, 'GROUP_NOT_FOUND', ''],
    ['members of a group that is not there', { type: 'listGroupMembers', value: { group: 'nowhere' } }, 'GROUP_NOT_FOUND', ''],
    ['to invite into a group of others', { type: 'inviteToGroup', value: { group: 'closed', users: ['mal'] } }, 'GROUP_NOT_FOUND', ''],
    ['to dismiss a group of others', { type: 'dismissGroup', value: { group: 'closed' } }, 'GROUP_NOT_FOUND', ''],
    ['a group id with a blank', { type: 'createGroup', value: { group: 'a b' } }, 'INVALID_ARGUMENT', 'group'],
    ['a group with 101 members', { type: 'createGroup', value: { group: 'big', members: users(101) } }, 'INVALID_ARGUMENT', 'members'],
    ['a group name of 51 letters', { type: 'createGroup', value: { group: 'named', name: 'é'.repeat(51) } }, 'INVALID_ARGUMENT', 'name'],
    ['a group that exists', { type: 'createGroup', value: { group: 'closed' } }, 'GROUP_EXISTS', ''],
    ['nobody to invite', { type: 'inviteToGroup', value: { group: 'closed', users: [] } }, 'INVALID_ARGUMENT', 'users'],
    ['members of a room of others', { type: 'listRoomMembers', value: { room: 'lounge' } }, 'ROOM_NOT_FOUND', ''],
    ['a room that must exist', { type: 'enterRoom', value: { room: 'nowhere', mustExist: true } }, 'ROOM_NOT_FOUND', ''],
    ['to destroy a room of others', { type: 'destroyRoom', value: { room: 'lounge' } }, 'ROOM_NOT_FOUND', ''],
    ['an over-long room id', { type: 'enterRoom', value: { room: long } }, 'INVALID_ARGUMENT', 'room'],
  ])('%s', async (_name, body, name, detail) => {
    const refusal = await mal.refusal(body);
    expect(refusal).toMatchObject({ name });
    expect(refusal.message).toContain(detail);
    expect(await mal.isServed()).toBe(true);
  });

  it('a request of a kind that is not known', async () => {
    // Field 99 of a frame with id 500.
    mal.socket.send(Uint8Array.of(0x0a, 0x07, 0x08, 0xf4, 0x03, 0x9a, 0x06, 0x01, 0x00));
    expect(errorIn(await mal.answerTo(500))).toMatchObject({ name: 'UNSUPPORTED' });
    const empty: ClientFrameInit = { id: 501 };
    mal.socket.send(encodeClientFrames({ frames: [empty] }));
    expect(errorIn(await mal.answerTo(501))).toMatchObject({ name: 'UNSUPPORTED' });
  });

  it('leave nothing behind', async () => {
    const page = await mal.ask(query('u:bob|mal'));
    expect(page).toMatchObject({ type: 'historyPage', value: { headSeq: 0, events: [] } });
    await granted(mal, send({}));
    expect(await mal.ask(query('u:bob|mal', { atLeastSeq: 1 }))).toMatchObject({ value: { headSeq: 1 } });
    await server.checkHealth();
  });
});
