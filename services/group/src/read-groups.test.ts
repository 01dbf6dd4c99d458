import { describe, expect, it } from '@jest/globals';
import { TestCluster, testApp, trimToSnapshots } from '@parley/aggregates/contract';
import { conversationOfGroup, type GroupId, limits, partitionOf } from '@parley/kernel';
import { type GroupOperationInit, GroupRequestKind, GroupRole, InviteeMode, JoinMode } from '@parley/wire';
import { clientOf, errorOf, groupSubject, startGroups } from './testing/group-subject.js';

const app = testApp;
type Kind = NonNullable<GroupOperationInit['kind']>;
const ids = Array.from({ length: 12 }, (_, i) => `g${i}`);

describe('several groups', () => {
  it('are looked up at once wherever they lie, without those that the viewer may not know', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    for (const [i, group] of ids.entries()) await groups.createGroup({ app, group, owner: i % 2 === 0 ? 'ann' : 'bob' });
    expect(new Set(ids.map((id) => partitionOf(app, conversationOfGroup(id as GroupId), 4))).size).toBe(4);
    const seenBy = async (viewer: string) =>
      (await groups.getGroups({ app, groups: [...ids, 'absent', 'g0'], viewer })).groups.map(({ group }) => group);
    expect(await seenBy('')).toEqual(ids);
    expect(await seenBy('ann')).toEqual(ids.filter((_, i) => i % 2 === 0));
    expect(await seenBy('eve')).toEqual([]);
    const many = Array.from({ length: 101 }, (_, i) => `n${i}`);
    expect((await errorOf(groups.getGroups({ app, groups: many })))[0]).toBe('INVALID_ARGUMENT');
  });
});

describe('the members of a group', () => {
  it('are listed with what they are, by role, and not again to who knows them', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    await groups.createGroup({ app, group: 'x', owner: 'cid', members: ['ann', 'dan'] });
    const change = (operator: string, kind: Kind) => groups.changeGroup({ app, group: 'x', operator, operation: { kind } });
    await change('cid', { type: 'setRole', value: { user: 'dan', role: GroupRole.ADMIN } });
    await change('ann', { type: 'setNickname', value: { user: 'ann', nickname: 'Annie' } });
    await change('cid', { type: 'mute', value: { users: ['ann'], durationMs: 1_000 } });
    await change('ann', { type: 'invite', value: { users: ['bob'] } });
    const list = (more: object = {}) => groups.listMembers({ app, group: 'x', viewer: 'ann', ...more });
    const mutedUntilMs = cluster.clock.now() + 1_000;
    expect(await list()).toMatchObject({
      users: ['ann', 'bob', 'cid', 'dan'],
      memberCount: 4,
      version: 5,
      members: [
        { user: 'ann', role: GroupRole.MEMBER, nickname: 'Annie', mutedUntilMs },
        { user: 'bob', role: GroupRole.MEMBER, invitedBy: 'ann', mutedUntilMs: 0 },
        { user: 'cid', role: GroupRole.OWNER, joinedMs: cluster.clock.now() },
        { user: 'dan', role: GroupRole.ADMIN },
      ],
    });
    expect((await list({ role: GroupRole.ADMIN })).users).toEqual(['dan']);
    expect(await list({ ifChangedSince: 5 })).toMatchObject({ users: [], members: [], memberCount: 4, version: 5 });
    expect((await list({ ifChangedSince: 4 })).users).toHaveLength(4);
    const { members } = await groups.getMembers({ app, group: 'x', viewer: 'ann', users: ['dan', 'eve', 'ann'] });
    expect(members.map(({ user }) => user)).toEqual(['dan', 'ann']);
    cluster.clock.advance(1_000);
    expect((await list()).members[0]?.mutedUntilMs).toBe(0);
    expect((await errorOf(list({ viewer: 'eve' })))[0]).toBe('GROUP_NOT_FOUND');
    expect((await errorOf(groups.getMembers({ app, group: 'x', viewer: 'eve', users: ['ann'] })))[0]).toBe('GROUP_NOT_FOUND');
  });
});

describe('a large group', () => {
  it('comes back whole from a snapshot that takes several records', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const node = await cluster.start('a', { snapshotEveryRecords: 40 });
    const first = clientOf(node);
    const options = { inviteeMode: InviteeMode.CONSENT };
    await first.createGroup({
      app,
      group: 'x',
      owner: 'ann',
      members: ['bob'],
      memberLimit: 20_000,
      options,
      attributes: [{ key: 'k', value: 'v' }],
    });
    const change = (operator: string, kind: Kind) => first.changeGroup({ app, group: 'x', operator, operation: { kind } });
    await change('ann', { type: 'setRole', value: { user: 'bob', role: GroupRole.ADMIN } });
    await change('ann', { type: 'invite', value: { users: ['guest'] } });
    // With ids of 30 characters and who invited them: some 900 KiB, four records.
    const users = Array.from({ length: 9_000 }, (_, i) => `member-with-an-id-as-long-${1_000 + i}`);
    for (let at = 0; at < users.length; at += 100) await change('', { type: 'invite', value: { users: users.slice(at, at + 100) } });
    await change('ann', { type: 'mute', value: { users: users.slice(0, 3), durationMs: 3_600_000 } });
    for (const user of users.slice(0, 60)) await change(user, { type: 'setNickname', value: { user, nickname: `Nick ${user}` } });
    const info = (await first.getGroup({ app, group: 'x' })).group;
    const requests = await first.listRequests({ app, group: 'x', viewer: 'ann' });
    await node.stop();
    expect(new Set(await trimToSnapshots(cluster, groupSubject.topic)).size).toBe(1);
    const again = await cluster.start('bb');
    const second = clientOf(again);
    expect((await second.getGroup({ app, group: 'x' })).group).toEqual(info);
    expect(await second.listRequests({ app, group: 'x', viewer: 'ann' })).toEqual(requests);
    expect(await again.members('x')).toEqual([...users, 'ann', 'bob'].sort());
    const { members } = await second.getMembers({ app, group: 'x', users: [users[0] ?? '', 'bob'] });
    expect(members).toMatchObject([{ nickname: `Nick ${users[0]}` }, { role: GroupRole.ADMIN }]);
  });
});

describe('what waits and is about a user', () => {
  const consent = { inviteeMode: InviteeMode.CONSENT };

  it('is found in all groups by who was away: invitations with the name of their group, and own wishes', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    for (const group of ids) {
      await groups.createGroup({
        app,
        group,
        owner: 'ann',
        name: `Name of ${group}`,
        options: { ...consent, joinMode: JoinMode.APPROVAL },
      });
      await groups.inviteToGroup({ app, group, operator: 'ann', users: ['bob'] });
      cluster.clock.advance(1);
    }
    await groups.joinGroup({ app, group: 'g3', user: 'cid' });
    const waiting = async (user: string) => (await groups.listUserRequests({ app, user })).requests;
    expect((await waiting('bob')).map(({ group }) => group)).toEqual(ids.toReversed());
    expect((await waiting('bob'))[0]).toMatchObject({
      ...{ user: 'bob', kind: GroupRequestKind.INVITATION, invitedBy: 'ann', group: 'g11', groupName: 'Name of g11' },
    });
    expect(await waiting('cid')).toMatchObject([{ user: 'cid', kind: GroupRequestKind.JOIN, group: 'g3', groupName: '' }]);
    expect(await waiting('ann')).toEqual([]);
  });

  it('is gone once it is answered, over, or its group is', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    const waiting = async () => (await groups.listUserRequests({ app, user: 'bob' })).requests.map(({ group }) => group).sort();
    for (const group of ['a', 'b', 'c']) {
      await groups.createGroup({ app, group, owner: 'ann', options: consent });
      await groups.inviteToGroup({ app, group, operator: 'ann', users: ['bob'] });
    }
    const answer: Kind = { type: 'answerRequest', value: { user: 'bob', isAccepted: false } };
    await groups.changeGroup({ app, group: 'a', operator: 'bob', operation: { kind: answer } });
    expect(await waiting()).toEqual(['b', 'c']);
    await groups.dismissGroup({ app, group: 'b', operator: 'ann' });
    expect(await waiting()).toEqual(['c']);
    cluster.clock.advance(limits.requestMs);
    expect(await waiting()).toEqual([]);
  });

  it('is known to the next owner', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const first = await cluster.start('a');
    await clientOf(first).createGroup({ app, group: 'x', owner: 'ann', options: consent });
    await clientOf(first).inviteToGroup({ app, group: 'x', operator: 'ann', users: ['bob'] });
    await first.stop();
    const groups = clientOf(await cluster.start('b'));
    expect((await groups.listUserRequests({ app, user: 'bob' })).requests).toMatchObject([{ group: 'x' }]);
  });
});
