import { describe, expect, it } from '@jest/globals';
import { encodeConversationEvent, MembershipCause, RoomRole, type ServerFrameInit } from '@parley/wire';
import type { Room } from '../src/room/room.js';
import { noMischief } from '../src/fake/fake-server.js';
import { enter, makeRoomWorld, recordRooms } from './room-world.js';
import { makeWorld } from './world.js';

type Body = NonNullable<ServerFrameInit['body']>;

const change = (stateVersion: number, key: string, value: string): Body => ({
  type: 'event',
  value: encodeConversationEvent({
    conversation: 'r:live',
    body: { type: 'roomChange', value: { stateVersion, change: { type: 'attributes', value: { set: [{ key, value }] } } } },
  }),
});

const valuesOf = (room: Room): Record<string, string> => Object.fromEntries([...room.attributes].map(([key, { value }]) => [key, value]));

describe('entering a room', () => {
  it('answers with the room as it stands', async () => {
    const { server, run, alice, online } = await makeRoomWorld(['carol']);
    server.rooms.changeAttributes('live', { seat: 'carol' }, [], 'carol');
    const bob = (await online('bob')).client;
    const room = await run(bob.rooms.enter('live'));
    expect(room).toMatchObject({
      id: 'live',
      state: 'connected',
      name: 'Live',
      memberCount: 3,
      owner: 'alice',
      role: 'member',
      stateVersion: 2,
    });
    expect(room.attributes.get('seat')).toEqual({ value: 'carol', owner: 'carol', isDeletedOnLeave: false });
    expect(alice.rooms.get('live')).toMatchObject({ role: 'owner', memberCount: 3 });
    expect(bob.rooms.all).toEqual([room]);
  });

  it('tells the state on the way, by the client and by the room', async () => {
    const { told, room, run, alice } = await makeRoomWorld();
    expect(told.roomStateChanged).toEqual([
      { room: 'live', state: 'connecting', cause: 'entering' },
      { room: 'live', state: 'connected', cause: 'entered' },
    ]);
    const own = recordRooms(room);
    await run(room.leave());
    expect(own.roomStateChanged).toEqual([{ room: 'live', state: 'disconnected', cause: 'left' }]);
    expect(room.state).toBe('disconnected');
    expect(alice.rooms.get('live')).toBeUndefined();
  });

  it('again answers with the same room while the user is in it', async () => {
    const { room, run, alice } = await makeRoomWorld();
    expect(await run(alice.rooms.enter('live'))).toBe(room);
    await run(alice.rooms.leave('live'));
    expect(await run(alice.rooms.enter('live'))).not.toBe(room);
  });

  it('fails with the reason of the server and leaves nothing behind', async () => {
    const { server, run, alice, told } = await makeRoomWorld();
    server.answers.set('enterRoom', () => server.refuse('ROOM_FULL'));
    await expect(run(alice.rooms.join('other'))).rejects.toMatchObject({ name: 'ROOM_FULL' });
    expect(alice.rooms.get('other')).toBeUndefined();
    expect(told.roomStateChanged.at(-1)).toMatchObject({
      room: 'other',
      state: 'disconnected',
      cause: 'refused',
      error: { name: 'ROOM_FULL' },
    });
  });

  it('misses nothing that happens while the answer is on its way', async () => {
    const { server, clock, run, online } = await makeRoomWorld();
    const bob = (await online('bob')).client;
    const told = recordRooms(bob);
    server.mischief = { ...noMischief, answerDelayMs: () => 200 };
    const entering = bob.rooms.enter('live');
    await clock.advance(50);
    server.rooms.changeAttributes('live', { seat: '1' });
    server.rooms.changeAttributes('live', { seat: '2' });
    await clock.advance(100);
    expect(told.roomAttributesUpdated).toEqual([]);
    const room = await run(entering);
    await clock.advance(0);
    expect(valuesOf(room)).toEqual({ topic: 'music', seat: '2' });
    expect(room.stateVersion).toBe(3);
    expect(told.roomAttributesUpdated.map(({ version }) => version)).toEqual([2, 3]);
  });

  it('and leaving happen in the order in which they were asked for', async () => {
    const { server, run, alice, clock } = await makeRoomWorld();
    server.mischief = { ...noMischief, answerDelayMs: () => 100 };
    const steps = [alice.rooms.leave('live'), alice.rooms.enter('live'), alice.rooms.leave('live'), alice.rooms.enter('live')];
    await run(Promise.all(steps));
    await clock.advance(1_000);
    const kinds = server.link.received.map(({ body }) => body?.type).filter((type) => type === 'enterRoom' || type === 'leaveRoom');
    expect(kinds).toEqual(['leaveRoom', 'enterRoom', 'leaveRoom', 'enterRoom']);
    expect(alice.rooms.get('live')?.state).toBe('connected');
  });

  it('is refused for a banned user', async () => {
    const { room, run, online, clock } = await makeRoomWorld();
    const until = await run(room.ban('bob', 60_000));
    expect(until).toBeGreaterThan(clock.now());
    const bob = (await online('bob')).client;
    await expect(run(bob.rooms.enter('live'))).rejects.toMatchObject({ name: 'BANNED', retryable: false });
  });
});

describe('attributes of a room', () => {
  it('are shown by the time that a change of them is done', async () => {
    const { room, run, told } = await makeRoomWorld();
    const version = await run(room.setAttributes({ seat: 'a', score: '7' }, { deleteOnLeave: true }));
    expect(version).toBe(2);
    expect(room.stateVersion).toBe(2);
    expect(room.attributes.get('score')).toEqual({ value: '7', owner: 'alice', isDeletedOnLeave: true });
    expect(told.roomAttributesUpdated).toHaveLength(1);
    expect([...(told.roomAttributesUpdated[0]?.set.keys() ?? [])]).toEqual(['seat', 'score']);
    await run(room.deleteAttributes(['seat']));
    expect(told.roomAttributesUpdated[1]).toMatchObject({ version: 3, deleted: ['seat'], operator: 'alice' });
  });

  it('stay as they were for who has taken them before', async () => {
    const { room, run } = await makeRoomWorld();
    const before = room.attributes;
    await run(room.setAttributes({ topic: 'sports' }));
    expect(before.get('topic')?.value).toBe('music');
    expect(room.attributes.get('topic')?.value).toBe('sports');
  });

  it('of others need force, and a version that is asked for must be the one', async () => {
    const { server, room, run, clock } = await makeRoomWorld(['bob']);
    server.rooms.changeAttributes('live', { seat: 'bob' }, [], 'bob');
    await clock.advance(50);
    await expect(run(room.setAttributes({ seat: 'alice' }))).rejects.toMatchObject({ name: 'ATTRIBUTE_OWNED' });
    await expect(run(room.setAttributes({ x: '1' }, { ifVersion: 1 }))).rejects.toMatchObject({ name: 'VERSION_CONFLICT' });
    await run(room.setAttributes({ seat: 'alice' }, { force: true, ifVersion: room.stateVersion }));
    expect(room.attributes.get('seat')).toMatchObject({ value: 'alice', owner: 'bob' });
    await run(room.setAttributes({ seat: 'alice' }, { force: true, updateOwner: true }));
    expect(room.attributes.get('seat')?.owner).toBe('alice');
  });

  it('are shown although the server does not tell of the own change', async () => {
    const { server, room, run, asked } = await makeRoomWorld();
    server.mischief = { ...noMischief, eventCopies: () => 0 };
    await run(room.setAttributes({ seat: 'a' }));
    expect(room.attributes.get('seat')?.value).toBe('a');
    expect(asked('getRoom')).toBe(1);
  });
});

describe('a room that missed a change', () => {
  it('asks once and shows the whole difference at once', async () => {
    const { server, room, clock, told, asked } = await makeRoomWorld();
    const seen: unknown[] = [];
    room.on('roomAttributesUpdated', ({ version, set, deleted }) => seen.push([version, [...set.keys()].sort(), deleted, valuesOf(room)]));
    server.mischief = { ...noMischief, eventCopies: () => 0 };
    server.rooms.changeAttributes('live', { a: '1', b: '1' });
    server.rooms.changeAttributes('live', { a: '2' }, ['topic']);
    server.mischief = noMischief;
    server.rooms.changeAttributes('live', { c: '1' });
    await clock.advance(400);
    expect(seen).toEqual([[4, ['a', 'b', 'c'], ['topic'], { a: '2', b: '1', c: '1' }]]);
    expect(told.roomAttributesUpdated[0]?.operator).toBe('');
    expect(asked('getRoom')).toBe(1);
  });

  it('does not ask when the change was only late', async () => {
    const { server, room, clock, asked } = await makeRoomWorld();
    server.push(server.link, change(3, 'a', '3'));
    await clock.advance(20);
    expect(room.stateVersion).toBe(1);
    server.push(server.link, change(2, 'a', '2'));
    await clock.advance(5_000);
    expect(room.stateVersion).toBe(3);
    expect(valuesOf(room)).toEqual({ topic: 'music', a: '3' });
    expect(asked('getRoom')).toBe(0);
  });

  it('ignores what it has seen', async () => {
    const { server, room, clock, told } = await makeRoomWorld();
    for (const version of [2, 2, 1]) server.push(server.link, change(version, 'a', String(version)));
    await clock.advance(5_000);
    expect(valuesOf(room)).toEqual({ topic: 'music', a: '2' });
    expect(told.roomAttributesUpdated).toHaveLength(1);
  });

  it.each([
    ['its head has moved', { type: 'headMoved', value: { conversation: 'r:live', headSeq: 0 } }],
    ['anything may be missing', { type: 'resyncNeeded', value: {} }],
  ] as const)('learns it when the server says that %s', async (_, push) => {
    const { server, room, clock, told } = await makeRoomWorld();
    server.mischief = { ...noMischief, eventCopies: () => 0 };
    server.rooms.changeAttributes('live', { a: '1' });
    server.rooms.answer('bob', enter('live'));
    server.mischief = noMischief;
    expect(room.memberCount).toBe(1);
    server.push(server.link, push);
    await clock.advance(400);
    expect(valuesOf(room)).toEqual({ topic: 'music', a: '1' });
    expect(room.memberCount).toBe(2);
    expect(told.roomMembersChanged.at(-1)).toMatchObject({ memberCount: 2, isComplete: false });
  });

  it('asks rarely, however often it is alarmed, and in a large room at another time than others', async () => {
    const times: number[] = [];
    for (let viewer = 0; viewer < 8; viewer++) {
      const world = makeWorld();
      const { client } = await world.online(`viewer${viewer}`, {
        random: { next: () => viewer / 8, bytes: (length) => new Uint8Array(length) },
      });
      world.server.answers.set('enterRoom', () => ({ type: 'room', value: { room: 'live', stateVersion: 1, memberCount: 10_000 } }));
      let asked = 0;
      const start = world.clock.now();
      world.server.answers.set('getRoom', () => {
        if (asked++ === 0) times.push(world.clock.now() - start);
        return { type: 'room', value: { room: 'live', stateVersion: 1, memberCount: 10_000 } };
      });
      void client.rooms.enter('live');
      await world.clock.advance(50);
      for (let alarm = 0; alarm < 100; alarm++) {
        world.server.push(world.server.link, { type: 'headMoved', value: { conversation: 'r:live', headSeq: 0 } });
        await world.clock.advance(100);
      }
      expect(asked).toBeLessThanOrEqual(1 + 10_000 / 2_000);
    }
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(4_000);
  });

  it('goes on asking while the server cannot answer', async () => {
    const { server, room, clock } = await makeRoomWorld();
    let refusals = 3;
    server.answers.set('getRoom', () => {
      if (refusals-- > 0) return server.refuse('UNAVAILABLE');
      return { type: 'room', value: { room: 'live', stateVersion: 9, memberCount: 1, createdMs: room.createdMs, name: 'Late' } };
    });
    server.push(server.link, change(9, 'a', '9'));
    await clock.advance(30_000);
    expect(room).toMatchObject({ stateVersion: 9, name: 'Late' });
  });

  it('is out when the server says so', async () => {
    const { server, room, clock, told, lost } = await makeRoomWorld();
    server.mischief = { ...noMischief, eventCopies: () => 0 };
    server.rooms.remove('live', ['alice'], MembershipCause.KICKED);
    await clock.advance(400);
    expect(room.state).toBe('connected');
    server.push(server.link, { type: 'resyncNeeded', value: {} });
    await clock.advance(5_000);
    expect(room.state).toBe('disconnected');
    expect(told.roomStateChanged.at(-1)).toMatchObject({ cause: 'lost', error: { name: 'ROOM_NOT_FOUND' } });
    expect(lost).toEqual(['live ROOM_NOT_FOUND']);
  });
});

describe('who is taken out of a room', () => {
  it.each([
    [MembershipCause.KICKED, 'kicked'],
    [MembershipCause.BANNED, 'banned'],
    [MembershipCause.SWITCHED, 'switched'],
    [MembershipCause.UNSPECIFIED, 'left'],
  ] as const)('learns why, and does not come back by itself: cause %i', async (cause, name) => {
    const { server, room, clock, told, lost, asked } = await makeRoomWorld();
    server.rooms.remove('live', ['alice'], cause);
    await clock.advance(100);
    expect(told.roomStateChanged.at(-1)).toEqual({ room: 'live', state: 'disconnected', cause: name });
    server.forgetSessions();
    await clock.advance(10_000);
    expect(asked('enterRoom')).toBe(0);
    expect(room.state).toBe('disconnected');
    expect(lost).toEqual([]);
  });

  it.each([
    [MembershipCause.DESTROYED, 'destroyed'],
    [MembershipCause.EMPTY, 'empty'],
  ] as const)('learns that it was closed: cause %i', async (cause, name) => {
    const { server, clock, told, alice } = await makeRoomWorld();
    server.rooms.destroy('live', cause);
    await clock.advance(100);
    expect(told.roomStateChanged.at(-1)).toMatchObject({ state: 'disconnected', cause: name });
    expect(alice.rooms.all).toEqual([]);
  });

  it('because they were offline comes back at once', async () => {
    const { server, room, clock, told } = await makeRoomWorld(['bob']);
    server.rooms.remove('live', ['alice'], MembershipCause.OFFLINE);
    await clock.advance(100);
    expect(room.state).toBe('connected');
    expect(told.roomStateChanged.slice(2).map(({ state, cause }) => `${state} ${cause}`)).toEqual([
      'connecting offline',
      'connected entered',
    ]);
    expect(server.rooms.get('live').members.has('alice')).toBe(true);
  });

  it('and came back is not thrown out by what is told late of the time before', async () => {
    const { server, room, run, alice, clock } = await makeRoomWorld(['bob']);
    await run(room.leave());
    const again = await run(alice.rooms.enter('live'));
    const { version } = server.rooms.get('live');
    const late = { left: ['alice'], version: version - 1, cause: MembershipCause.KICKED };
    const value = encodeConversationEvent({ conversation: 'r:live', body: { type: 'membership', value: late } });
    server.push(server.link, { type: 'event', value });
    await clock.advance(1_000);
    expect(again.state).toBe('connected');
  });
});

describe('a lost connection', () => {
  it('is told by the room, which is resumed when nothing was missed', async () => {
    const { server, clock, told, asked } = await makeRoomWorld();
    server.link.end.break();
    await clock.advance(5_000);
    expect(told.roomStateChanged.slice(2).map(({ state, cause }) => `${state} ${cause}`)).toEqual([
      'connecting connection-lost',
      'connected resumed',
    ]);
    expect(asked('enterRoom')).toBe(0);
  });

  it('is followed by entering again and one consistent step to what the room is by then', async () => {
    const { server, room, clock, told } = await makeRoomWorld(['bob']);
    const snapshots: unknown[] = [];
    room.on('roomAttributesUpdated', () => snapshots.push(valuesOf(room)));
    server.forgetSessions();
    server.rooms.remove('live', ['alice']);
    server.rooms.changeAttributes('live', { a: '1' });
    server.rooms.changeAttributes('live', { b: '1' }, ['topic']);
    server.rooms.get('live').counters.set('likes', 5);
    await clock.advance(5_000);
    expect(snapshots).toEqual([{ a: '1', b: '1' }]);
    expect(room.state).toBe('connected');
    expect(told.roomCountersUpdated.at(-1)?.counters).toEqual(new Map([['likes', 5]]));
    expect(told.roomMembersChanged.at(-1)).toMatchObject({ memberCount: 2, isComplete: false });
  });

  it('does not take changes of a room that was made anew for those of the old one', async () => {
    const { server, room, clock } = await makeRoomWorld();
    server.rooms.changeAttributes('live', { a: 'old', b: 'old' });
    await clock.advance(100);
    server.forgetSessions();
    server.rooms.get('live').members.clear();
    server.rooms.destroy('live');
    await clock.advance(1);
    server.rooms.answer('bob', enter('live'));
    server.mischief = { ...noMischief, answerDelayMs: () => 300 };
    await clock.until(() => server.rooms.get('live').members.has('alice'), 10_000);
    for (let version = 2; version <= 3; version++) server.rooms.changeAttributes('live', { a: `new${version}` });
    await clock.advance(5_000);
    expect(valuesOf(room)).toEqual({ a: 'new3' });
    expect(room.stateVersion).toBe(3);
  });

  it('keeps trying while the server is over its capacity, and holds back what is said meanwhile', async () => {
    const { server, room, clock, lost } = await makeRoomWorld();
    server.forgetSessions();
    server.rooms.get('live').members.clear();
    server.answers.set('enterRoom', () => server.refuse('OVERLOADED', 1_000));
    await clock.advance(5_000);
    const handle = room.send('hello');
    await clock.advance(20_000);
    expect(handle.state).toBe('queued');
    server.answers.delete('enterRoom');
    await clock.advance(20_000);
    expect(handle.state).toBe('stored');
    expect(room.state).toBe('connected');
    expect(lost).toEqual([]);
  });

  it('that breaks again while the room is entered again does not keep the user out', async () => {
    const { server, room, clock } = await makeRoomWorld(['bob']);
    server.forgetSessions();
    server.rooms.remove('live', ['alice']);
    server.mischief = { ...noMischief, answerDelayMs: () => 200 };
    const links = server.links.length;
    await clock.until(() => server.links.length > links && server.link.received.some(({ body }) => body?.type === 'enterRoom'), 10_000);
    server.link.end.break();
    await clock.advance(10_000);
    expect(room.state).toBe('connected');
  });

  it('ends with the room lost when the user was banned meanwhile', async () => {
    const { server, room, clock, told, lost } = await makeRoomWorld(['bob']);
    server.forgetSessions();
    server.rooms.get('live').bans.set('alice', Number.MAX_SAFE_INTEGER);
    await clock.advance(5_000);
    expect(lost).toEqual(['live BANNED']);
    expect(told.roomStateChanged.at(-1)).toMatchObject({ state: 'disconnected', cause: 'refused', error: { name: 'BANNED' } });
    expect(room.send('x')).toMatchObject({ conversation: 'r:live' });
  });
});

describe('switching', () => {
  it('leaves one room and enters the other', async () => {
    const { alice, run, told, server } = await makeRoomWorld(['bob']);
    const next = await run(alice.rooms.switch('live', 'next', { name: 'Next' }));
    expect(next).toMatchObject({ id: 'next', name: 'Next', state: 'connected' });
    expect(alice.rooms.all).toEqual([next]);
    expect(server.rooms.get('live').members.has('alice')).toBe(false);
    expect(told.roomStateChanged.slice(2).map(({ room, state, cause }) => `${room} ${state} ${cause}`)).toEqual([
      'live disconnected switched',
      'next connecting entering',
      'next connected entered',
    ]);
  });

  it('that fails leaves the user in neither', async () => {
    const { alice, run, server, clock } = await makeRoomWorld(['bob']);
    server.answers.set('switchRoom', () => server.refuse('RATE_LIMITED', 100));
    await expect(run(alice.rooms.switch('live', 'next'))).rejects.toMatchObject({ name: 'RATE_LIMITED', retryAfterMs: 100 });
    await clock.advance(100);
    expect(alice.rooms.all).toEqual([]);
    expect(server.rooms.get('live').members.has('alice')).toBe(false);
  });
});

describe('leaving', () => {
  it('a room hands on nothing of it again, although the server still counts the user in', async () => {
    const { alice, seen, run, server, clock } = await makeRoomWorld(['bob']);
    server.say('r:live', 'once');
    await clock.advance(100);
    server.answers.set('leaveRoom', () => server.refuse('OVERLOADED'));
    await expect(run(alice.rooms.leave('live'))).rejects.toMatchObject({ name: 'OVERLOADED' });
    server.forgetSessions();
    await clock.advance(5_000);
    expect(server.rooms.get('live').members.has('alice')).toBe(true);
    expect(seen.texts()).toEqual(['once']);
  });

  it('all rooms names those that were left', async () => {
    const { alice, run, server } = await makeRoomWorld();
    await run(alice.rooms.enter('other'));
    expect(await run(alice.rooms.leaveAll())).toEqual(['live', 'other']);
    expect(alice.rooms.all).toEqual([]);
    expect(server.rooms.get('other').members.size).toBe(0);
  });

  it('all rooms includes those that are still being entered', async () => {
    const { alice, run, server } = await makeRoomWorld();
    await run(alice.rooms.leave('live'));
    const steps = [alice.rooms.enter('a'), alice.rooms.leave('a'), alice.rooms.enter('a')];
    const left = alice.rooms.leaveAll();
    await run(Promise.all([...steps, left]));
    expect(await left).toEqual(['a']);
    expect(server.rooms.get('a').members.size).toBe(0);
  });

  it('a room that is gone is no failure', async () => {
    const { alice, run, server } = await makeRoomWorld();
    server.answers.set('leaveRoom', () => server.refuse('ROOM_NOT_FOUND'));
    await expect(run(alice.rooms.leave('live'))).resolves.toBeUndefined();
    server.answers.set('leaveRoom', () => server.refuse('PERMISSION_DENIED'));
    await expect(run(alice.rooms.leave('live'))).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  });

  it('takes the attributes along that were set to', async () => {
    const { alice, run, server, clock, online } = await makeRoomWorld();
    const bob = (await online('bob')).client;
    const room = await run(bob.rooms.enter('live'));
    await run(room.setAttributes({ seat: 'bob' }, { deleteOnLeave: true }));
    await run(bob.rooms.leave('live'));
    await clock.advance(100);
    expect(alice.rooms.get('live')?.attributes.has('seat')).toBe(false);
    expect(server.rooms.get('live').attributes.has('seat')).toBe(false);
  });

  it('ends what is told of the room', async () => {
    const { room, run, server, clock, told } = await makeRoomWorld(['bob']);
    await run(room.leave());
    const before = told.roomAttributesUpdated.length;
    server.push(server.link, change(2, 'a', '1'));
    await clock.advance(5_000);
    expect(told.roomAttributesUpdated).toHaveLength(before);
    expect(room.stateVersion).toBe(1);
  });

  it('by destroying the room is told as that', async () => {
    const { room, run, told, alice } = await makeRoomWorld();
    await run(room.destroy());
    expect(told.roomStateChanged.at(-1)).toMatchObject({ state: 'disconnected', cause: 'destroyed' });
    await expect(run(alice.rooms.count('live'))).rejects.toMatchObject({ name: 'ROOM_NOT_FOUND' });
  });
});

describe('members', () => {
  it('are told as they come and go', async () => {
    const { server, room, clock, told } = await makeRoomWorld();
    server.rooms.answer('bob', enter('live'));
    await clock.advance(50);
    server.rooms.remove('live', ['bob'], MembershipCause.OFFLINE);
    await clock.advance(50);
    expect(told.roomMembersChanged).toMatchObject([
      { joined: ['bob'], left: [], memberCount: 2, isComplete: true },
      { joined: [], left: ['bob'], memberCount: 1, cause: 'offline', isComplete: true },
    ]);
    expect(room.memberCount).toBe(1);
  });

  it('of a large room are told as a number', async () => {
    const { server, room, clock, told } = await makeRoomWorld();
    const tally = (version: number, memberCount: number): Body => ({
      type: 'event',
      value: encodeConversationEvent({ conversation: 'r:live', body: { type: 'roomTally', value: { version, memberCount } } }),
    });
    for (const [version, count] of [[5, 9_000] as const, [7, 9_100] as const, [6, 9_050] as const])
      server.push(server.link, tally(version, count));
    await clock.advance(50);
    expect(told.roomMembersChanged.map(({ memberCount, isComplete }) => [memberCount, isComplete])).toEqual([
      [9_000, false],
      [9_100, false],
    ]);
    expect(room.memberCount).toBe(9_100);
  });

  it('are listed with role and attributes, and counted', async () => {
    const { alice, room, run } = await makeRoomWorld(['bob', 'carol']);
    await run(room.setMemberAttributes({ mood: 'glad' }));
    const page = await run(alice.rooms.members('live', { users: ['alice', 'bob'] }));
    expect(page).toMatchObject({
      memberCount: 3,
      nextPage: '',
      members: [
        { user: 'alice', role: 'owner', attributesVersion: 1 },
        { user: 'bob', role: 'member' },
      ],
    });
    expect(page.members[0]?.attributes).toEqual(new Map([['mood', 'glad']]));
    expect(await run(alice.rooms.count('live'))).toBe(3);
  });

  it('tell their attributes, and whether any change of them was missed', async () => {
    const { server, room, run, clock, told } = await makeRoomWorld(['bob']);
    await run(room.changeMemberAttributes({ set: { a: '1' } }));
    server.mischief = { ...noMischief, eventCopies: () => 0 };
    await run(room.changeMemberAttributes({ set: { a: '2' } }));
    server.mischief = { ...noMischief, eventCopies: () => 2 };
    await run(room.changeMemberAttributes({ deleted: ['a'] }));
    await clock.advance(100);
    expect(told.roomMemberAttributesUpdated.map(({ user, version, isComplete }) => [user, version, isComplete])).toEqual([
      ['alice', 1, true],
      ['alice', 3, false],
    ]);
    expect(told.roomMemberAttributesUpdated[0]?.set).toEqual(new Map([['a', '1']]));
  });
});

describe('moderation', () => {
  it('reaches the server as it was meant', async () => {
    const { server, room, run, clock, alice } = await makeRoomWorld(['bob', 'carol', 'dave']);
    expect(await run(room.kick(['bob', 'nobody']))).toEqual(['bob']);
    await run(room.setRole('carol', 'moderator'));
    await run(room.mute('dave', 5_000));
    await run(room.rename('Night'));
    await clock.advance(50);
    expect(room).toMatchObject({ name: 'Night', moderators: ['carol'], memberCount: 3 });
    expect(room.mutes).toEqual([{ user: 'dave', role: undefined, untilMs: expect.any(Number) }]);
    await run(room.unmute('dave'));
    await run(room.mute({ role: 'moderator' }));
    await run(room.muteAll(1_000));
    await run(room.unmuteAll());
    await clock.advance(50);
    expect(room.mutes).toEqual([]);
    await run(room.ban('dave'));
    await run(room.unban('dave'));
    expect(server.rooms.get('live').bans.get('dave')).toBe(0);
    expect(alice.rooms.get('live')?.memberCount).toBe(2);
  });

  it('without a duration that is one is refused here', async () => {
    const { room, asked } = await makeRoomWorld();
    await expect(room.ban('bob', 0)).rejects.toMatchObject({ name: 'INVALID_ARGUMENT' });
    await expect(room.mute('bob', Number.NaN)).rejects.toMatchObject({ name: 'INVALID_ARGUMENT' });
    expect(asked('banFromRoom') + asked('muteInRoom')).toBe(0);
  });

  it('hands the room over', async () => {
    const { room, run, clock, told } = await makeRoomWorld(['bob']);
    await run(room.setRole('bob', 'owner'));
    await clock.advance(50);
    expect(room).toMatchObject({ owner: 'bob', moderators: ['alice'], role: 'moderator' });
    expect(told.roomRoleChanged.map(({ user, role, operator }) => `${user} ${role} ${operator}`).sort()).toEqual([
      'alice moderator alice',
      'bob owner alice',
    ]);
  });

  it('lets a member know until when to be silent, and what others may not know is not told', async () => {
    const { room, run, clock, online, server } = await makeRoomWorld(['carol']);
    const bob = (await online('bob')).client;
    const told = recordRooms(bob);
    const bobs = await run(bob.rooms.enter('live'));
    await run(room.mute('carol', 5_000));
    await run(room.mute({ role: 'member' }, 10_000));
    await clock.advance(50);
    expect(told.roomMuted).toEqual([{ room: 'live', operator: 'alice', user: '', role: 'member', untilMs: bobs.mutedUntilMs }]);
    expect(bobs.mutedUntilMs).toBeGreaterThan(clock.now() + 9_000);
    expect(room.mutedUntilMs).toBe(0);
    await run(room.unmute('bob'));
    await clock.advance(50);
    expect(bobs.mutedUntilMs).toBe(0);
    expect(bobs.stateVersion).toBe(server.rooms.get('live').stateVersion);
    await run(room.setRole('bob', 'moderator'));
    await clock.advance(3_000);
    expect(bobs.mutes.map(({ user }) => user).sort()).toEqual(['', 'carol']);
    expect(server.rooms.get('live').moderators).toEqual(new Set(['bob']));
    expect(RoomRole.MODERATOR).toBe(2);
  });
});

describe('counters', () => {
  it('are told at most twice a second, add up exactly and show what the server says', async () => {
    const { server, room, clock, told, asked } = await makeRoomWorld();
    for (let i = 0; i < 100; i++) {
      room.like();
      room.increment('gifts', 2);
      await clock.advance(20);
    }
    await clock.advance(1_000);
    expect(asked('incrementCounter')).toBeLessThanOrEqual(2 * 5);
    expect(server.rooms.get('live').counters).toEqual(
      new Map([
        ['likes', 100],
        ['gifts', 200],
      ]),
    );
    expect(room.counters).toEqual(
      new Map([
        ['likes', 100],
        ['gifts', 200],
      ]),
    );
    const likes = told.roomCountersUpdated.flatMap(({ counters }) => counters.get('likes') ?? []);
    expect(likes).toEqual([...likes].sort((a, b) => a - b));
    expect(new Set(likes).size).toBe(likes.length);
  });

  it('count once although answers are lost, refused and late', async () => {
    const { server, room, clock } = await makeRoomWorld();
    let call = 0;
    server.answers.set('incrementCounter', (frame) => {
      call++;
      const body = frame.body as NonNullable<typeof frame.body>;
      if (call % 3 === 1) return server.refuse('RATE_LIMITED', 300);
      const answer = server.rooms.answer('alice', body);
      return call % 3 === 2 ? undefined : answer;
    });
    for (let i = 0; i < 30; i++) {
      room.like();
      await clock.advance(1_000);
      if (i === 10) server.link.end.break();
    }
    await clock.advance(120_000);
    expect(server.rooms.get('live').counters.get('likes')).toBe(30);
    expect(room.counters.get('likes')).toBe(30);
  });

  it('are told before the room is left', async () => {
    const { server, room, run } = await makeRoomWorld(['bob']);
    room.like(3);
    room.like(4);
    await run(room.leave());
    expect(server.rooms.get('live').counters.get('likes')).toBe(7);
  });

  it('do not keep the user in a room whose server does not count', async () => {
    const { server, room, run } = await makeRoomWorld(['bob']);
    server.answers.set('incrementCounter', () => undefined);
    room.like(3);
    await run(room.leave());
    expect(server.rooms.get('live').members.has('alice')).toBe(false);
  });

  it('begin anew with a new stay, and nothing is counted twice', async () => {
    const { server, room, clock } = await makeRoomWorld(['bob']);
    room.like(5);
    await clock.advance(1_000);
    server.rooms.remove('live', ['alice'], MembershipCause.OFFLINE);
    await clock.advance(1_000);
    room.like(2);
    await clock.advance(2_000);
    const nonces = server.link.received.flatMap(({ body }) => (body?.type === 'incrementCounter' ? [body.value.nonce] : []));
    expect(new Set(nonces).size).toBe(2);
    expect(server.rooms.get('live').counters.get('likes')).toBe(7);
  });

  it('that the server refuses for good are reported, and later ones are tried', async () => {
    const { server, room, clock, seen } = await makeRoomWorld();
    server.answers.set('incrementCounter', () => server.refuse('INVALID_ARGUMENT'));
    room.increment('eleventh');
    await clock.advance(5_000);
    expect(seen.errors.map(({ name }) => name)).toEqual(['INVALID_ARGUMENT']);
    server.answers.clear();
    room.increment('eleventh');
    await clock.advance(5_000);
    expect(room.counters.get('eleventh')).toBe(2);
  });

  it.each([[0], [-1], [1.5], [Number.NaN]])('do not take %d', async (count) => {
    const { room } = await makeRoomWorld();
    expect(() => room.like(count)).toThrow('positive whole number');
  });
});

describe('what is said in a room', () => {
  it('carries a priority', async () => {
    const { server, room, run } = await makeRoomWorld();
    await run(room.send('now', { priority: 'high' }).done);
    expect(server.sends.at(-1)).toMatchObject({ conversation: 'r:live', priority: 3 });
  });

  it('and is transient is not repeated when it is refused, and says when to try again', async () => {
    const { server, room, run } = await makeRoomWorld();
    server.answers.set('send', () => server.refuse('RATE_LIMITED', 150));
    const handle = room.send({ type: 'bullet', text: '+1' });
    await expect(run(handle.done)).rejects.toMatchObject({ name: 'RATE_LIMITED', retryAfterMs: 150 });
    expect(server.sends).toHaveLength(1);
  });

  it('and is stored is repeated after the time that the server names', async () => {
    const { server, room, run, clock } = await makeRoomWorld();
    const start = clock.now();
    server.answers.set('send', () => {
      server.answers.delete('send');
      return server.refuse('OVERLOADED', 700);
    });
    await run(room.send('durable').done);
    expect(server.sends).toHaveLength(2);
    expect(clock.now() - start).toBeGreaterThanOrEqual(700);
  });

  it.each(['MUTED', 'BANNED'] as const)('is not repeated when the user is %s', async (name) => {
    const { server, room, run } = await makeRoomWorld();
    server.answers.set('send', () => server.refuse(name, 60_000));
    await expect(run(room.send('hm').done)).rejects.toMatchObject({ name, retryAfterMs: 60_000, retryable: false });
    expect(server.sends).toHaveLength(1);
  });

  it('and was dropped for others is reported, on the way and at the own connection', async () => {
    const { server, room, clock, told } = await makeRoomWorld();
    const own = recordRooms(room);
    const value = {
      counts: [
        { priority: 1, count: 7 },
        { priority: 2, count: 1 },
      ],
    };
    server.push(server.link, {
      type: 'event',
      value: encodeConversationEvent({ conversation: 'r:live', body: { type: 'messagesDropped', value } }),
    });
    server.push(server.link, { type: 'messagesDropped', value: { counts: [{ priority: 1, count: 2 }] } });
    await clock.advance(10);
    expect(told.messagesDropped).toEqual([
      { conversation: 'r:live', low: 7, medium: 1 },
      { conversation: '', low: 2, medium: 0 },
    ]);
    expect(own.messagesDropped).toEqual([{ conversation: 'r:live', low: 7, medium: 1 }]);
  });
});

describe('a list of rooms', () => {
  it('is found by name and attribute', async () => {
    const { alice, run } = await makeRoomWorld();
    await run(alice.rooms.create({ id: 'jazz', name: 'Live jazz', attributes: { topic: 'jazz' } }));
    await run(alice.rooms.create({ id: 'hidden', name: 'Live too', options: { isUnlisted: true } }));
    const idsOf = async (query: Parameters<typeof alice.rooms.list>[0]): Promise<string[]> => {
      const { rooms } = await run(alice.rooms.list(query));
      return rooms.map(({ id }) => id).sort();
    };
    expect(await idsOf({ namePrefix: 'Live' })).toEqual(['jazz', 'live']);
    expect(await idsOf({ attribute: { key: 'topic', value: 'jazz' } })).toEqual(['jazz']);
    expect(await idsOf({ attribute: { key: 'topic' } })).toEqual(['jazz', 'live']);
    expect(await idsOf({ namePrefix: 'x' })).toEqual([]);
  });
});
