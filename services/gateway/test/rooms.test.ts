import { describe, expect, it } from '@jest/globals';
import { LinkClass } from '@parley/contracts/router';
import { limits, ParleyError } from '@parley/kernel';
import {
  type ClientFrameInit,
  decodeConversationEvent,
  HistoryAccess,
  MembershipCause,
  Priority,
  RoomRole,
  type ServerFrame,
} from '@parley/wire';
import { gatewayLimits } from '../src/index.js';
import { eventBytes, Harness } from './harness.js';
import type { RoomCall } from './fake-room.js';

type Body = NonNullable<ClientFrameInit['body']>;
type Answer = NonNullable<ServerFrame['body']>;

const enter = (room: string): Body => ({ type: 'enterRoom', value: { room } });
const errorOf = (answer: Answer): string => (answer.type === 'error' ? answer.value.name : answer.type);
const messageOf = (answer: Answer): string => (answer.type === 'error' ? answer.value.message : '');

/** Routers that tell of everybody whom the room service lets in or out, as the real ones do. */
function tellMemberships({ room, router }: Harness): void {
  const tell = (request: { room?: string; user?: string }, member: 'joined' | 'left'): void => {
    const channel = `r:${request.room}`;
    router.control({ channels: [channel, `user:${request.user}`], seq: 7, control: { channel, [member]: [request.user ?? ''] } });
  };
  room.hooks.set('enterRoom', (request) => tell(request, 'joined'));
  room.hooks.set('leaveRoom', (request) => tell(request, 'left'));
}

describe('entering a room', () => {
  it('is answered with the state that was read after the channel was heard', async () => {
    await using harness = await Harness.start();
    const { room, router, history } = harness;
    const alice = await harness.member('alice');
    router.activatesByItself = false;
    history.join('alice', 'r:hall', 7, 4);
    const options = { emptyTtlMs: 5_000, historyAccess: HistoryAccess.FROM_JOIN };
    const entered = alice.ask({ type: 'enterRoom', value: { room: 'hall', name: 'Hall', mustExist: true, options } });
    await router.until(() => router.subscriptions.has('app/r:hall'));
    await alice.ask({ type: 'ping', value: {} });
    expect(room.calls.map(({ call }) => call)).toEqual(['enterRoom']);
    expect(room.requestsOf('enterRoom')).toMatchObject([
      { app: 'app', room: 'hall', user: 'alice', name: 'Hall', mustExist: true, options },
    ]);
    room.state = { ...room.state, stateVersion: 9, attributes: [{ key: 'seat', value: '1', owner: 'bob' }], owner: 'bob', tallyVersion: 2 };
    router.activate('r:hall');
    expect(await entered).toMatchObject({
      type: 'room',
      value: {
        room: 'hall',
        stateVersion: 9,
        owner: 'bob',
        tallyVersion: 2,
        attributes: [{ key: 'seat', value: '1' }],
        headSeq: 7,
        firstSeq: 4,
      },
    });
    expect(room.requestsOf('getRoom')).toMatchObject([{ room: 'hall', viewer: 'alice' }]);
  });

  it('needs no question to history where the channel itself tells of it', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    const asked = harness.history.lists.length;
    await alice.ask(enter('hall'));
    harness.router.deliver({ channels: ['r:hall'], conversation: 'r:hall', event: eventBytes({ messageId: 'wave' }) });
    await bob.ask(enter('hall'));
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId)).toEqual(['wave']);
    expect(harness.history.lists).toHaveLength(asked);
  });

  it('is not taken for heard where the subscription came between the change and its answer', async () => {
    await using harness = await Harness.start();
    const { room, router, history } = harness;
    const alice = await harness.member('alice');
    router.activatesByItself = false;
    // The router tells of it before it has the subscription, so nobody here hears it.
    room.hooks.set('enterRoom', () => {
      history.join('alice', 'r:hall');
      router.activate('r:hall');
    });
    await alice.ask(enter('hall'));
    router.deliver({ channels: ['r:hall'], conversation: 'r:hall', event: eventBytes({ messageId: 'wave' }) });
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId)).toEqual(['wave']);
  });

  it('tells from where newcomers may read what was said before', async () => {
    await using harness = await Harness.start();
    harness.room.state = { options: { historyAccess: HistoryAccess.RECENT } };
    const alice = await harness.member('alice');
    expect(await alice.ask(enter('hall'))).toMatchObject({ value: { firstSeq: 1, headSeq: 7 } });
    expect(harness.history.queries).toMatchObject([{ conversation: 'r:hall', viewer: 'alice' }]);
  });

  it('is refused as such when the user has been put out again meanwhile', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const { room, router } = harness;
    const alice = await harness.member('alice');
    room.hooks.set('getRoom', () => {
      const change = { left: ['alice'], cause: MembershipCause.KICKED, operator: 'bob' };
      const event = eventBytes({ conversation: 'r:hall', body: { type: 'membership', value: change } });
      router.control({
        channels: ['r:hall', 'user:alice'],
        event,
        priority: Priority.SYSTEM,
        control: { channel: 'r:hall', left: ['alice'] },
      });
      throw new ParleyError('ROOM_NOT_FOUND');
    });
    expect(errorOf(await alice.ask(enter('hall')))).toBe('ROOM_NOT_FOUND');
    expect(alice.pushed('event').map(decodeConversationEvent)).toMatchObject([{ body: { value: { cause: MembershipCause.KICKED } } }]);
    router.deliver({ channels: ['r:hall'], conversation: 'r:hall', event: eventBytes({ messageId: 'late' }) });
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event')).toHaveLength(1);
  });

  it('keeps no subscription to a room that could not be entered', async () => {
    await using harness = await Harness.start();
    harness.room.failures.set('enterRoom', new ParleyError('BANNED'));
    const alice = await harness.member('alice');
    expect(errorOf(await alice.ask(enter('hall')))).toBe('BANNED');
    harness.clock.skip(1_500);
    await harness.router.until(() => !harness.router.subscriptions.has('app/r:hall'));
  });
});

describe('the number of rooms', () => {
  const full = async (harness: Harness) => {
    tellMemberships(harness);
    const alice = await harness.member('alice');
    for (let i = 1; i <= limits.roomsPerUserMax; i++) expect((await alice.ask(enter(`r${i}`))).type).toBe('room');
    return alice;
  };

  it('is limited per user, not per device; the refusal names the limit', async () => {
    await using harness = await Harness.start();
    const alice = await full(harness);
    const tablet = await harness.member('alice', 'tablet');
    for (const client of [alice, tablet]) {
      const answer = await client.ask(enter('r6'));
      expect([errorOf(answer), messageOf(answer)]).toEqual(['ROOM_LIMIT_REACHED', expect.stringContaining('at most 5')]);
      expect(errorOf(await client.ask({ type: 'createRoom', value: { name: 'n' } }))).toBe('ROOM_LIMIT_REACHED');
    }
    expect(harness.room.requestsOf('enterRoom')).toHaveLength(limits.roomsPerUserMax);
    expect(harness.room.requestsOf('createRoom')).toHaveLength(0);
  });

  it('does not count a room that the user is in already', async () => {
    await using harness = await Harness.start();
    const alice = await full(harness);
    expect((await alice.ask(enter('r3'))).type).toBe('room');
  });

  it('counts the rooms from before a login, and groups not at all', async () => {
    await using harness = await Harness.start();
    for (let i = 1; i <= limits.roomsPerUserMax; i++) harness.history.join('alice', `r:r${i}`);
    const alice = await harness.member('alice');
    expect(errorOf(await alice.ask(enter('r6')))).toBe('ROOM_LIMIT_REACHED');
    for (let i = 0; i < 9; i++) harness.history.join('bob', `g:g${i}`);
    const bob = await harness.member('bob');
    expect((await bob.ask(enter('r6'))).type).toBe('room');
  });

  it('holds for rooms that are entered at the same moment', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    const last = alice.send(...Array.from({ length: 8 }, (_, i) => enter(`r${i}`)));
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => alice.answer(last - i)));
    expect(answers.filter(({ type }) => type === 'room')).toHaveLength(limits.roomsPerUserMax);
    expect(answers.filter((answer) => errorOf(answer) === 'ROOM_LIMIT_REACHED')).toHaveLength(3);
  });

  it('still counts what was entered when the channel has not told of it yet', async () => {
    await using harness = await Harness.start();
    const { router } = harness;
    await full(harness);
    const bob = await harness.member('bob');
    harness.room.hooks.clear();
    for (let i = 1; i <= limits.roomsPerUserMax; i++) expect((await bob.ask(enter(`r${i}`))).type).toBe('room');
    expect(errorOf(await bob.ask(enter('r6')))).toBe('ROOM_LIMIT_REACHED');
    expect(router.subscriptions.has('app/r:r6')).toBe(false);
    harness.clock.freeze(gatewayLimits.heardWithinMs + 1);
    expect((await bob.ask(enter('r6'))).type).toBe('room');
  });

  it('has room again as soon as leaving is answered, and when entering has failed', async () => {
    await using harness = await Harness.start();
    const alice = await full(harness);
    harness.room.hooks.delete('leaveRoom');
    expect((await alice.ask({ type: 'leaveRoom', value: { room: 'r1' } })).type).toBe('done');
    const { hooks } = harness.room;
    hooks.set('enterRoom', () => {
      throw new ParleyError('ROOM_FULL');
    });
    expect(errorOf(await alice.ask(enter('r6')))).toBe('ROOM_FULL');
    hooks.delete('enterRoom');
    expect((await alice.ask(enter('r7'))).type).toBe('room');
  });
});

describe('leaving and switching', () => {
  it('leaves all rooms and says which; whoever is out of one already is no failure', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    for (const room of ['a', 'b', 'c']) await alice.ask(enter(room));
    harness.room.hooks.set('leaveRoom', (request) => {
      if ('room' in request && request.room === 'b') throw new ParleyError('ROOM_NOT_FOUND');
    });
    expect(await alice.ask({ type: 'leaveAllRooms', value: {} })).toEqual({ type: 'roomNames', value: { rooms: ['a', 'c'] } });
    harness.router.deliver({ channels: ['r:a'], conversation: 'r:a', event: eventBytes({ messageId: 'late' }) });
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event')).toEqual([]);
  });

  it('says that not all rooms could be left', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    for (const room of ['a', 'b']) await alice.ask(enter(room));
    harness.room.failures.set('leaveRoom', new ParleyError('UNAVAILABLE'));
    expect(errorOf(await alice.ask({ type: 'leaveAllRooms', value: {} }))).toBe('UNAVAILABLE');
  });

  it('switches by leaving first, so that the user is never in both', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    for (let i = 1; i <= limits.roomsPerUserMax; i++) await alice.ask(enter(`r${i}`));
    const before = harness.room.calls.length;
    const answer = await alice.ask({ type: 'switchRoom', value: { from: 'r1', to: { room: 'r6', name: 'new' } } });
    expect(answer).toMatchObject({ type: 'room', value: { room: 'r6' } });
    const calls = harness.room.calls.slice(before);
    expect(calls.map(({ call }) => call)).toEqual(['leaveRoom', 'enterRoom', 'getRoom']);
    expect(calls[0]?.request).toMatchObject({ room: 'r1', user: 'alice', cause: MembershipCause.SWITCHED });
    harness.router.deliver({ channels: ['r:r1'], conversation: 'r:r1', event: eventBytes({ messageId: 'late' }) });
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event')).toEqual([]);
  });

  it('says that the user is out of the old room when the new one could not be entered', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    await alice.ask(enter('old'));
    harness.room.failures.set('enterRoom', new ParleyError('ROOM_FULL'));
    const answer = await alice.ask({ type: 'switchRoom', value: { from: 'old', to: { room: 'new' } } });
    expect(errorOf(answer)).toBe('ROOM_FULL');
    expect(messageOf(answer)).toContain('the user has left old');
  });

  it('stays in the old room when that could not be left, or when the request itself is wrong', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    await alice.ask(enter('old'));
    for (const to of [undefined, { room: 'not a room' }, { room: 'old' }]) {
      expect(errorOf(await alice.ask({ type: 'switchRoom', value: { from: 'old', to } }))).toBe('INVALID_ARGUMENT');
    }
    expect(harness.room.requestsOf('leaveRoom')).toEqual([]);
    harness.room.failures.set('leaveRoom', new ParleyError('UNAVAILABLE'));
    harness.room.hooks.clear();
    const answer = await alice.ask({ type: 'switchRoom', value: { from: 'old', to: { room: 'new' } } });
    expect(messageOf(answer)).not.toContain('has left');
    expect(harness.room.requestsOf('enterRoom')).toHaveLength(1);
    harness.router.deliver({ channels: ['r:old'], conversation: 'r:old', event: eventBytes({ messageId: 'still' }) });
    expect(decodeConversationEvent(await alice.nextPush('event')).messageId).toBe('still');
  });
});

describe('membership of rooms', () => {
  it('changes by controls without an event; the user who is put out is told on its own channel and hears nothing more', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const { router } = harness;
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    for (const client of [alice, bob]) await client.ask(enter('hall'));
    const change = { left: ['alice'], cause: MembershipCause.BANNED };
    const event = eventBytes({ conversation: 'r:hall', messageId: 'out', body: { type: 'membership', value: change } });
    const control = { channel: 'r:hall', left: ['alice'] };
    router.control({ channels: ['user:alice'], event, priority: Priority.SYSTEM, control });
    router.control({ channels: ['r:hall'], event: new Uint8Array(0), priority: Priority.SYSTEM, control });
    for (const linkClass of [LinkClass.URGENT, LinkClass.NORMAL]) {
      router.deliver({ channels: ['r:hall'], conversation: 'r:hall', event: eventBytes({ messageId: 'next' }) }, linkClass);
    }
    await bob.until(() => bob.pushed('event').length === 2);
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId)).toEqual(['out']);
    expect(bob.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId)).toEqual(['next', 'next']);
  });
});

describe('logging out', () => {
  it('leaves the rooms of a user whose last session it was', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const phone = await harness.member('alice');
    const tablet = await harness.member('alice', 'tablet');
    for (const room of ['a', 'b']) await phone.ask(enter(room));
    await tablet.ask({ type: 'logout', value: {} });
    expect(harness.room.requestsOf('leaveRoom')).toEqual([]);
    harness.room.failures.set('leaveRoom', new ParleyError('UNAVAILABLE'));
    expect((await phone.ask({ type: 'logout', value: {} })).type).toBe('done');
    expect(harness.room.requestsOf('leaveRoom')).toMatchObject([
      { room: 'a', user: 'alice', cause: MembershipCause.UNSPECIFIED },
      { room: 'b', user: 'alice' },
    ]);
  });

  it('is not what a lost connection is: the rooms wait for the user to come back', async () => {
    await using harness = await Harness.start();
    tellMemberships(harness);
    const alice = await harness.member('alice');
    await alice.ask(enter('a'));
    alice.socket.terminate();
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    expect(harness.room.requestsOf('leaveRoom')).toEqual([]);
  });
});

describe('what members do in a room', () => {
  const room = 'hall';
  const set = [{ key: 'seat', value: '1' }];

  it.each<[Body, RoomCall, object, object]>([
    [
      { type: 'createRoom', value: { room, name: 'n', memberLimit: 9, attributes: set, options: { isUnlisted: true } } },
      'createRoom',
      { name: 'n', creator: 'alice', memberLimit: 9, attributes: set, options: { isUnlisted: true } },
      { type: 'room', value: { room, stateVersion: 1 } },
    ],
    [{ type: 'getRoom', value: { room } }, 'getRoom', { viewer: 'alice' }, { type: 'room', value: { room, stateVersion: 1 } }],
    [
      { type: 'listRooms', value: { namePrefix: 'n', attributeKey: 'k', attributeValue: 'v', limit: 3 } },
      'listRooms',
      { filter: { namePrefix: 'n', attributeKey: 'k', attributeValue: 'v' }, limit: 3, viewer: 'alice' },
      { type: 'rooms', value: { rooms: [{ room, stateVersion: 1 }], nextPage: 'more' } },
    ],
    [
      { type: 'listRoomMembers', value: { room, users: ['alice', 'bob'] } },
      'listMembers',
      { viewer: 'alice', users: ['alice', 'bob'] },
      { type: 'members', value: { users: ['alice'], members: [{ user: 'alice', role: RoomRole.OWNER, attributesVersion: 2 }] } },
    ],
    [
      { type: 'kickFromRoom', value: { room, users: ['bob'] } },
      'kickMembers',
      { operator: 'alice', users: ['bob'] },
      { type: 'kickedUsers', value: { users: ['bob'] } },
    ],
    [
      { type: 'banFromRoom', value: { room, user: 'bob', durationMs: 5 } },
      'banUser',
      { operator: 'alice', user: 'bob', durationMs: 5 },
      { type: 'newValue', value: { value: 77 } },
    ],
    [
      { type: 'muteInRoom', value: { room, role: RoomRole.MEMBER, durationMs: 5 } },
      'mute',
      { operator: 'alice', user: '', role: RoomRole.MEMBER, isEveryone: false, durationMs: 5 },
      { type: 'newValue', value: { value: 78 } },
    ],
    [
      { type: 'setRoomRole', value: { room, user: 'bob', role: RoomRole.MODERATOR } },
      'setRole',
      { operator: 'alice', user: 'bob', role: RoomRole.MODERATOR },
      { type: 'done' },
    ],
    [{ type: 'renameRoom', value: { room, name: 'new' } }, 'renameRoom', { operator: 'alice', name: 'new' }, { type: 'done' }],
    [
      { type: 'changeRoomAttributes', value: { room, set, deleted: ['old'], force: true, deleteOnLeave: true, ifVersion: 4 } },
      'changeAttributes',
      { operator: 'alice', set, deleted: ['old'], force: true, updateOwner: false, deleteOnLeave: true, ifVersion: 4 },
      { type: 'newValue', value: { value: 12 } },
    ],
    [
      { type: 'changeMemberAttributes', value: { room, set } },
      'changeMemberAttributes',
      { operator: 'alice', user: 'alice', set, deleted: [] },
      { type: 'newValue', value: { value: 3 } },
    ],
    [
      { type: 'incrementCounter', value: { room, counter: 'likes', nonce: 'n1', total: 40 } },
      'incrementCounter',
      { user: 'alice', counter: 'likes', nonce: 'n1', total: 40 },
      { type: 'newValue', value: { value: 1_000 } },
    ],
  ])('passes %j on', async (body, call, request, answer) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject(answer);
    expect(harness.room.requestsOf(call)).toMatchObject([{ app: 'app', ...request }]);
  });

  const attributes = (count: number, key = 'k', value = '') => Array.from({ length: count }, (_, i) => ({ key: key + i, value }));
  it.each<[string, Body, string]>([
    ['room', { type: 'getRoom', value: { room: 'a room' } }, 'INVALID_ARGUMENT'],
    ['empty_ttl_ms', { type: 'createRoom', value: { options: { emptyTtlMs: limits.roomEmptyTtlMsMax + 1 } } }, 'INVALID_ARGUMENT'],
    ['member_limit', { type: 'createRoom', value: { memberLimit: limits.roomMembersCeiling + 1 } }, 'INVALID_ARGUMENT'],
    ['at most 20', { type: 'createRoom', value: { attributes: attributes(21) } }, 'ATTRIBUTE_LIMIT_REACHED'],
    ['name', { type: 'renameRoom', value: { room, name: 'x'.repeat(51) } }, 'INVALID_ARGUMENT'],
    ['limit', { type: 'listRooms', value: { limit: 101 } }, 'INVALID_ARGUMENT'],
    ['attribute_value', { type: 'listRooms', value: { attributeValue: 'v' } }, 'INVALID_ARGUMENT'],
    ['users: at most 100', { type: 'listRoomMembers', value: { room, users: attributes(101).map(({ key }) => key) } }, 'INVALID_ARGUMENT'],
    ['page', { type: 'listRoomMembers', value: { room, users: ['bob'], page: 'p' } }, 'INVALID_ARGUMENT'],
    ['users: at most 50', { type: 'kickFromRoom', value: { room, users: attributes(51).map(({ key }) => key) } }, 'INVALID_ARGUMENT'],
    ['at least 1', { type: 'kickFromRoom', value: { room } }, 'INVALID_ARGUMENT'],
    ['duration_ms', { type: 'banFromRoom', value: { room, user: 'bob', durationMs: limits.roomBanMsMax + 1 } }, 'INVALID_ARGUMENT'],
    ['user', { type: 'banFromRoom', value: { room, user: '', durationMs: 1 } }, 'INVALID_ARGUMENT'],
    ['one of them', { type: 'muteInRoom', value: { room, durationMs: 1 } }, 'INVALID_ARGUMENT'],
    ['one of them', { type: 'muteInRoom', value: { room, user: 'bob', isEveryone: true } }, 'INVALID_ARGUMENT'],
    ['MODERATOR', { type: 'muteInRoom', value: { room, role: RoomRole.OWNER } }, 'INVALID_ARGUMENT'],
    ['role', { type: 'setRoomRole', value: { room, user: 'bob' } }, 'INVALID_ARGUMENT'],
    ['at least 1 key', { type: 'changeRoomAttributes', value: { room } }, 'INVALID_ARGUMENT'],
    ['1 to 64 bytes', { type: 'changeRoomAttributes', value: { room, set: [{ key: '', value: 'v' }] } }, 'ATTRIBUTE_INVALID'],
    ['1 to 64 bytes', { type: 'changeRoomAttributes', value: { room, deleted: ['é'.repeat(33)] } }, 'ATTRIBUTE_INVALID'],
    ['1024 bytes', { type: 'changeRoomAttributes', value: { room, set: [{ key: 'k', value: 'é'.repeat(513) }] } }, 'ATTRIBUTE_INVALID'],
    ['5120 bytes', { type: 'changeRoomAttributes', value: { room, set: attributes(6, 'k', 'v'.repeat(900)) } }, 'ATTRIBUTE_LIMIT_REACHED'],
    ['each key once', { type: 'changeRoomAttributes', value: { room, set, deleted: ['seat'] } }, 'INVALID_ARGUMENT'],
    ['each key once', { type: 'changeRoomAttributes', value: { room, set: [...set, ...set] } }, 'INVALID_ARGUMENT'],
    ['32 bytes', { type: 'changeMemberAttributes', value: { room, set: [{ key: 'k'.repeat(33) }] } }, 'ATTRIBUTE_INVALID'],
    ['256 bytes', { type: 'changeMemberAttributes', value: { room, set: [{ key: 'k', value: 'v'.repeat(257) }] } }, 'ATTRIBUTE_INVALID'],
    ['at most 30', { type: 'changeMemberAttributes', value: { room, set: attributes(31) } }, 'ATTRIBUTE_LIMIT_REACHED'],
    ['counter', { type: 'incrementCounter', value: { room, counter: 'c'.repeat(33), nonce: 'n', total: 1 } }, 'INVALID_ARGUMENT'],
    ['nonce', { type: 'incrementCounter', value: { room, counter: 'c', total: 1 } }, 'INVALID_ARGUMENT'],
  ])('is refused at the door, naming %s', async (detail, body, name) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const answer = await alice.ask(body);
    expect([errorOf(answer), messageOf(answer)]).toEqual([name, expect.stringContaining(detail)]);
    expect(harness.room.calls).toEqual([]);
  });

  it.each<[keyof typeof gatewayLimits.rates, Body]>([
    ['attributes', { type: 'changeRoomAttributes', value: { room, set } }],
    ['counters', { type: 'incrementCounter', value: { room, counter: 'c', nonce: 'n', total: 1 } }],
    ['moderation', { type: 'kickFromRoom', value: { room, users: ['bob'] } }],
  ])('is held to the rate of %s', async (rateClass, body) => {
    const rates = { ...gatewayLimits.rates, [rateClass]: { perSecond: 0.001, burst: 3 } };
    await using harness = await Harness.start({ limits: { ...gatewayLimits, rates } });
    const alice = await harness.member('alice');
    for (let i = 0; i < 3; i++) expect((await alice.ask(body)).type).not.toBe('error');
    const answer = await alice.ask(body);
    expect([errorOf(answer), messageOf(answer)]).toEqual(['RATE_LIMITED', expect.stringContaining(rateClass)]);
  });
});
