import { describe, expect, it } from '@jest/globals';
import { encodeConversationEvent, MembershipCause } from '@parley/wire';
import { noMischief } from '../src/fake/fake-server.js';
import { change, enter, makeRoomWorld, valuesOf } from './room-world.js';

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
