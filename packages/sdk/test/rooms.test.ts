import { describe, expect, it } from '@jest/globals';
import { encodeConversationEvent, MembershipCause, RoomRole, type ServerFrameInit } from '@parley/wire';
import { noMischief } from '../src/fake/fake-server.js';
import { enter, makeRoomWorld, recordRooms, valuesOf } from './room-world.js';

type Body = NonNullable<ServerFrameInit['body']>;

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
