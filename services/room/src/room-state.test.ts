import { describe, expect, it } from '@jest/globals';
import { testApp } from '@parley/aggregates/contract';
import type { NoticeCommand } from '@parley/contracts/events';
import { limits } from '@parley/kernel';
import { HistoryAccess, MembershipCause, Priority, RoomRole } from '@parley/wire';
import { errorOf, RoomFixture, turns } from './testing/room-subject.js';

const app = testApp;
const x = { app, room: 'x' } as const;
const hourMs = 3_600_000;

/** A room of ann, who owns it, with others in it. */
async function openRoom(...members: readonly string[]): Promise<RoomFixture> {
  const fixture = await RoomFixture.open();
  await fixture.rooms.createRoom({ ...x, creator: 'ann', memberLimit: 20_000 });
  await Promise.all(members.map((user) => fixture.rooms.enterRoom({ ...x, user })));
  return fixture;
}

const stateVersions = (notices: readonly NoticeCommand[]): readonly number[] =>
  notices.flatMap(({ body }) => (body?.type === 'roomChange' ? [body.value.stateVersion] : []));

describe('the state of a room', () => {
  it('is told to members change by change, without a gap, and given whole to who enters', async () => {
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    const set = [{ key: 'seat', value: '1' }];
    const changed = await rooms.changeAttributes({ ...x, operator: 'bob', set });
    await rooms.renameRoom({ ...x, operator: 'ann', name: 'Hall' });
    await rooms.setRole({ ...x, operator: 'ann', user: 'bob', role: RoomRole.MODERATOR });
    await rooms.mute({ ...x, operator: 'bob', role: RoomRole.MEMBER, durationMs: hourMs });
    await turns();
    expect(changed).toEqual({ stateVersion: 2 });
    expect(stateVersions(fixture.known('x').notices)).toEqual([2, 3, 4, 5]);
    expect(fixture.known('x').notices.map(({ priority, onlyTo }) => [priority, onlyTo])).toEqual(Array(4).fill([Priority.HIGH, []]));
    const { room } = await rooms.enterRoom({ ...x, user: 'cid' });
    expect(room).toMatchObject({
      ...{ name: 'Hall', stateVersion: 5, owner: 'ann', moderators: ['bob'], memberCount: 3 },
      attributes: [{ key: 'seat', value: '1', owner: 'bob' }],
      mutes: [{ user: '', role: RoomRole.MEMBER }],
    });
  });

  it('is whole in the answer to who makes the room, with what it starts with', async () => {
    await using fixture = await RoomFixture.open();
    const options = { emptyTtlMs: 60_000, keepsAttributes: true, historyAccess: HistoryAccess.RECENT, isUnlisted: true };
    const attributes = [{ key: 'mode', value: 'duel', owner: 'eve' }];
    const { room } = await fixture.rooms.createRoom({ ...x, creator: 'ann', name: 'Hall', options, attributes });
    expect(room).toMatchObject({ name: 'Hall', owner: 'ann', memberCount: 1, options, attributes: [{ key: 'mode', owner: 'ann' }] });
    expect(fixture.known('x')).toMatchObject({ historyAccess: HistoryAccess.RECENT, members: new Set(['ann']) });
    expect(stateVersions(fixture.known('x').notices)).toEqual([2]);
  });

  it('changes at once and as a whole: a refused batch changes nothing', async () => {
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    await rooms.changeAttributes({ ...x, operator: 'ann', set: [{ key: 'a', value: '1' }] });
    const refused = [
      [
        {
          set: [
            { key: 'b', value: '2' },
            { key: 'a', value: '2' },
          ],
        },
        'ATTRIBUTE_OWNED',
      ],
      [{ set: [{ key: 'b', value: '2' }], deleted: ['b'] }, 'INVALID_ARGUMENT'],
      [{ set: [{ key: 'b', value: '2' }], ifVersion: 1 }, 'VERSION_CONFLICT'],
      [{ set: [{ key: 'b', value: 'v'.repeat(1_025) }] }, 'ATTRIBUTE_INVALID'],
      [{ set: Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: '' })) }, 'ATTRIBUTE_LIMIT_REACHED'],
      [{}, 'INVALID_ARGUMENT'],
    ] as const;
    for (const [batch, error] of refused)
      expect([batch, (await errorOf(rooms.changeAttributes({ ...x, operator: 'bob', ...batch })))[0]]).toEqual([batch, error]);
    const forced = { ...x, operator: 'bob', set: [{ key: 'a', value: '2' }], force: true, ifVersion: 2 };
    expect(await rooms.changeAttributes(forced)).toEqual({ stateVersion: 3 });
    expect((await rooms.getRoom({ ...x, viewer: 'bob' })).room?.attributes).toMatchObject([{ key: 'a', value: '2', owner: 'ann' }]);
  });

  it('is durable and answered while the routers are away, and told once they are back', async () => {
    await using fixture = await openRoom('bob');
    const { rooms, cluster } = fixture;
    cluster.router.behave = () => 'lose';
    for (let i = 0; i < 100; i++) await rooms.changeAttributes({ ...x, operator: 'bob', set: [{ key: 'score', value: `${i}` }] });
    expect(fixture.known('x').notices).toEqual([]);
    const before = cluster.router.submitted.length;
    cluster.router.behave = () => 'answer';
    await fixture.pass(20_000, 500);
    expect(new Set(stateVersions(fixture.known('x').notices))).toEqual(new Set(Array.from({ length: 100 }, (_, i) => i + 2)));
    expect(cluster.router.submitted.length - before).toBeLessThan(10);
  });

  it('is told by the next owner where the former one could not', async () => {
    await using fixture = await openRoom('bob');
    fixture.cluster.router.behave = () => 'lose';
    await fixture.rooms.changeAttributes({ ...x, operator: 'bob', set: [{ key: 'seat', value: '1' }] });
    const muting = fixture.rooms.mute({ ...x, operator: 'ann', user: 'bob', durationMs: hourMs });
    await turns();
    await fixture.stop();
    await muting;
    fixture.cluster.router.behave = () => 'answer';
    await fixture.takeOver('bb');
    await turns();
    expect(stateVersions(fixture.known('x').notices)).toEqual([2, 3]);
    expect(fixture.known('x').speaking?.muted).toMatchObject([{ user: 'bob' }]);
    expect((await fixture.rooms.getRoom(x)).room).toMatchObject({ stateVersion: 3, attributes: [{ key: 'seat' }] });
  });

  it('outlasts a cut log: everything is in the snapshot, also what was not told yet', async () => {
    await using fixture = await RoomFixture.open({ snapshotEveryRecords: 10 });
    const { rooms, cluster } = fixture;
    await rooms.createRoom({ ...x, creator: 'ann' });
    await rooms.setRole({ ...x, user: 'bob', role: RoomRole.MODERATOR });
    await rooms.banUser({ ...x, user: 'eve', durationMs: 24 * hourMs });
    cluster.router.behave = ({ conversation }) => (conversation === 'r:x' ? 'lose' : 'answer');
    await rooms.changeAttributes({ ...x, operator: 'ann', set: [{ key: 'seat', value: '1' }] });
    await rooms.changeMemberAttributes({ ...x, operator: 'ann', user: 'ann', set: [{ key: 'mood', value: 'fine' }] });
    const busy = ['y', 'z', 'q', 'w', 'v'];
    for (let i = 0; i < 60; i++) {
      for (const room of busy) await rooms.enterRoom({ app, room, user: `u${i}` });
      if (i % 20 === 19) cluster.clock.advance(hourMs);
      await turns(5);
    }
    await turns(50);
    const ranges = await cluster.log.ranges('room.events');
    expect(ranges.filter(({ start }) => start > 0).length).toBeGreaterThan(0);
    await fixture.stop();
    cluster.router.behave = () => 'answer';
    await fixture.takeOver('bb');
    await turns();
    const { room } = await fixture.rooms.getRoom(x);
    expect(room).toMatchObject({ owner: 'ann', moderators: ['bob'], attributes: [{ key: 'seat' }], stateVersion: 3 });
    expect((await fixture.rooms.listBans(x)).bans).toMatchObject([{ user: 'eve' }]);
    expect((await fixture.rooms.listMembers({ ...x, users: ['ann'] })).members).toMatchObject([{ attributes: [{ key: 'mood' }] }]);
    expect(stateVersions(fixture.known('x').notices)).toContain(3);
  });
});

describe('who may do what', () => {
  it('hides a room from strangers in every call as if there were none', async () => {
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    for (const room of ['x', 'absent']) {
      const name = { app, room };
      const calls = [
        rooms.getRoom({ ...name, viewer: 'eve' }),
        rooms.listMembers({ ...name, viewer: 'eve' }),
        rooms.listMembers({ ...name, viewer: 'eve', users: ['ann'] }),
        rooms.listBans({ ...name, viewer: 'eve' }),
        rooms.destroyRoom({ ...name, operator: 'eve' }),
        rooms.kickMembers({ ...name, operator: 'eve', users: ['bob'] }),
        rooms.banUser({ ...name, operator: 'eve', user: 'bob', durationMs: 1 }),
        rooms.mute({ ...name, operator: 'eve', user: 'bob', durationMs: 1 }),
        rooms.setRole({ ...name, operator: 'eve', user: 'bob', role: RoomRole.MODERATOR }),
        rooms.renameRoom({ ...name, operator: 'eve', name: 'Eve' }),
        rooms.changeAttributes({ ...name, operator: 'eve', set: [{ key: 'a', value: '' }] }),
        rooms.changeMemberAttributes({ ...name, operator: 'eve', user: 'eve', set: [{ key: 'a', value: '' }] }),
      ];
      for (const call of calls) expect(await errorOf(call)).toEqual(['ROOM_NOT_FOUND', '']);
    }
  });

  it('lets members do what takes no role and refuses the rest', async () => {
    await using fixture = await openRoom('bob', 'cid');
    const { rooms } = fixture;
    const bob = { ...x, operator: 'bob' };
    const denied = [
      rooms.destroyRoom(bob),
      rooms.kickMembers({ ...bob, users: ['cid'] }),
      rooms.banUser({ ...bob, user: 'cid', durationMs: 1 }),
      rooms.mute({ ...bob, user: 'cid', durationMs: 1 }),
      rooms.setRole({ ...bob, user: 'bob', role: RoomRole.OWNER }),
      rooms.renameRoom({ ...bob, name: 'Bob' }),
      rooms.listBans({ ...x, viewer: 'bob' }),
      rooms.changeMemberAttributes({ ...bob, user: 'cid', set: [{ key: 'a', value: '' }] }),
    ];
    for (const call of denied) expect((await errorOf(call))[0]).toBe('PERMISSION_DENIED');
    expect(await rooms.changeMemberAttributes({ ...bob, user: 'bob', set: [{ key: 'a', value: '1' }] })).toEqual({ version: 1 });
  });

  it('tells of rooms that exist to callers who may know', async () => {
    await using fixture = await openRoom();
    expect(await fixture.rooms.roomExists(x)).toEqual({ exists: true });
    expect(await fixture.rooms.roomExists({ app, room: 'absent' })).toEqual({ exists: false });
  });

  it('names the field that is wrong', async () => {
    await using fixture = await openRoom();
    const { rooms } = fixture;
    const wrong: readonly (readonly [Promise<unknown>, string])[] = [
      [rooms.leaveRoom({ ...x, user: 'ann', cause: MembershipCause.KICKED }), 'cause'],
      [rooms.kickMembers({ ...x, users: Array(51).fill('bob') }), 'users'],
      [rooms.kickMembers({ ...x, users: ['no user'] }), 'users'],
      [rooms.listMembers({ ...x, users: Array(101).fill('bob') }), 'users'],
      [rooms.banUser({ ...x, user: '', durationMs: 1 }), 'user'],
      [rooms.banUser({ ...x, user: 'bob', durationMs: limits.roomBanMsMax + 1 }), 'duration_ms'],
      [rooms.setRole({ ...x, user: 'bob' }), 'role'],
      [rooms.renameRoom({ ...x, name: 'n'.repeat(51) }), 'name'],
      [rooms.createRoom({ app, room: 'y', options: { emptyTtlMs: limits.roomEmptyTtlMsMax + 1 } }), 'options.empty_ttl_ms'],
      [rooms.incrementCounter({ ...x, counter: '', nonce: 'n', total: 1 }), 'counter'],
      [rooms.incrementCounter({ ...x, counter: 'like', nonce: '', total: 1 }), 'nonce'],
      [rooms.listRooms({ app, limit: 101 }), 'limit'],
      [rooms.listRooms({ app, page: 'no token' }), 'page'],
      [rooms.listRooms({ app, filter: { attributeValue: 'v' } }), 'filter.attribute_key'],
      [rooms.listPartitionRooms({ app, partition: 4 }), 'partition'],
      [rooms.sendToAllRooms({ app, content: new Uint8Array() }), 'client_msg_id'],
      [rooms.sendToAllRooms({ app, clientMsgId: 'm', priority: Priority.SYSTEM }), 'priority'],
      [rooms.sendToPartitionRooms({ partition: 1 }), 'send'],
    ];
    for (const [call, field] of wrong) {
      const [error, detail] = await errorOf(call);
      expect([error, detail.split(':')[0]]).toEqual(['INVALID_ARGUMENT', field]);
    }
  });
});

describe('moderation', () => {
  it('puts members out for a cause, tells who did it and how many are left', async () => {
    await using fixture = await openRoom('bob', 'cid', 'dan');
    const { rooms } = fixture;
    expect(await rooms.kickMembers({ ...x, operator: 'ann', users: ['bob', 'eve', 'cid', 'bob'] })).toEqual({ kicked: ['bob', 'cid'] });
    await rooms.banUser({ ...x, user: 'dan', durationMs: hourMs });
    await rooms.leaveRoom({ ...x, user: 'ann', cause: MembershipCause.SWITCHED });
    const changes = fixture.known('x').changes.filter(({ left, closed }) => left.length > 0 || closed);
    expect(changes).toMatchObject([
      { left: ['bob', 'cid'], operator: 'ann', cause: MembershipCause.KICKED, memberCount: 2 },
      { left: ['dan'], operator: '', cause: MembershipCause.BANNED, memberCount: 1 },
      { left: ['ann'], operator: '', cause: MembershipCause.SWITCHED, memberCount: 0 },
      { left: [], operator: '', cause: MembershipCause.EMPTY, closed: true },
    ]);
  });

  it('names who destroyed a room', async () => {
    await using fixture = await openRoom('bob');
    await fixture.rooms.destroyRoom({ ...x, operator: 'ann' });
    expect(fixture.known('x').changes.at(-1)).toMatchObject({ operator: 'ann', cause: MembershipCause.DESTROYED, closed: true });
  });

  it('keeps the banned out until the ban ends or is lifted, and shows it to moderators', async () => {
    await using fixture = await openRoom('bob', 'cid');
    const { rooms, cluster } = fixture;
    const untilMs = cluster.clock.now() + hourMs;
    expect(await rooms.banUser({ ...x, operator: 'ann', user: 'bob', durationMs: hourMs })).toEqual({ untilMs });
    await rooms.banUser({ ...x, operator: 'ann', user: 'cid', durationMs: 2 * hourMs });
    expect((await errorOf(rooms.enterRoom({ ...x, user: 'bob' })))[0]).toBe('BANNED');
    expect((await rooms.listBans({ ...x, viewer: 'ann' })).bans).toMatchObject([{ user: 'bob', untilMs }, { user: 'cid' }]);
    expect(
      fixture
        .known('x')
        .speaking?.banned.map(({ user }) => user)
        .sort(),
    ).toEqual(['bob', 'cid']);
    cluster.clock.set(untilMs);
    expect((await rooms.listBans({ ...x, viewer: 'ann' })).bans).toMatchObject([{ user: 'cid' }]);
    await rooms.enterRoom({ ...x, user: 'bob' });
    expect(await rooms.banUser({ ...x, operator: 'ann', user: 'cid' })).toEqual({ untilMs: 0 });
    await rooms.enterRoom({ ...x, user: 'cid' });
  });

  it('tells the routers who may speak, and members only of their own mutes', async () => {
    await using fixture = await openRoom('bob', 'cid', 'mod');
    const { rooms, cluster } = fixture;
    const untilMs = cluster.clock.now() + hourMs;
    await rooms.setRole({ ...x, operator: 'ann', user: 'mod', role: RoomRole.MODERATOR });
    expect(await rooms.mute({ ...x, operator: 'mod', user: 'bob', durationMs: hourMs })).toEqual({ untilMs });
    await rooms.mute({ ...x, operator: 'mod', role: RoomRole.MEMBER, durationMs: hourMs });
    expect(fixture.known('x').speaking).toMatchObject({ allMutedUntilMs: untilMs, muted: [{ user: 'bob', untilMs }] });
    expect(fixture.known('x').speaking?.exempt).toEqual(expect.arrayContaining(['ann', 'mod']));
    expect(fixture.known('x').speaking?.moderators).toEqual(['mod', 'ann']);
    const mutesSeenBy = async (viewer: string) =>
      (await rooms.getRoom({ ...x, viewer })).room?.mutes.map(({ user, role }) => user || role).sort();
    expect(await mutesSeenBy('cid')).toEqual([RoomRole.MEMBER]);
    expect(await mutesSeenBy('bob')).toEqual([RoomRole.MEMBER, 'bob']);
    expect(await mutesSeenBy('mod')).toEqual([RoomRole.MEMBER, 'bob']);
    expect(await mutesSeenBy('')).toEqual([RoomRole.MEMBER, 'bob']);
    expect(await rooms.mute({ ...x, operator: 'mod', role: RoomRole.MEMBER })).toEqual({ untilMs: 0 });
    expect(fixture.known('x').speaking?.allMutedUntilMs).toBe(0);
    cluster.clock.set(untilMs);
    expect(await mutesSeenBy('')).toEqual([]);
  });

  it('says nothing of mutes and bans of an earlier room to the routers', async () => {
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    await rooms.mute({ ...x, isEveryone: true, durationMs: hourMs });
    await rooms.banUser({ ...x, user: 'bob', durationMs: hourMs });
    await rooms.destroyRoom(x);
    await rooms.enterRoom({ ...x, user: 'bob' });
    expect(fixture.known('x').speaking).toMatchObject({ allMutedUntilMs: 0, muted: [], banned: [] });
  });
});

describe('attributes of members', () => {
  it('are told to everybody in a small room and to those concerned in a large one', async () => {
    const crowd = Array.from({ length: limits.roomVisibleMembersMax }, (_, i) => `u${i}`);
    await using fixture = await openRoom('bob');
    const { rooms } = fixture;
    const set = [{ key: 'mood', value: 'fine' }];
    const change = (value: string) => ({ ...x, user: 'bob', set: [{ key: 'mood', value }] });
    expect(await rooms.changeMemberAttributes({ ...x, operator: 'bob', user: 'bob', set })).toEqual({ version: 1 });
    await Promise.all(crowd.map((user) => rooms.enterRoom({ ...x, user })));
    await rooms.changeMemberAttributes({ ...change('b'), operator: 'bob' });
    await rooms.changeMemberAttributes({ ...change('c'), operator: 'ann' });
    await rooms.changeMemberAttributes(change('d'));
    await turns();
    const told = fixture.known('x').notices.filter(({ body }) => body?.type === 'memberAttributes');
    expect(told.map(({ onlyTo, body }) => [onlyTo, body?.type === 'memberAttributes' && body.value.version])).toEqual([
      [[], 1],
      [['bob'], 2],
      [['bob', 'ann'], 3],
      [['bob'], 4],
    ]);
  });

  it('are listed with roles: by name as asked, without those who are not in, and page by page', async () => {
    await using fixture = await openRoom('bob', 'cid');
    const { rooms } = fixture;
    await rooms.changeMemberAttributes({ ...x, operator: 'cid', user: 'cid', set: [{ key: 'mood', value: 'fine' }] });
    const named = await rooms.listMembers({ ...x, viewer: 'bob', users: ['cid', 'eve', 'ann', 'cid'] });
    expect(named).toMatchObject({ users: ['cid', 'ann'], memberCount: 3, nextPage: '' });
    expect(named.members).toEqual([
      { user: 'cid', role: RoomRole.MEMBER, attributesVersion: 1, attributes: [{ key: 'mood', value: 'fine' }] },
      { user: 'ann', role: RoomRole.OWNER, attributesVersion: 0, attributes: [] },
    ]);
    const page = await rooms.listMembers({ ...x, limit: 2 });
    expect(page.members.map(({ user, role }) => [user, role])).toEqual([
      ['ann', RoomRole.OWNER],
      ['bob', RoomRole.MEMBER],
    ]);
    expect((await rooms.listMembers({ ...x, page: page.nextPage })).members).toMatchObject([{ user: 'cid' }]);
  });
});
