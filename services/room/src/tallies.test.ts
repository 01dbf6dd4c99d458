import { describe, expect, it } from '@jest/globals';
import { testApp } from '@parley/aggregates/contract';
import type { LaneCommand } from '@parley/contracts/events';
import { limits } from '@parley/kernel';
import { Priority, type RoomTally } from '@parley/wire';
import { roomLimits } from './limits.js';
import { RoomFixture, turns } from './testing/room-subject.js';

const app = testApp;
const x = { app, room: 'x' } as const;

const tallyOf = ({ body }: LaneCommand): RoomTally | undefined =>
  body?.type === 'notice' && body.value.body?.type === 'roomTally' ? body.value.body.value : undefined;

/** Tallies on their way to the routers, with the time at which each was told. */
class TallyLog {
  readonly told: { readonly atMs: number; readonly tally: RoomTally }[] = [];
  /** Whether the routers take a tally; others get lost. */
  takes: (count: number) => 'answer' | 'lose' | 'OVERLOADED' = () => 'answer';

  constructor({ cluster }: RoomFixture) {
    cluster.router.behave = (command) => {
      const tally = tallyOf(command);
      if (tally === undefined) return 'answer';
      this.told.push({ atMs: cluster.clock.monotonic(), tally });
      return this.takes(this.told.length);
    };
  }

  get values(): readonly (number | undefined)[] {
    return this.told.map(({ tally }) => tally.counters[0]?.value);
  }
}

async function openRoom(...members: readonly string[]): Promise<{ readonly fixture: RoomFixture; readonly log: TallyLog }> {
  const fixture = await RoomFixture.open();
  const log = new TallyLog(fixture);
  await fixture.rooms.createRoom({ ...x, creator: 'ann' });
  await Promise.all(members.map((user) => fixture.rooms.enterRoom({ ...x, user })));
  return { fixture, log };
}

let nonce = 0;
/** Adds one and lets it be committed. */
async function addOne(fixture: RoomFixture): Promise<void> {
  const call = fixture.rooms.incrementCounter({ ...x, counter: 'like', nonce: `${nonce++}`, total: 1 });
  await turns(2);
  await fixture.pass(roomLimits.countWithinMs);
  await call;
}

/** The gaps between tallies, in milliseconds. */
const gaps = (told: readonly { readonly atMs: number }[]): readonly number[] =>
  told.slice(1).map(({ atMs }, i) => atMs - (told[i]?.atMs ?? 0));

describe('a tally', () => {
  it('is told at once, then at most five times a second, and ends with the final value', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    for (let i = 0; i < 40; i++) await addOne(fixture);
    await fixture.pass(1_000);
    expect(log.values[0]).toBe(1);
    expect(log.values.at(-1)).toBe(40);
    expect(log.told.length).toBeLessThanOrEqual(12);
    expect(Math.min(...gaps(log.told))).toBeGreaterThanOrEqual(limits.roomTallyEveryMs);
    const versions = log.told.map(({ tally }) => tally.version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    const quiet = log.told.length;
    await fixture.pass(5_000, 100);
    expect(log.told.length).toBe(quiet);
  });

  it('travels in the medium lane to all members', async () => {
    const { fixture } = await openRoom();
    await using _ = fixture;
    await addOne(fixture);
    await turns();
    const { router } = fixture.cluster;
    const command = router.submitted.find((submitted) => tallyOf(submitted) !== undefined);
    expect(command === undefined ? undefined : router.laneOf(command)).toBe('medium');
    expect(fixture.known('x').notices.at(-1)).toMatchObject({ priority: Priority.MEDIUM, onlyTo: [] });
  });

  it('is told again with the newest values when the routers refuse it, and no faster', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    log.takes = (count) => (count <= 3 ? 'OVERLOADED' : 'answer');
    await addOne(fixture);
    await addOne(fixture);
    await fixture.pass(10_000, 20);
    expect(log.values).toEqual([1, 2, 2, 2]);
    expect(Math.min(...gaps(log.told))).toBeGreaterThanOrEqual(limits.roomTallyEveryMs);
  });

  it('is told again when no answer comes, and once more for what changed meanwhile', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    log.takes = (count) => (count === 1 ? 'lose' : 'answer');
    await addOne(fixture);
    await addOne(fixture);
    expect(log.values).toEqual([1]);
    await fixture.pass(roomLimits.tallyOutcomeMs + 2 * limits.roomTallyEveryMs);
    expect(log.values).toEqual([1, 2]);
  });

  it('says how many members a large room has, and leaves small rooms to who comes and goes', async () => {
    const crowd = Array.from({ length: limits.roomVisibleMembersMax - 1 }, (_, i) => `u${i}`);
    const { fixture, log } = await openRoom(...crowd);
    await using _ = fixture;
    await fixture.pass(1_000);
    expect(log.told).toEqual([]);
    await Promise.all(['x1', 'x2', 'x3'].map((user) => fixture.rooms.enterRoom({ ...x, user })));
    await fixture.pass(1_000);
    await fixture.rooms.leaveRoom({ ...x, user: 'x1' });
    await fixture.pass(1_000);
    expect(log.told.map(({ tally }) => tally.memberCount).at(-1)).toBe(limits.roomVisibleMembersMax + 2);
    expect(fixture.known('x').changes.at(-1)).toMatchObject({ left: ['x1'], memberCount: limits.roomVisibleMembersMax + 2 });
  });

  it('is told once by a new owner, with a version above all that were told', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    await addOne(fixture);
    log.takes = () => 'lose';
    await addOne(fixture);
    await fixture.pass(limits.roomTallyEveryMs);
    const last = log.told.at(-1)?.tally;
    await fixture.stop();
    fixture.cluster.clock.set(fixture.cluster.clock.now() - 3_600_000);
    log.takes = () => 'answer';
    const before = log.told.length;
    await fixture.takeOver('bb');
    await fixture.pass(1_000);
    expect(log.values.slice(before)).toEqual([2]);
    expect(log.told.at(-1)?.tally.version).toBeGreaterThanOrEqual(last?.version ?? 0);
    await addOne(fixture);
    await fixture.pass(1_000);
    expect(log.values.at(-1)).toBe(3);
    expect(log.told.at(-1)?.tally.version).toBeGreaterThan(log.told.at(-2)?.tally.version ?? 0);
  });

  it('of many rooms is told by a new owner at a pace, each once', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    const ids = Array.from({ length: 400 }, (_, i) => `many${i}`);
    await Promise.all(ids.map((room) => fixture.rooms.enterRoom({ app, room, user: 'ann' })));
    const calls = ids.map((room) => fixture.rooms.incrementCounter({ app, room, counter: 'like', nonce: 'n', total: 1 }));
    await fixture.pass(1_000);
    await Promise.all(calls);
    const before = log.told.length;
    await fixture.stop();
    await fixture.takeOver('bb');
    await turns();
    expect(log.told.length - before).toBeLessThanOrEqual(4 * roomLimits.tallyCatchUpRooms);
    await fixture.pass(5_000, 50);
    expect(log.told.length - before).toBe(ids.length);
  });

  it('never has a version below what a room was read with before, nor values older than what is read', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    for (let i = 0; i < 10; i++) {
      await addOne(fixture);
      const { room } = await fixture.rooms.getRoom(x);
      const told = log.told.at(-1)?.tally;
      expect(room?.tallyVersion).toBeGreaterThanOrEqual(told?.version ?? 0);
      const entered = await fixture.rooms.enterRoom({ ...x, user: 'ann' });
      expect(entered.room?.counters).toEqual([{ name: 'like', value: i + 1 }]);
    }
  });

  it('ends with its room', async () => {
    const { fixture, log } = await openRoom();
    await using _ = fixture;
    log.takes = () => 'OVERLOADED';
    await addOne(fixture);
    await fixture.rooms.destroyRoom(x);
    await fixture.pass(1_000);
    const told = log.told.length;
    await fixture.pass(20_000, 100);
    expect(log.told.length).toBe(told);
  });
});
