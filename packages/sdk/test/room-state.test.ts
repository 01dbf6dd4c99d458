import { describe, expect, it } from '@jest/globals';
import { MembershipCause } from '@parley/wire';
import { noMischief } from '../src/fake/fake-server.js';
import { change, enter, makeRoomWorld, valuesOf } from './room-world.js';
import { makeWorld } from './world.js';

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
