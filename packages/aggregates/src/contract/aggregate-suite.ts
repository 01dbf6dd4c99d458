import { describe, expect, it } from '@jest/globals';
import { decodeSnapshotPointer } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { ParleyError, partitionOf, seededRandom } from '@parley/kernel';
import { aggregateLimits } from '../limits.js';
import type { Behaviour, KnownConversation } from './fake-router.js';
import { type AggregateSubject, TestCluster, type TestNode, testApp } from './test-cluster.js';

const usersNamed = (count: number, prefix = 'u'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const sorted = (users: Iterable<string>): string[] => [...users].sort();
/** For tests that move thousands of members, on a machine that does other things too. */
const slowTestMs = 30_000;
/** Lets everything run that waits for nothing but its turn. */
const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof ParleyError ? error.error : String(error);
  }
  return 'none';
}

/** Repeats a call elsewhere when the partition's owner has changed. */
async function enterSomewhere(nodes: readonly TestNode[], id: string, user: string): Promise<void> {
  for (const node of nodes) {
    const error = await errorOf(node.service.enter(id, [user]));
    if (error === 'none') return;
    if (error !== 'NOT_OWNER') throw new Error(error);
  }
  throw new Error('nobody owns the partition');
}

/** What the routers know of a group or room. */
const routerOf = (cluster: TestCluster, subject: AggregateSubject, id: string): KnownConversation =>
  cluster.router.conversation(testApp, subject.conversationOf(id));

/** What every service on the skeleton promises, whatever its aggregates are. */
export function describeAggregates(name: string, subject: AggregateSubject): void {
  describe(`${name}: commands`, () => describeCommands(subject));
  describe(`${name}: load`, () => describeLoad(subject));
  describe(`${name}: members`, () => describeMembers(subject));
  describe(`${name}: a take-over`, () => describeTakeOver(subject));
  describe(`${name}: forwarding`, () => describeForwarding(subject));
  describe(`${name}: a snapshot`, () => describeSnapshots(subject));
  describe(`${name}: whatever lanes and routers do`, () => describeFaults(subject));
}

function describeCommands(subject: AggregateSubject): void {
  it('are answered only when the router knows the new member', async () => {
    await using cluster = await TestCluster.open(subject);
    const { service } = await cluster.start('a');
    await service.make('x', 'ann');
    cluster.router.behave = () => 'hold';
    let isAnswered = false;
    const call = service.enter('x', ['bob']).then(() => {
      isAnswered = true;
    });
    await cluster.router.submissions(2);
    await turns();
    expect(isAnswered).toBe(false);
    cluster.router.release();
    await call;
    expect(routerOf(cluster, subject, 'x').members).toEqual(new Set(['ann', 'bob']));
  });

  it('are not answered by what the router says about earlier ones', async () => {
    await using cluster = await TestCluster.open(subject);
    const { service } = await cluster.start('a');
    await service.make('x', 'ann');
    cluster.router.behave = () => 'hold';
    const answered: string[] = [];
    const note = (user: string) => service.enter('x', [user]).then(() => answered.push(user));
    const first = note('bob');
    await cluster.router.submissions(2);
    const second = note('cid');
    await turns();
    cluster.router.release();
    await first;
    await cluster.router.submissions(3);
    await turns();
    expect(answered).toEqual(['bob']);
    cluster.router.release();
    await second;
    expect(routerOf(cluster, subject, 'x').members).toEqual(new Set(['ann', 'bob', 'cid']));
  });

  it('succeed when the router is silent for too long, and reach it later', async () => {
    await using cluster = await TestCluster.open(subject);
    const { service, members } = await cluster.start('a');
    cluster.router.behave = () => 'lose';
    const call = service.make('x', 'ann');
    await cluster.router.submissions(1);
    cluster.clock.advance(aggregateLimits.outcomeWaitMs);
    await call;
    expect(await members('x')).toEqual(['ann']);
    expect(routerOf(cluster, subject, 'x').version).toBe(0);
    cluster.router.behave = () => 'answer';
    cluster.clock.advance(60_000);
    await turns();
    expect(routerOf(cluster, subject, 'x').members).toEqual(new Set(['ann']));
  });
}

function describeLoad(subject: AggregateSubject): void {
  it('that come together are appended together', async () => {
    await using cluster = await TestCluster.open(subject);
    const { service } = await cluster.start('a');
    await service.make('x', 'ann');
    const before = await cluster.records();
    await Promise.all(usersNamed(100).map((user) => service.enter('x', [user])));
    expect((await cluster.records()) - before).toBeLessThanOrEqual(2);
  });

  it(
    'beyond the bound of what may wait are refused, the others carried out',
    async () => {
      await using cluster = await TestCluster.open(subject);
      const { service, members } = await cluster.start('a');
      await service.make('x', 'ann');
      const users = usersNamed(aggregateLimits.waitingCommandsMax / 2);
      const twice = [...users, ...users, 'late'];
      const results = await Promise.all(twice.map((user) => errorOf(service.enter('x', [user]))));
      expect(results.at(-1)).toBe('OVERLOADED');
      expect(results.slice(0, -1).every((error) => error === 'none')).toBe(true);
      expect(await members('x')).toHaveLength(users.length + 1);
    },
    slowTestMs,
  );

  it('for partitions that nobody here owns are refused with NOT_OWNER', async () => {
    await using cluster = await TestCluster.open(subject);
    const { service, stop } = await cluster.start('a');
    await stop();
    expect(await errorOf(service.make('x', 'ann'))).toBe('NOT_OWNER');
    expect(await errorOf(service.list('x', '', 10))).toBe('NOT_OWNER');
  });
}

function describeMembers(subject: AggregateSubject): void {
  it(
    'of a group or room of 10 000 are listed in bounded pages',
    async () => {
      await using cluster = await TestCluster.open(subject);
      const { service, members } = await cluster.start('a');
      const users = usersNamed(10_000);
      await service.make('x', 'u0');
      for (let at = 0; at < users.length; at += 1_000) await service.enter('x', users.slice(at, at + 1_000));
      expect(await members('x')).toEqual(sorted(users));
      const page = await service.list('x', '', 0);
      expect(page).toMatchObject({ memberCount: 10_000 });
      expect(page.users).toHaveLength(100);
      expect(await errorOf(service.list('x', '', 101))).toBe('INVALID_ARGUMENT');
      expect(await errorOf(service.list('x', 'no token', 10))).toBe('INVALID_ARGUMENT');
      const router = routerOf(cluster, subject, 'x');
      expect(router.members.size).toBe(10_000);
      expect(router.version).toBe(await service.enter('x', ['u0']));
    },
    slowTestMs,
  );
}

function describeTakeOver(subject: AggregateSubject): void {
  it('loses and doubles nothing, and the former owner appends no more', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a');
    await first.service.make('x', 'ann');
    await first.service.enter('x', ['bob']);
    const second = await cluster.start('bb');
    expect(await errorOf(first.service.enter('x', ['zombie']))).toBe('NOT_OWNER');
    expect(await second.members('x')).toEqual(['ann', 'bob']);
    await second.service.enter('x', ['cid']);
    expect(await second.members('x')).toEqual(['ann', 'bob', 'cid']);
    const { changes, members } = routerOf(cluster, subject, 'x');
    expect(changes.map((change) => [...change.joined])).toEqual([['ann'], ['bob'], ['cid']]);
    expect(members).toEqual(new Set(['ann', 'bob', 'cid']));
  });

  it('does not let a fenced owner answer from what it remembers', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a');
    await first.service.make('x', 'ann');
    await first.service.enter('x', ['bob']);
    const second = await cluster.start('bb');
    await second.service.leave('x', 'bob');
    // The first one still believes that bob is in: nothing would have to be appended.
    expect(await errorOf(first.service.enter('x', ['bob']))).toBe('NOT_OWNER');
  });

  it('amid a stream of commands keeps what was acknowledged', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a');
    await first.service.make('x', 'ann');
    const users = usersNamed(200);
    const early = users.slice(0, 100).map((user) => errorOf(first.service.enter('x', [user])));
    const starting = cluster.start('bb');
    const late: Promise<string>[] = [];
    for (const user of users.slice(100)) {
      late.push(errorOf(first.service.enter('x', [user])));
      await turns(1);
    }
    const second = await starting;
    const results = await Promise.all([...early, ...late]);
    const acknowledged = users.filter((_, i) => results[i] === 'none');
    expect(new Set(results)).toEqual(new Set(['none', 'NOT_OWNER']));
    expect(await second.members('x')).toEqual(expect.arrayContaining(acknowledged));
    for (const user of users) await enterSomewhere([first, second], 'x', user);
    expect(await second.members('x')).toEqual(sorted(['ann', ...users]));
    const { changes, members } = routerOf(cluster, subject, 'x');
    expect(sorted(members)).toEqual(sorted(['ann', ...users]));
    const versions = changes.map((change) => change.version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });
}

function describeForwarding(subject: AggregateSubject): void {
  it('forwards again what was appended and never reached the router, and only that', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a');
    await first.service.make('x', 'ann');
    await first.service.make('y', 'ann');
    cluster.router.behave = () => 'lose';
    const lost = errorOf(first.service.enter('x', ['bob']));
    await cluster.router.submissions(3);
    await first.stop();
    expect(await lost).toBe('none');
    expect(routerOf(cluster, subject, 'x').members).toEqual(new Set(['ann']));
    cluster.router.behave = () => 'answer';
    const second = await cluster.start('bb');
    await cluster.router.submissions(4);
    await turns();
    expect(routerOf(cluster, subject, 'x').members).toEqual(new Set(['ann', 'bob']));
    // Idle time lets the owner note what was confirmed: the next one has nothing to repeat.
    cluster.clock.advance(aggregateLimits.positionAfterMs);
    await turns();
    await second.stop();
    const before = cluster.router.submitted.length;
    const third = await cluster.start('ccc');
    await turns();
    expect(cluster.router.submitted.length).toBe(before);
    expect(await third.members('x')).toEqual(['ann', 'bob']);
  });

  it('writes no positions while nothing happens', async () => {
    await using cluster = await TestCluster.open(subject);
    const { service } = await cluster.start('a');
    await service.make('x', 'ann');
    cluster.clock.advance(aggregateLimits.positionAfterMs);
    await turns();
    const settled = await cluster.records();
    for (let i = 0; i < 5; i++) {
      cluster.clock.advance(10 * aggregateLimits.positionAfterMs);
      await turns();
    }
    expect(await cluster.records()).toBe(settled);
  });
}

function describeSnapshots(subject: AggregateSubject): void {
  it('replaces the log before it, with what the router has not confirmed', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a', { snapshotEveryRecords: 20 });
    const ids = usersNamed(12, 'x');
    for (const id of ids) await first.service.make(id, 'ann');
    cluster.router.behave = ({ conversation }) => (conversation === subject.conversationOf('x0') ? 'lose' : 'answer');
    const lost = errorOf(first.service.enter('x0', ['bob']));
    await cluster.router.submissions(ids.length + 1);
    for (let i = 0; i < 40; i++) {
      for (const id of ids.slice(1)) await first.service.enter(id, [`u${i}`]);
      await turns(1);
    }
    await turns();
    await first.stop();
    await lost;
    const trimmed = await trimToSnapshots(cluster, subject.topic);
    expect(trimmed).toContain(partitionOf(testApp, subject.conversationOf('x0'), 4));
    const submissions = cluster.router.submitted.length;
    cluster.router.behave = () => 'answer';
    const second = await cluster.start('bb');
    await cluster.router.submissions(submissions + 1);
    await turns();
    expect(await second.members('x0')).toEqual(['ann', 'bob']);
    expect(routerOf(cluster, subject, 'x0').members).toEqual(new Set(['ann', 'bob']));
    for (const id of ids.slice(1)) expect(await second.members(id)).toEqual(sorted(['ann', ...usersNamed(40)]));
  });

  it('is taken of few records, too, once they are a day old, and the log goes that lies before it', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a');
    await first.service.make('x', 'ann');
    await first.service.enter('x', ['bob']);
    const partition = partitionOf(testApp, subject.conversationOf('x'), 4);
    const startOf = async (): Promise<number> => (await cluster.log.range(subject.topic, partition)).start;
    const hours = async (count: number): Promise<void> => {
      for (let hour = 0; hour < count; hour++) {
        cluster.clock.advance(aggregateLimits.snapshotLookEveryMs);
        await turns(100);
      }
    };
    await hours(23);
    expect(await startOf()).toBe(0);
    const { end } = await cluster.log.range(subject.topic, partition);
    await hours(4);
    expect(await startOf()).toBe(end);
    const settled = await cluster.records();
    await hours(48);
    expect(await cluster.records()).toBe(settled);
    await first.stop();
    const second = await cluster.start('bb');
    expect(await second.members('x')).toEqual(['ann', 'bob']);
  });

  it('that a former owner has taken a day ago is one that the log is cut before', async () => {
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a', { snapshotEveryRecords: 1 });
    await first.service.make('x', 'ann');
    await turns(100);
    await first.stop();
    const partition = partitionOf(testApp, subject.conversationOf('x'), 4);
    expect((await cluster.log.range(subject.topic, partition)).start).toBe(0);
    cluster.clock.advance(aggregateLimits.snapshotAfterMs);
    const second = await cluster.start('bb');
    cluster.clock.advance(partition * aggregateLimits.snapshotLookSpreadMs);
    await turns(100);
    expect((await cluster.log.range(subject.topic, partition)).start).toBeGreaterThan(0);
    expect(await second.members('x')).toEqual(['ann']);
  });

  it(
    'holds members beyond what one record can hold',
    async () => {
      await using cluster = await TestCluster.open(subject);
      const first = await cluster.start('a', { snapshotEveryRecords: 30 });
      const users = usersNamed(12_000, 'user-with-a-long-id-');
      await first.service.make('x', users[0] ?? '');
      for (let at = 0; at < users.length; at += 1_000) await first.service.enter('x', users.slice(at, at + 1_000));
      for (let i = 0; i < 60; i++) await first.service.enter('x', [`late${i}`]);
      await turns(100);
      await first.stop();
      expect(await trimToSnapshots(cluster, subject.topic)).toContain(partitionOf(testApp, subject.conversationOf('x'), 4));
      const second = await cluster.start('bb');
      expect(await second.members('x')).toEqual(sorted([...users, ...usersNamed(60, 'late')]));
    },
    slowTestMs,
  );
}

function describeFaults(subject: AggregateSubject): void {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('once they work again, the router has the members of the log (seed %i)', async (seed) => {
    await using cluster = await TestCluster.open(subject);
    const random = seededRandom(seed);
    const faults: readonly Behaviour[] = ['answer', 'answer', 'lose', 'mute', 'OVERLOADED', 'TIMEOUT', 'UNAVAILABLE'];
    cluster.router.behave = () => faults[Math.floor(random.next() * faults.length)] ?? 'answer';
    let node = await cluster.start('a', { snapshotEveryRecords: 25 });
    const calls: Promise<string>[] = [];
    const ids = ['x', 'y', 'z'];
    for (let step = 0; step < 300; step++) {
      const id = ids[Math.floor(random.next() * ids.length)] ?? 'x';
      const user = `u${Math.floor(random.next() * 8)}`;
      if (step < ids.length) calls.push(errorOf(node.service.make(ids[step] ?? '', 'keeper')));
      else calls.push(errorOf(random.next() < 0.6 ? node.service.enter(id, [user]) : node.service.leave(id, user)));
      if (random.next() < 0.5) await turns(1);
      if (random.next() < 0.3) cluster.clock.advance(500);
      if (step % 97 !== 96) continue;
      // The former owner is still at work when the next one claims.
      const former = node;
      node = await cluster.start('a'.repeat(step), { snapshotEveryRecords: 25 });
      await former.stop();
    }
    cluster.router.behave = () => 'answer';
    for (let i = 0; i < 200; i++) {
      cluster.clock.advance(1_000);
      await turns(2);
    }
    await Promise.all(calls);
    for (const id of ids) {
      expect(sorted(routerOf(cluster, subject, id).members)).toEqual(await node.members(id));
    }
  });
}

/** Drops everything before the newest snapshots; answers the partitions that have one. */
export async function trimToSnapshots(cluster: TestCluster, topic: string): Promise<readonly number[]> {
  const trimmed: number[] = [];
  for (const { key, value } of await cluster.log.read(topics.snapshots, 0, 0)) {
    const partition = Number(key.split('/')[1]);
    await cluster.log.trim(topic, partition, decodeSnapshotPointer(value).offset);
    trimmed.push(partition);
  }
  return trimmed;
}
