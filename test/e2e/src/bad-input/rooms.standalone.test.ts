import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { limits } from '@parley/kernel';
import { closeCodes, RoomRole } from '@parley/wire';
import { BackEnd } from '../world/back-end.js';
import { RawClient, type RequestBody } from './raw-client.js';
import { attributesOf, count, create, enter, granted, refusalIn, says, valued } from './room-requests.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(60_000);

type Case = readonly [what: string, body: RequestBody, name: string, detail: string];
type Change = Partial<Extract<RequestBody, { type: 'changeRoomAttributes' }>['value']>;

const people = ['owner', 'mod', 'mal', 'bob', 'hushed', 'exile', 'outsider', 'nomad'] as const;
const rooms = ['hall', 'full', 'heavy'] as const;
const year = limits.roomBanMsMax;
const users = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);
const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `k${index}`);
/** Tokens of pages that no server made. */
const madeUpPages = ['x', '1', 'MQ', '!!', '../../etc', ' ', Buffer.from('1a b').toString('base64url'), 'A'.repeat(5_000)];

describe('what must be refused in rooms', () => {
  let server: ServerUnderAttack;
  let backEnd: BackEnd;
  const clients = new Map<string, RawClient>();
  const before = new Map<string, unknown>();

  const as = (user: (typeof people)[number]): RawClient => {
    const client = clients.get(user);
    if (client === undefined) throw new Error(`${user} is not connected`);
    return client;
  };
  /** All that the back end can see of a room; the tally's version belongs to its partition. */
  const lookAt = async (room: string): Promise<unknown> => [
    { ...((await backEnd.call('room/getRoom', { room }))['room'] as object), tallyVersion: 0 },
    await backEnd.call('room/listMembers', { room }),
    await backEnd.call('room/listBans', { room }),
  ];

  beforeAll(async () => {
    server = await ServerUnderAttack.start();
    backEnd = new BackEnd(server.deployment, server.app.id);
    for (const user of people) clients.set(user, await RawClient.login(server.url, server.app, user));
    const attributes = { hall: { seat: 'owner' }, full: valued(keys(20), ''), heavy: valued(keys(5), 'v'.repeat(1_022)) };
    for (const room of rooms) {
      await granted(as('owner'), { type: 'createRoom', value: { room, attributes: attributesOf(attributes[room]) } });
      for (const user of ['mod', 'mal', 'bob'] as const) await granted(as(user), enter(room));
    }
    for (const user of ['hushed', 'exile'] as const) await granted(as(user), enter('hall'));
    await granted(as('owner'), { type: 'setRoomRole', value: { room: 'hall', user: 'mod', role: RoomRole.MODERATOR } });
    await granted(as('mod'), { type: 'muteInRoom', value: { room: 'hall', user: 'hushed', durationMs: year } });
    await granted(as('mod'), { type: 'banFromRoom', value: { room: 'hall', user: 'exile', durationMs: year } });
    for (const counter of keys(limits.roomCountersMax)) await granted(as('bob'), count({ counter }));
    await backEnd.call('room/createRoom', { room: 'single', creator: 'owner', memberLimit: 1 });
    for (const room of rooms) before.set(room, await lookAt(room));
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  const refuses = async (user: (typeof people)[number], [, body, name, detail]: Case): Promise<void> => {
    const refusal = await refusalIn(as(user), body);
    expect(refusal).toMatchObject({ name });
    expect(refusal.message).toContain(detail);
    expect(await as(user).isServed()).toBe(true);
  };

  const change = (value: Change, room = 'hall'): RequestBody => ({ type: 'changeRoomAttributes', value: { room, ...value } });
  const set = (values: Readonly<Record<string, string>>, more: Change = {}): RequestBody => change({ set: attributesOf(values), ...more });

  it.each<Case>([
    ['a key of 65 bytes', set({ ['k'.repeat(65)]: '' }), 'ATTRIBUTE_INVALID', 'key: 1 to 64 bytes'],
    ['a key of 33 letters in 66 bytes', set({ ['é'.repeat(33)]: '' }), 'ATTRIBUTE_INVALID', 'key: 1 to 64 bytes'],
    ['no key', set({ '': 'x' }), 'ATTRIBUTE_INVALID', 'key: 1 to 64 bytes'],
    ['a key of 65 bytes to delete', change({ deleted: ['k'.repeat(65)] }), 'ATTRIBUTE_INVALID', 'key: 1 to 64 bytes'],
    ['a value of 1 KiB and a byte', set({ a: 'v'.repeat(1_025) }), 'ATTRIBUTE_INVALID', 'value: at most 1024 bytes'],
    ['a value of 513 letters in 1026 bytes', set({ a: 'é'.repeat(513) }), 'ATTRIBUTE_INVALID', 'value: at most 1024 bytes'],
    ['a good one beside a bad one', set({ good: 'x', a: 'v'.repeat(1_025) }), 'ATTRIBUTE_INVALID', 'value'],
    ['21 at once', set(valued(keys(21), '')), 'ATTRIBUTE_LIMIT_REACHED', 'at most 20'],
    ['thousands at once', set(valued(keys(4_000), '')), 'ATTRIBUTE_LIMIT_REACHED', 'at most 20'],
    ['21 to delete at once', change({ deleted: keys(21) }), 'ATTRIBUTE_LIMIT_REACHED', 'at most 20'],
    ['more than 5 KiB at once', set(valued(keys(6), 'v'.repeat(1_000))), 'ATTRIBUTE_LIMIT_REACHED', 'at most 5120 bytes'],
    ['the 21st', change({ set: [{ key: 'one', value: '' }] }, 'full'), 'ATTRIBUTE_LIMIT_REACHED', 'at most 20'],
    ['a byte beyond 5 KiB', change({ set: [{ key: 'x', value: '' }] }, 'heavy'), 'ATTRIBUTE_LIMIT_REACHED', 'at most 5120 bytes'],
    ['one key twice', change({ set: [...attributesOf({ a: '1' }), ...attributesOf({ a: '2' })] }), 'INVALID_ARGUMENT', 'set, deleted'],
    ['a key set and deleted', set({ a: '1' }, { deleted: ['a'] }), 'INVALID_ARGUMENT', 'set, deleted'],
    ['nothing', change({}), 'INVALID_ARGUMENT', 'set, deleted'],
    ["somebody else's key", set({ seat: 'mal' }), 'ATTRIBUTE_OWNED', 'key: seat'],
    ["somebody else's key to delete", change({ deleted: ['seat'] }), 'ATTRIBUTE_OWNED', 'key: seat'],
    ["a free key beside somebody else's", set({ good: 'x', seat: 'mal' }), 'ATTRIBUTE_OWNED', 'key: seat'],
    ["somebody else's key, to own it", set({ seat: 'mal' }, { updateOwner: true }), 'ATTRIBUTE_OWNED', 'key: seat'],
    ['a version that is over', set({ a: '1' }, { ifVersion: 1 }), 'VERSION_CONFLICT', 'state_version'],
    ['a version to come', set({ a: '1' }, { ifVersion: 1_000 }), 'VERSION_CONFLICT', 'state_version'],
    ['the last version of all, by force', set({ seat: '1' }, { ifVersion: Number.MAX_SAFE_INTEGER, force: true }), 'VERSION_CONFLICT', ''],
    ['a room that is not there', set({ a: '1' }, { room: 'nowhere' }), 'ROOM_NOT_FOUND', ''],
    ['a room that is a path', set({ a: '1' }, { room: '../hall' }), 'INVALID_ARGUMENT', 'room: 1 to 64'],
  ])('of attributes: %s', (...row) => refuses('mal', row));

  const member = (value: object, user = ''): RequestBody => ({ type: 'changeMemberAttributes', value: { room: 'hall', user, ...value } });

  it.each<Case>([
    ['a key of 33 bytes', member({ set: attributesOf({ ['k'.repeat(33)]: '' }) }), 'ATTRIBUTE_INVALID', 'key: 1 to 32 bytes'],
    ['a value of 257 bytes', member({ set: attributesOf({ a: 'v'.repeat(257) }) }), 'ATTRIBUTE_INVALID', 'value: at most 256 bytes'],
    ['31 at once', member({ set: attributesOf(valued(keys(31), '')) }), 'ATTRIBUTE_LIMIT_REACHED', 'at most 30'],
    ['nothing', member({}), 'INVALID_ARGUMENT', 'set, deleted'],
    ['those of another member', member({ set: attributesOf({ a: '1' }) }, 'bob'), 'PERMISSION_DENIED', 'takes a moderator'],
    ['those of the owner', member({ set: attributesOf({ a: '1' }) }, 'owner'), 'PERMISSION_DENIED', 'takes a moderator'],
    ['those of nobody', member({ set: attributesOf({ a: '1' }) }, 'a/b'), 'INVALID_ARGUMENT', 'user'],
  ])("of members' attributes: %s", (...row) => refuses('mal', row));

  it('the 31st attribute of a member', async () => {
    await granted(as('nomad'), enter('thirty'));
    const own = (key: string): RequestBody => ({
      type: 'changeMemberAttributes',
      value: { room: 'thirty', set: attributesOf({ [key]: '' }) },
    });
    await granted(as('nomad'), { type: 'changeMemberAttributes', value: { room: 'thirty', set: attributesOf(valued(keys(30), '')) } });
    expect(await refusalIn(as('nomad'), own('more'))).toMatchObject({
      name: 'ATTRIBUTE_LIMIT_REACHED',
      message: expect.stringContaining('at most 30'),
    });
    await granted(as('nomad'), { type: 'leaveRoom', value: { room: 'thirty' } });
  });

  describe.each(['text', 'command', 'bullet'] as const)('a %s', (kind) => {
    it.each([
      ['outsider', 'CONVERSATION_NOT_FOUND'],
      ['hushed', 'MUTED'],
      ['exile', 'BANNED'],
    ] as const)('of the %s', (user, name) => refuses(user, ['', says('hall', kind), name, '']));
  });

  it('whoever is banned, at the door', async () => {
    await refuses('exile', ['', enter('hall'), 'BANNED', '']);
    await refuses('exile', ['', { type: 'getRoom', value: { room: 'hall' } }, 'ROOM_NOT_FOUND', '']);
    const elsewhere: RequestBody = { type: 'switchRoom', value: { from: 'thirty', to: { room: 'hall' } } };
    await granted(as('exile'), enter('thirty'));
    await refuses('exile', ['', elsewhere, 'BANNED', 'the user has left thirty']);
    await refuses('exile', ['', { type: 'getRoom', value: { room: 'thirty' } }, 'ROOM_NOT_FOUND', '']);
  });

  const kick = (...kicked: readonly string[]): RequestBody => ({ type: 'kickFromRoom', value: { room: 'hall', users: kicked } });
  const ban = (user: string, durationMs = year): RequestBody => ({ type: 'banFromRoom', value: { room: 'hall', user, durationMs } });
  const mute = (value: object): RequestBody => ({ type: 'muteInRoom', value: { room: 'hall', durationMs: year, ...value } });
  const role = (user: string, value: number): RequestBody => ({
    type: 'setRoomRole',
    value: { room: 'hall', user, role: value as RoomRole },
  });

  it.each<readonly [user: (typeof people)[number], ...Case]>([
    ['mal', 'to kick another member', kick('bob'), 'PERMISSION_DENIED', 'takes a moderator'],
    ['mal', 'to ban another member', ban('bob'), 'PERMISSION_DENIED', 'takes a moderator'],
    ['mal', 'to mute a role', mute({ role: RoomRole.MEMBER }), 'PERMISSION_DENIED', 'takes a moderator'],
    ['mal', 'another name', { type: 'renameRoom', value: { room: 'hall', name: 'Mine' } }, 'PERMISSION_DENIED', 'takes a moderator'],
    ['mal', 'to become the owner', role('mal', RoomRole.OWNER), 'PERMISSION_DENIED', 'takes the owner'],
    ['mal', 'the end of the room', { type: 'destroyRoom', value: { room: 'hall' } }, 'PERMISSION_DENIED', 'takes the owner'],
    ['mod', 'to kick the owner', kick('owner'), 'PERMISSION_DENIED', 'higher role'],
    ['mod', 'to kick a member together with the owner', kick('bob', 'owner'), 'PERMISSION_DENIED', 'higher role'],
    ['mod', 'to ban himself', ban('mod'), 'PERMISSION_DENIED', 'higher role'],
    ['mod', 'to mute everybody', mute({ isEveryone: true }), 'PERMISSION_DENIED', 'higher role'],
    ['mod', 'to name a moderator', role('mal', RoomRole.MODERATOR), 'PERMISSION_DENIED', 'takes the owner'],
    ['outsider', 'to kick a member', kick('bob'), 'ROOM_NOT_FOUND', ''],
    ['outsider', 'to unmute a member', mute({ user: 'hushed', durationMs: 0 }), 'ROOM_NOT_FOUND', ''],
    ['exile', 'to lift the own ban', ban('exile', 0), 'ROOM_NOT_FOUND', ''],
    ['owner', 'to kick nobody', kick(), 'INVALID_ARGUMENT', 'users: at least 1'],
    ['owner', 'to kick 51', kick(...users(51)), 'INVALID_ARGUMENT', 'users: at most 50'],
    ['owner', 'to kick a path', kick('../bob'), 'INVALID_ARGUMENT', 'users'],
    ['owner', 'to ban for more than a year', ban('bob', year + 1), 'INVALID_ARGUMENT', `duration_ms: at most ${year}`],
    ['owner', 'to mute for ever', mute({ user: 'bob', durationMs: Number.MAX_SAFE_INTEGER }), 'INVALID_ARGUMENT', 'duration_ms'],
    ['owner', 'to mute nobody', mute({}), 'INVALID_ARGUMENT', 'user, role, is_everyone'],
    ['owner', 'to mute a user and a role', mute({ user: 'bob', role: RoomRole.MEMBER }), 'INVALID_ARGUMENT', 'user, role, is_everyone'],
    ['owner', 'to mute owners', mute({ role: RoomRole.OWNER }), 'INVALID_ARGUMENT', 'role: MEMBER or MODERATOR'],
    ['owner', 'no role', role('bob', RoomRole.UNSPECIFIED), 'INVALID_ARGUMENT', 'role'],
    ['owner', 'a role that is none', role('bob', 7), 'INVALID_ARGUMENT', 'role'],
    ['owner', 'to be a member', role('owner', RoomRole.MEMBER), 'PERMISSION_DENIED', 'name another owner'],
    [
      'owner',
      'a name of 51 letters',
      { type: 'renameRoom', value: { room: 'hall', name: 'é'.repeat(51) } },
      'INVALID_ARGUMENT',
      'name: at most 50',
    ],
  ])('of %s: %s', (user, ...row) => refuses(user, row));

  it('a moderator too many', async () => {
    await backEnd.call('room/createRoom', { room: 'senate', creator: 'owner' });
    for (const user of users(limits.roomModeratorsMax)) {
      await backEnd.call('room/setRole', { room: 'senate', user, role: 'ROOM_ROLE_MODERATOR' });
    }
    const oneMore: RequestBody = { type: 'setRoomRole', value: { room: 'senate', user: 'mal', role: RoomRole.MODERATOR } };
    await refuses('owner', ['', oneMore, 'INVALID_ARGUMENT', 'at most 50 moderators']);
    await backEnd.call('room/destroyRoom', { room: 'senate' });
  });

  it.each<Case>([
    ['an eleventh', count({ counter: 'eleventh' }), 'INVALID_ARGUMENT', 'counter: at most 10'],
    ['one without a name', count({ counter: '' }), 'INVALID_ARGUMENT', 'counter: 1 to 32 bytes'],
    ['a name of 33 bytes', count({ counter: 'c'.repeat(33) }), 'INVALID_ARGUMENT', 'counter: 1 to 32 bytes'],
    ['no nonce', count({ nonce: '' }), 'INVALID_ARGUMENT', 'nonce: 1 to 64 bytes'],
    ['a nonce of 65 bytes', count({ nonce: 'n'.repeat(65) }), 'INVALID_ARGUMENT', 'nonce: 1 to 64 bytes'],
    ['more than there are numbers', count({ total: Number.MAX_SAFE_INTEGER }), 'INVALID_ARGUMENT', 'total: the counter would overflow'],
    ['a room that was not entered', count({ room: 'single' }), 'ROOM_NOT_FOUND', ''],
  ])('of counters: %s', (...row) => refuses('mal', row));

  it('adds nothing for a total of zero, or for one that is lower than before', async () => {
    const ask = async (total: number, nonce = 'own'): Promise<unknown> =>
      granted(as('mal'), count({ room: 'full', counter: 'likes', nonce, total }));
    expect(await ask(0)).toMatchObject({ value: { value: 0 } });
    expect(await ask(5)).toMatchObject({ value: { value: 5 } });
    expect(await ask(3)).toMatchObject({ value: { value: 5 } });
    expect(await ask(0, 'other')).toMatchObject({ value: { value: 5 } });
  });

  it.each(['-1', '1.5', 'many', '9007199254740992', '18446744073709551615', null, {}])('a total of %j over HTTP', async (total) => {
    const contribution = { room: 'full', counter: 'likes', user: 'mal', nonce: 'http', total };
    // What is absent is zero in ProtoJSON, and so is null.
    if (total === null) expect(await backEnd.call('room/incrementCounter', contribution)).toEqual({ value: '5' });
    else await expect(backEnd.call('room/incrementCounter', contribution)).rejects.toMatchObject({ name: 'INVALID_ARGUMENT', status: 400 });
  });

  it('a total below zero on the wire, with the connection', async () => {
    const client = await RawClient.login(server.url, server.app, 'minus');
    const value = [...textField(1, 'hall'), ...textField(2, 'likes'), ...textField(3, 'n'), 0x20, ...Array<number>(9).fill(0xff), 0x01];
    const body = [0x08, 0x07, 0xf2, 0x02, value.length, ...value];
    client.socket.send(Uint8Array.of(0x0a, body.length, ...body));
    expect(await client.closed()).toBe(closeCodes.INVALID_FRAME);
  });

  const list = (value: object): RequestBody => ({ type: 'listRooms', value });
  const members = (value: object): RequestBody => ({ type: 'listRoomMembers', value: { room: 'hall', ...value } });

  it.each<Case>([
    ['rooms: a page of 101', list({ limit: 101 }), 'INVALID_ARGUMENT', 'limit: at most 100'],
    ['rooms: a name of 51 letters', list({ namePrefix: 'é'.repeat(51) }), 'INVALID_ARGUMENT', 'name_prefix: at most 50'],
    ['rooms: a key of 65 bytes', list({ attributeKey: 'k'.repeat(65) }), 'INVALID_ARGUMENT', 'attribute_key: at most 64 bytes'],
    ['rooms: a value without a key', list({ attributeValue: 'x' }), 'INVALID_ARGUMENT', 'attribute_value: only with attribute_key'],
    ['members: a page of 101', members({ limit: 101 }), 'INVALID_ARGUMENT', 'limit: at most 100'],
    ['members: 101 by name', members({ users: users(101) }), 'INVALID_ARGUMENT', 'users: at most 100'],
    ['members: pages of some by name', members({ users: ['bob'], page: 'x' }), 'INVALID_ARGUMENT', 'page: not with users'],
    ['members: a user that is a path', members({ users: ['../bob'] }), 'INVALID_ARGUMENT', 'users'],
    ...madeUpPages.flatMap((page): Case[] => [
      [`rooms: the page ${JSON.stringify(page).slice(0, 20)}`, list({ page }), 'INVALID_ARGUMENT', 'page: not a token'],
      [`members: the page ${JSON.stringify(page).slice(0, 20)}`, members({ page }), 'INVALID_ARGUMENT', 'page: not a token'],
    ]),
  ])('of lists of %s', (...row) => refuses('mal', row));

  it.each<Case>([
    ['of an id that is taken', create({ room: 'hall' }), 'ROOM_EXISTS', ''],
    ['of an id with a blank', create({ room: 'a b' }), 'INVALID_ARGUMENT', 'room: 1 to 64'],
    ['of an id of 65 letters', create({ room: 'r'.repeat(65) }), 'INVALID_ARGUMENT', 'room: 1 to 64'],
    ['of a name of 51 letters', create({ name: 'é'.repeat(51) }), 'INVALID_ARGUMENT', 'name: at most 50'],
    ['for more than a million', create({ memberLimit: 1_000_001 }), 'INVALID_ARGUMENT', 'member_limit: at most 1000000'],
    [
      'that outlasts 3 hours',
      create({ options: { emptyTtlMs: limits.roomEmptyTtlMsMax + 1 } }),
      'INVALID_ARGUMENT',
      'options.empty_ttl_ms',
    ],
    ['with 21 attributes', create({ attributes: attributesOf(valued(keys(21), '')) }), 'ATTRIBUTE_LIMIT_REACHED', 'at most 20'],
    ['with a key of 65 bytes', create({ attributes: attributesOf({ ['k'.repeat(65)]: '' }) }), 'ATTRIBUTE_INVALID', 'key: 1 to 64 bytes'],
    [
      'with a key twice',
      create({ attributes: [...attributesOf({ a: '' }), ...attributesOf({ a: '' })] }),
      'INVALID_ARGUMENT',
      'each key once',
    ],
    ['to enter, without an id', enter(''), 'INVALID_ARGUMENT', 'room: 1 to 64'],
    ['to enter, that must exist', { type: 'enterRoom', value: { room: 'nowhere', mustExist: true } }, 'ROOM_NOT_FOUND', ''],
    ['to enter, that is full', enter('single'), 'ROOM_FULL', ''],
    ['to switch to, without one', { type: 'switchRoom', value: { from: 'hall' } }, 'INVALID_ARGUMENT', 'to: the room to enter'],
    [
      'to switch to, which is the same',
      { type: 'switchRoom', value: { from: 'hall', to: { room: 'hall' } } },
      'INVALID_ARGUMENT',
      'to.room',
    ],
  ])('a room %s', (...row) => refuses('mal', row));

  it('a sixth room, also in the place of another one that is kept', async () => {
    for (let n = 1; n <= limits.roomsPerUserMax; n++) await granted(as('nomad'), enter(`camp-${n}`));
    await refuses('nomad', ['', enter('camp-6'), 'ROOM_LIMIT_REACHED', 'rooms: at most 5']);
    await refuses('nomad', ['', create({ room: 'camp-6' }), 'ROOM_LIMIT_REACHED', 'rooms: at most 5']);
    expect(await backEnd.call('room/roomExists', { room: 'camp-6' })).toEqual({ exists: false });
    // The sixth in the place of the fifth is another matter.
    await granted(as('nomad'), { type: 'switchRoom', value: { from: 'camp-5', to: { room: 'camp-6' } } });
    await granted(as('nomad'), { type: 'leaveAllRooms', value: {} });
  });

  it('leave nothing behind', async () => {
    for (const room of ['hall', 'heavy']) expect(await lookAt(room)).toEqual(before.get(room));
    expect(await backEnd.headOf('r:hall')).toBe(0);
    expect(await backEnd.call('room/roomExists', { room: 'nowhere' })).toEqual({ exists: false });
    await server.checkHealth();
  });
});

/** A text in its binary form. */
const textField = (field: number, text: string): number[] => [(field << 3) | 2, text.length, ...Buffer.from(text)];
