import { describe, expect, it } from '@jest/globals';
import { describeAggregates, testApp } from '@parley/aggregates/contract';
import { errorOf, RoomFixture, roomSubject } from './testing/room-subject.js';

const subject = roomSubject();

describeAggregates('room', subject);

const app = testApp;

describe('room calls', () => {
  it('name the field that is wrong', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms, cluster } = fixture;
    const wrong: readonly (readonly [Promise<unknown>, string])[] = [
      [rooms.createRoom({ app: 'a b', room: 'x' }), 'app'],
      [rooms.createRoom({ app, room: '', creator: 'ann' }), 'room'],
      [rooms.createRoom({ app, room: 'x', creator: 'u'.repeat(33) }), 'creator'],
      [rooms.createRoom({ app, room: 'x', name: 'n'.repeat(51) }), 'name'],
      [rooms.createRoom({ app, room: 'x', memberLimit: 1_000_001 }), 'member_limit'],
      [rooms.enterRoom({ app, room: 'x', user: '' }), 'user'],
      [rooms.destroyRoom({ app, room: 'x', operator: '*' }), 'operator'],
    ];
    for (const [call, field] of wrong) {
      const [error, detail] = await errorOf(call);
      expect([error, detail.split(':')[0]]).toEqual(['INVALID_ARGUMENT', field]);
    }
    expect(cluster.router.submitted).toEqual([]);
  });

  it('answer a stranger as if there were no room', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.createRoom({ app, room: 'x', creator: 'ann' });
    for (const room of ['x', 'absent']) {
      const calls = [
        rooms.getRoom({ app, room, viewer: 'eve' }),
        rooms.listMembers({ app, room, viewer: 'eve' }),
        rooms.destroyRoom({ app, room, operator: 'eve' }),
      ];
      for (const call of calls) expect(await errorOf(call)).toEqual(['ROOM_NOT_FOUND', '']);
    }
  });

  it('tell who enters how far the conversation is, also when they are in already', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms, cluster } = fixture;
    await rooms.enterRoom({ app, room: 'x', user: 'ann', name: 'Hall' });
    cluster.router.conversation(app, 'r:x').headSeq = 7;
    const entered = await rooms.enterRoom({ app, room: 'x', user: 'bob' });
    expect(entered).toMatchObject({ headSeq: 7, room: { room: 'x', name: 'Hall', memberCount: 2 } });
    cluster.router.conversation(app, 'r:x').headSeq = 9;
    expect(await rooms.enterRoom({ app, room: 'x', user: 'bob' })).toMatchObject({ headSeq: 9 });
    expect(cluster.router.conversation(app, 'r:x').changes).toHaveLength(2);
  });

  it('take the changes of a crowd to the router in few commands', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms, cluster } = fixture;
    await rooms.createRoom({ app, room: 'x', creator: 'ann' });
    const crowd = Array.from({ length: 1_000 }, (_, i) => `u${i}`);
    await Promise.all(crowd.map((user) => rooms.enterRoom({ app, room: 'x', user })));
    expect(cluster.router.conversation(app, 'r:x').members.size).toBe(1_001);
    expect(cluster.router.submitted.length).toBeLessThan(50);
  });

  it('end a room with its last member, and start it anew with growing versions', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms, cluster } = fixture;
    const known = cluster.router.conversation(app, 'r:x');
    // All within one millisecond: the clock alone would give the same version twice.
    for (let round = 0; round < 5; round++) {
      await rooms.enterRoom({ app, room: 'x', user: 'ann' });
      expect([known.isClosed, known.members.size]).toEqual([false, 1]);
      await rooms.leaveRoom({ app, room: 'x', user: 'ann' });
      expect([known.isClosed, known.members.size]).toEqual([true, 0]);
    }
    const versions = known.changes.map((change) => change.version);
    expect(versions).toHaveLength(15);
    expect(versions.every((version, i) => i === 0 || version > (versions[i - 1] ?? 0))).toBe(true);
    expect(await errorOf(rooms.enterRoom({ app, room: 'x', user: 'ann', mustExist: true }))).toEqual(['ROOM_NOT_FOUND', '']);
  });

  it("let versions grow over the end of a room when the next owner's clock is behind", async () => {
    await using fixture = await RoomFixture.open({ snapshotEveryRecords: 3 });
    const { rooms: early, cluster } = fixture;
    for (let round = 0; round < 5; round++) {
      await early.enterRoom({ app, room: 'x', user: 'ann' });
      await early.leaveRoom({ app, room: 'x', user: 'ann' });
    }
    await fixture.stop();
    const { version } = cluster.router.conversation(app, 'r:x');
    cluster.clock.set(cluster.clock.now() - 3_600_000);
    await fixture.takeOver('bb');
    const entered = await fixture.rooms.enterRoom({ app, room: 'x', user: 'bob' });
    expect(entered.room?.version).toBeGreaterThan(version);
    expect(cluster.router.conversation(app, 'r:x').members).toEqual(new Set(['bob']));
  });

  it('keep a room of the back end when it is empty', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.createRoom({ app, room: 'x' });
    await rooms.enterRoom({ app, room: 'x', user: 'ann' });
    await rooms.leaveRoom({ app, room: 'x', user: 'ann' });
    expect(await rooms.getRoom({ app, room: 'x' })).toMatchObject({ room: { memberCount: 0 } });
    await rooms.destroyRoom({ app, room: 'x' });
    expect(await errorOf(rooms.getRoom({ app, room: 'x' }))).toEqual(['ROOM_NOT_FOUND', '']);
  });
});
