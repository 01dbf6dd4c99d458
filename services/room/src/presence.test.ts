import { describe, expect, it } from '@jest/globals';
import { testApp } from '@parley/aggregates/contract';
import { limits } from '@parley/kernel';
import { MembershipCause } from '@parley/wire';
import { roomLimits } from './limits.js';
import { RoomFixture, turns } from './testing/room-subject.js';

const app = testApp;
const x = { app, room: 'x' } as const;
const { presenceEveryMs } = roomLimits;
const { roomOfflineAfterMs } = limits;

async function openRoom(...members: readonly string[]): Promise<RoomFixture> {
  const fixture = await RoomFixture.open();
  await fixture.rooms.createRoom({ ...x, creator: 'ann', memberLimit: 20_000 });
  await Promise.all(members.map((user) => fixture.rooms.enterRoom({ ...x, user })));
  return fixture;
}

const membersOf = async ({ rooms }: RoomFixture, room = 'x'): Promise<readonly string[]> => (await rooms.listMembers({ app, room })).users;

describe('a member without a connection', () => {
  it('is out after 30 seconds, at most one sweep later, and others are told why', async () => {
    await using fixture = await openRoom('bob', 'cid');
    fixture.presence.offline.add('bob');
    await fixture.pass(presenceEveryMs + roomOfflineAfterMs - 500, 250);
    expect(await membersOf(fixture)).toEqual(['ann', 'bob', 'cid']);
    await fixture.pass(500, 250);
    expect(await membersOf(fixture)).toEqual(['ann', 'cid']);
    await turns();
    expect(fixture.known('x').changes.at(-1)).toMatchObject({
      left: ['bob'],
      operator: '',
      cause: MembershipCause.OFFLINE,
      memberCount: 2,
    });
  });

  it('stays when the connection is back in time, and has all the time again', async () => {
    await using fixture = await openRoom('bob');
    fixture.presence.offline.add('bob');
    await fixture.pass(roomOfflineAfterMs, 250);
    fixture.presence.offline.clear();
    await fixture.pass(presenceEveryMs, 250);
    fixture.presence.offline.add('bob');
    await fixture.pass(roomOfflineAfterMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann', 'bob']);
    await fixture.pass(presenceEveryMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann']);
  });

  it('has all the time again after entering anew', async () => {
    await using fixture = await openRoom('bob');
    fixture.presence.offline.add('bob');
    await fixture.pass(roomOfflineAfterMs, 250);
    await fixture.rooms.leaveRoom({ ...x, user: 'bob' });
    await fixture.rooms.enterRoom({ ...x, user: 'bob' });
    await fixture.pass(roomOfflineAfterMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann', 'bob']);
  });

  it('counts as present while nobody knows', async () => {
    await using fixture = await openRoom('bob');
    fixture.presence.offline.add('bob');
    await fixture.pass(roomOfflineAfterMs, 250);
    fixture.presence.failure = new Error('no router');
    await fixture.pass(3 * roomOfflineAfterMs, 250);
    fixture.presence.failure = undefined;
    await fixture.pass(roomOfflineAfterMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann', 'bob']);
    await fixture.pass(presenceEveryMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann']);
  });

  it('leaves all rooms, and a room that users made ends with the last one', async () => {
    await using fixture = await openRoom('bob');
    for (const room of ['y', 'z', 'q']) await fixture.rooms.enterRoom({ app, room, user: 'bob' });
    fixture.presence.offline.add('bob');
    await fixture.pass(roomOfflineAfterMs + 2 * presenceEveryMs, 250);
    for (const room of ['y', 'z', 'q']) expect(await fixture.rooms.roomExists({ app, room })).toEqual({ exists: false });
    expect(await membersOf(fixture)).toEqual(['ann']);
  });

  it('is found by a new owner, which starts to count anew', async () => {
    await using fixture = await openRoom('bob');
    fixture.presence.offline.add('bob');
    await fixture.pass(roomOfflineAfterMs, 250);
    await fixture.stop();
    await fixture.takeOver('bb');
    await fixture.pass(roomOfflineAfterMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann', 'bob']);
    await fixture.pass(presenceEveryMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann']);
  });
});

describe('a sweep', () => {
  it('asks about bounded numbers of users, about each of them, and lets thousands out in few commands', async () => {
    const crowd = Array.from({ length: 2_500 }, (_, i) => `u${i}`);
    await using fixture = await openRoom(...crowd);
    const { presence, cluster } = fixture;
    await fixture.pass(presenceEveryMs + 200, 50);
    expect(presence.questions.map((users) => users.length)).toEqual([1_000, 1_000, 501]);
    expect(new Set(presence.questions.flat())).toEqual(new Set(['ann', ...crowd]));
    for (const user of crowd) presence.offline.add(user);
    await fixture.pass(roomOfflineAfterMs + presenceEveryMs, 250);
    const before = await cluster.records();
    await fixture.pass(presenceEveryMs, 250);
    expect(await membersOf(fixture)).toEqual(['ann']);
    expect((await cluster.records()) - before).toBeLessThan(10);
  }, 30_000);

  it('asks nobody while there are no members', async () => {
    await using fixture = await RoomFixture.open();
    await fixture.rooms.createRoom(x);
    await fixture.pass(3 * presenceEveryMs, 250);
    expect(fixture.presence.questions).toEqual([]);
  });
});

describe('an empty room', () => {
  const ttl = { emptyTtlMs: 60_000 };

  it('stays for the time it was given, and then ends', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.createRoom({ ...x, creator: 'ann', options: ttl });
    await rooms.leaveRoom({ ...x, user: 'ann' });
    await fixture.pass(59_000, 250);
    expect(await rooms.roomExists(x)).toEqual({ exists: true });
    await fixture.pass(2_000, 250);
    expect(await rooms.roomExists(x)).toEqual({ exists: false });
    await turns();
    expect(fixture.known('x').changes.at(-1)).toMatchObject({ closed: true, cause: MembershipCause.EMPTY });
  });

  it('goes on when somebody enters in time', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.createRoom({ ...x, creator: 'ann', options: ttl });
    await rooms.leaveRoom({ ...x, user: 'ann' });
    await fixture.pass(59_000, 250);
    await rooms.enterRoom({ ...x, user: 'bob', mustExist: true });
    await fixture.pass(120_000, 500);
    expect(await membersOf(fixture)).toEqual(['bob']);
  });

  it('forgets attributes and counters unless it keeps them', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    for (const [room, keepsAttributes] of [
      ['x', false],
      ['y', true],
    ] as const) {
      await rooms.createRoom({ app, room, creator: 'ann', options: { ...ttl, keepsAttributes } });
      await rooms.changeAttributes({ app, room, operator: 'ann', set: [{ key: 'seat', value: '1' }] });
      const call = rooms.incrementCounter({ app, room, counter: 'like', user: 'ann', nonce: 'n', total: 2 });
      await turns();
      await fixture.pass(roomLimits.countWithinMs);
      await call;
      await rooms.leaveRoom({ app, room, user: 'ann' });
    }
    expect((await rooms.getRoom(x)).room).toMatchObject({ attributes: [], counters: [] });
    expect((await rooms.getRoom({ app, room: 'y' })).room).toMatchObject({ attributes: [{ key: 'seat' }], counters: [{ value: 2 }] });
  });

  it('ends under a new owner too, when its time was over meanwhile', async () => {
    await using fixture = await RoomFixture.open();
    await fixture.rooms.createRoom({ ...x, creator: 'ann', options: ttl });
    await fixture.rooms.leaveRoom({ ...x, user: 'ann' });
    await fixture.stop();
    fixture.cluster.clock.advance(3_600_000);
    await fixture.takeOver('bb');
    expect(await fixture.rooms.roomExists(x)).toEqual({ exists: true });
    await fixture.pass(roomLimits.expireEveryMs, 250);
    expect(await fixture.rooms.roomExists(x)).toEqual({ exists: false });
  });
});
