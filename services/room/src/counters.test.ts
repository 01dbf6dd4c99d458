import { describe, expect, it } from '@jest/globals';
import { testApp } from '@parley/aggregates/contract';
import { seededRandom } from '@parley/kernel';
import { roomLimits } from './limits.js';
import { errorOf, RoomFixture, turns } from './testing/room-subject.js';

const app = testApp;
const x = { app, room: 'x' } as const;

async function openRoom(...members: readonly string[]): Promise<RoomFixture> {
  const fixture = await RoomFixture.open();
  await fixture.rooms.createRoom({ ...x, creator: 'ann' });
  await Promise.all(members.map((user) => fixture.rooms.enterRoom({ ...x, user })));
  return fixture;
}

const like = (user: string, total: number, nonce = 'n') => ({ ...x, counter: 'like', user, nonce, total });

/** Lets what was told be committed. */
async function settled<T>(fixture: RoomFixture, calls: readonly Promise<T>[]): Promise<readonly T[]> {
  await turns(3);
  await fixture.pass(roomLimits.countWithinMs);
  return Promise.all(calls);
}

describe('counters', () => {
  it('take contributions of one moment by one commit and answer each with the value after it', async () => {
    const users = Array.from({ length: 200 }, (_, i) => `u${i}`);
    await using fixture = await openRoom(...users);
    const before = await fixture.cluster.records();
    const values = await settled(
      fixture,
      users.map((user) => fixture.rooms.incrementCounter(like(user, 2))),
    );
    expect(values).toEqual(users.map(() => ({ value: 400 })));
    expect((await fixture.cluster.records()) - before).toBe(1);
  });

  it('answer nobody before the commit', async () => {
    await using fixture = await openRoom();
    let isAnswered = false;
    const call = fixture.rooms.incrementCounter(like('ann', 1)).then(() => {
      isAnswered = true;
    });
    await turns();
    expect(isAnswered).toBe(false);
    expect((await fixture.rooms.getRoom(x)).room?.counters).toEqual([]);
    await settled(fixture, [call]);
    expect((await fixture.rooms.getRoom(x)).room?.counters).toEqual([{ name: 'like', value: 1 }]);
  });

  it('do not wait for a moment when it is full already', async () => {
    await using fixture = await openRoom();
    const calls = Array.from({ length: roomLimits.countContributionsMax }, (_, i) => fixture.rooms.incrementCounter(like('', 1, `n${i}`)));
    const values = await Promise.all(calls);
    expect(values[0]).toEqual({ value: roomLimits.countContributionsMax });
  });

  it('count a total once however often, late or out of order it is told', async () => {
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    await settled(
      fixture,
      [5, 3, 5, 4].map((total) => rooms.incrementCounter(like('bob', total))),
    );
    expect(await settled(fixture, [rooms.incrementCounter(like('bob', 4))])).toEqual([{ value: 5 }]);
    expect(await settled(fixture, [rooms.incrementCounter(like('bob', 7)), rooms.incrementCounter(like('bob', 1, 'other'))])).toEqual([
      { value: 8 },
      { value: 8 },
    ]);
  });

  it('are exact under duplicates, concurrent callers and take-overs', async () => {
    const users = ['ann', 'bob', 'cid', 'dan'];
    await using fixture = await openRoom(...users);
    const random = seededRandom(7);
    const totals = new Map(users.map((user) => [user, 0]));
    const calls: Promise<unknown>[] = [];
    for (let step = 0; step < 300; step++) {
      const user = users[Math.floor(random.next() * users.length)] ?? 'ann';
      const total = (totals.get(user) ?? 0) + Math.floor(random.next() * 3);
      totals.set(user, total);
      for (let copies = 1 + Math.floor(random.next() * 3); copies > 0; copies--)
        calls.push(errorOf(fixture.rooms.incrementCounter(like(user, total))));
      if (random.next() < 0.3) await fixture.pass(20);
      if (step % 100 === 99) await fixture.takeOver('b'.repeat(step));
    }
    await settled(fixture, calls);
    // What a take-over has cut off is told again, as its callers do.
    await settled(
      fixture,
      users.map((user) => fixture.rooms.incrementCounter(like(user, totals.get(user) ?? 0))),
    );
    const sum = [...totals.values()].reduce((a, b) => a + b, 0);
    expect((await fixture.rooms.getRoom(x)).room?.counters).toEqual([{ name: 'like', value: sum }]);
  });

  it('keep what a member added who has left, and take nothing of those who are not in', async () => {
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    await settled(fixture, [rooms.incrementCounter(like('bob', 3))]);
    await rooms.leaveRoom({ ...x, user: 'bob' });
    const late = errorOf(rooms.incrementCounter(like('bob', 4)));
    const right = rooms.incrementCounter(like('ann', 1));
    const absent = errorOf(rooms.incrementCounter({ ...like('bob', 4), room: 'absent' }));
    expect(await settled<unknown>(fixture, [late, right, absent])).toEqual([['ROOM_NOT_FOUND', ''], { value: 4 }, ['ROOM_NOT_FOUND', '']]);
    await rooms.enterRoom({ ...x, user: 'bob' });
    expect(await settled(fixture, [rooms.incrementCounter(like('bob', 2, 'new stay'))])).toEqual([{ value: 6 }]);
  });

  it('refuse what is wrong without failing what comes with it', async () => {
    await using fixture = await openRoom();
    const { rooms } = fixture;
    const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
    await settled(
      fixture,
      names.map((counter) => rooms.incrementCounter({ ...like('ann', 1), counter })),
    );
    const calls = [errorOf(rooms.incrementCounter(like('ann', 1))), rooms.incrementCounter({ ...like('ann', 2), counter: 'c0' })];
    expect(await settled<unknown>(fixture, calls)).toMatchObject([['INVALID_ARGUMENT', expect.stringContaining('counter')], { value: 2 }]);
    expect(await settled(fixture, [errorOf(rooms.incrementCounter(like('ann', 1)))])).toMatchObject([
      ['INVALID_ARGUMENT', expect.anything()],
    ]);
  });

  it('cost the routers nothing but tallies', async () => {
    await using fixture = await openRoom();
    const { router } = fixture.cluster;
    const before = router.submitted.length;
    await settled(fixture, [fixture.rooms.incrementCounter(like('ann', 1))]);
    await turns();
    expect(router.submitted.slice(before).map((command) => router.laneOf(command))).toEqual(['medium']);
  });

  it('let nobody wait who is behind too many others, nor on a partition that was given up', async () => {
    await using fixture = await openRoom();
    const { rooms } = fixture;
    const calls = Array.from({ length: roomLimits.countCallersMax }, () => errorOf(rooms.incrementCounter(like('ann', 1))));
    await turns();
    expect((await errorOf(rooms.incrementCounter(like('ann', 1))))[0]).toBe('OVERLOADED');
    await fixture.stop();
    expect(new Set((await Promise.all(calls)).map(([error]) => error))).toEqual(new Set(['NOT_OWNER']));
  });
});
