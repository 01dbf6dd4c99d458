import { describe, expect, it } from '@jest/globals';
import type { AggregateHostDeps } from '@parley/aggregates';
import { type AggregateSubject, describeAggregates, type SubjectService, TestCluster, testApp } from '@parley/aggregates/contract';
import { RoomService as RoomContract } from '@parley/contracts/room';
import { topics } from '@parley/contracts/topics';
import { ParleyError } from '@parley/kernel';
import { createInProcessRpc, type ServiceClient } from '@parley/rpc';
import { createRoomService } from './service.js';

type RoomClient = ServiceClient<typeof RoomContract>;
interface RoomSubject extends SubjectService {
  readonly client: RoomClient;
}

function createSubject(deps: AggregateHostDeps): RoomSubject {
  const service = createRoomService(deps);
  const rpc = createInProcessRpc();
  rpc.server().serve(RoomContract, service.handlers);
  const client = rpc.dialer.client(RoomContract, 'local');
  return {
    client,
    run: (signal) => service.run(signal),
    make: async (room, creator) => {
      const created = await client.createRoom({ app: testApp, room, creator, memberLimit: 20_000 });
      return created.room?.version ?? 0;
    },
    enter: async (room, users) => {
      const answers = await Promise.all(users.map((user) => client.enterRoom({ app: testApp, room, user, mustExist: true })));
      return answers.at(-1)?.room?.version ?? 0;
    },
    leave: async (room, user) => {
      await client.leaveRoom({ app: testApp, room, user });
    },
    list: (room, page, limit) => client.listMembers({ app: testApp, room, page, limit }),
  };
}

const subject: AggregateSubject = {
  topic: topics.roomEvents,
  conversationOf: (id) => `r:${id}`,
  create: createSubject,
};

describeAggregates('room', subject);

async function startRooms(cluster: TestCluster, peer = 'a'): Promise<RoomClient> {
  const { service } = await cluster.start(peer);
  return (service as RoomSubject).client;
}

async function errorOf(call: Promise<unknown>): Promise<readonly [string, string]> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ParleyError.from(thrown),
  );
  return [error?.error ?? 'none', error?.detail ?? ''];
}

const app = testApp;

describe('room calls', () => {
  it('name the field that is wrong', async () => {
    await using cluster = await TestCluster.open(subject);
    const rooms = await startRooms(cluster);
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
    await using cluster = await TestCluster.open(subject);
    const rooms = await startRooms(cluster);
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
    await using cluster = await TestCluster.open(subject);
    const rooms = await startRooms(cluster);
    await rooms.enterRoom({ app, room: 'x', user: 'ann', name: 'Hall' });
    cluster.router.conversation(app, 'r:x').headSeq = 7;
    const entered = await rooms.enterRoom({ app, room: 'x', user: 'bob' });
    expect(entered).toMatchObject({ headSeq: 7, room: { room: 'x', name: 'Hall', memberCount: 2 } });
    cluster.router.conversation(app, 'r:x').headSeq = 9;
    expect(await rooms.enterRoom({ app, room: 'x', user: 'bob' })).toMatchObject({ headSeq: 9 });
    expect(cluster.router.conversation(app, 'r:x').changes).toHaveLength(2);
  });

  it('take the changes of a crowd to the router in few commands', async () => {
    await using cluster = await TestCluster.open(subject);
    const rooms = await startRooms(cluster);
    await rooms.createRoom({ app, room: 'x', creator: 'ann' });
    const crowd = Array.from({ length: 1_000 }, (_, i) => `u${i}`);
    await Promise.all(crowd.map((user) => rooms.enterRoom({ app, room: 'x', user })));
    expect(cluster.router.conversation(app, 'r:x').members.size).toBe(1_001);
    expect(cluster.router.submitted.length).toBeLessThan(50);
  });

  it('end a room with its last member, and start it anew with growing versions', async () => {
    await using cluster = await TestCluster.open(subject);
    const rooms = await startRooms(cluster);
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
    await using cluster = await TestCluster.open(subject);
    const first = await cluster.start('a', { snapshotEveryRecords: 3 });
    const { client } = first.service as RoomSubject;
    for (let round = 0; round < 5; round++) {
      await client.enterRoom({ app, room: 'x', user: 'ann' });
      await client.leaveRoom({ app, room: 'x', user: 'ann' });
    }
    await first.stop();
    const { version } = cluster.router.conversation(app, 'r:x');
    cluster.clock.set(cluster.clock.now() - 3_600_000);
    const rooms = await startRooms(cluster, 'bb');
    const entered = await rooms.enterRoom({ app, room: 'x', user: 'bob' });
    expect(entered.room?.version).toBeGreaterThan(version);
    expect(cluster.router.conversation(app, 'r:x').members).toEqual(new Set(['bob']));
  });

  it('keep a room of the back end when it is empty', async () => {
    await using cluster = await TestCluster.open(subject);
    const rooms = await startRooms(cluster);
    await rooms.createRoom({ app, room: 'x' });
    await rooms.enterRoom({ app, room: 'x', user: 'ann' });
    await rooms.leaveRoom({ app, room: 'x', user: 'ann' });
    expect(await rooms.getRoom({ app, room: 'x' })).toMatchObject({ room: { memberCount: 0 } });
    await rooms.destroyRoom({ app, room: 'x' });
    expect(await errorOf(rooms.getRoom({ app, room: 'x' }))).toEqual(['ROOM_NOT_FOUND', '']);
  });
});
