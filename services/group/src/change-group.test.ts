import { beforeEach, describe, expect, it } from '@jest/globals';
import { TestCluster, testApp } from '@parley/aggregates/contract';
import type { ChangeGroupResponse } from '@parley/contracts/group';
import { type GroupOperationInit, GroupRole, HistoryAccess, InviteeMode, JoinMode, MembershipCause, RequestState } from '@parley/wire';
import { appOfFriends, blocks, clientOf, errorOf, friends, groupSubject, startGroups } from './testing/group-subject.js';

const app = testApp;
const group = 'x';
type Kind = NonNullable<GroupOperationInit['kind']>;

/** A group of ann's with the admin bob and the member cid, and a way to change it. */
async function open(cluster: TestCluster) {
  const groups = await startGroups(cluster);
  await groups.createGroup({ app, group, owner: 'ann', members: ['bob', 'cid'] });
  const change = (operator: string, kind: Kind, ifVersion = 0): Promise<ChangeGroupResponse> =>
    groups.changeGroup({ app, group, operator, operation: { kind }, ifVersion });
  await change('ann', { type: 'setRole', value: { user: 'bob', role: GroupRole.ADMIN } });
  return { groups, change, known: cluster.router.conversation(app, `g:${group}`) };
}

const invite = (...users: string[]): Kind => ({ type: 'invite', value: { users } });
const join: Kind = { type: 'join', value: { text: 'hello' } };

beforeEach(() => {
  blocks.clear();
  friends.clear();
});

describe('requests of a user who is erased', () => {
  it('are taken back with their words in all groups: wishes and invitations, waiting and expired ones', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { groups, change } = await open(cluster);
    await change('ann', { type: 'setOptions', value: { options: { joinMode: JoinMode.APPROVAL, inviteeMode: InviteeMode.CONSENT } } });
    await change('eve', { type: 'join', value: { text: 'secret' } });
    await change('dan', { type: 'join', value: { text: 'let me in' } });
    await change('cid', { type: 'invite', value: { users: ['gus'], text: 'come along' } });
    const withdraw = async (user: string): Promise<number> => {
      const partitions = [0, 1, 2, 3];
      const answers = await Promise.all(partitions.map((partition) => groups.withdrawRequests({ app, user, partition })));
      return answers.reduce((sum, { count }) => sum + count, 0);
    };
    expect([await withdraw('eve'), await withdraw('cid'), await withdraw('gus'), await withdraw('eve')]).toEqual([1, 1, 0, 0]);
    const { requests } = await groups.listRequests({ app, group });
    expect(requests.map(({ user, text, state }) => [user, text, state])).toEqual([
      ['dan', 'let me in', RequestState.WAITING],
      ['eve', '', RequestState.REJECTED],
      ['gus', '', RequestState.REJECTED],
    ]);
  });
});

describe('a changed group', () => {
  it('tells the router each change in its order, with who did it', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { change, known } = await open(cluster);
    await change('bob', { type: 'updateInfo', value: { notice: { text: 'Mind the gap' } } });
    await change('bob', { type: 'kick', value: { users: ['cid'] } });
    await change('ann', { type: 'transfer', value: { user: 'bob' } });
    expect(known.groupChanges).toMatchObject([
      { version: 2, change: { type: 'role', value: { user: 'bob', role: GroupRole.ADMIN } } },
      { version: 3, change: { type: 'info', value: { notice: { text: 'Mind the gap' } } } },
      { version: 5, change: { type: 'owner', value: { owner: 'bob' } } },
    ]);
    expect(known.changes.map(({ version, operator }) => [version, operator])).toEqual([
      [1, 'ann'],
      [2, 'ann'],
      [3, 'bob'],
      [4, 'bob'],
      [5, 'ann'],
    ]);
    expect(known.changes[3]).toMatchObject({ left: ['cid'], cause: MembershipCause.KICKED, memberCount: 2 });
    expect(known.headSeq).toBe(5);
  });

  it('answers with the group, whom it concerned, and the head of the conversation', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { change } = await open(cluster);
    expect(await change('cid', invite('dan', 'eve', 'bob'))).toMatchObject({
      ...{ users: ['dan', 'eve'], asked: [], headSeq: 3, group: { memberCount: 5, version: 3, admins: ['bob'] } },
    });
    expect(await change('ann', { type: 'mute', value: { users: ['dan', 'eve'], durationMs: 5_000 } })).toMatchObject({
      users: ['dan', 'eve'],
    });
    // Told again: nothing changes, the head is told all the same.
    expect(await change('cid', invite('dan'))).toMatchObject({ users: [], headSeq: 4 });
    expect(await change('cid', { type: 'leave', value: {} })).toMatchObject({ users: ['cid'], group: undefined, headSeq: 0 });
  });

  it('keeps the routers up to date about who may speak, also when admins and the owner leave', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { change, known } = await open(cluster);
    expect(known.speaking).toMatchObject({ moderators: ['ann', 'bob'], slowModeMs: 0, muted: [] });
    await change('ann', { type: 'setOptions', value: { options: { slowModeMs: 2_000 } } });
    await change('bob', { type: 'mute', value: { users: ['cid'], durationMs: 5_000 } });
    expect(known.speaking).toMatchObject({ moderators: ['ann', 'bob'], slowModeMs: 2_000, muted: [{ user: 'cid' }] });
    await change('bob', { type: 'leave', value: {} });
    expect(known.speaking?.moderators).toEqual(['ann']);
    await change('ann', { type: 'leave', value: {} });
    expect(known.speaking?.moderators).toEqual(['cid']);
    await change('cid', { type: 'leave', value: {} });
    expect(known.changes.at(-1)).toMatchObject({ closed: true, cause: MembershipCause.EMPTY });
  });

  it('says what newcomers may read and how long messages stay, whenever that changes', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { change, known } = await open(cluster);
    expect([known.historyAccess, known.rules]).toEqual([HistoryAccess.FROM_JOIN, undefined]);
    await change('ann', { type: 'setOptions', value: { options: { historyAccess: HistoryAccess.FROM_START, destroyAfterMs: 60_000 } } });
    expect([known.historyAccess, known.rules?.destroyAfterMs]).toEqual([HistoryAccess.FROM_START, 60_000]);
    const { submitted } = cluster.router;
    await change('ann', {
      type: 'setOptions',
      value: { options: { historyAccess: HistoryAccess.FROM_START, destroyAfterMs: 60_000, slowModeMs: 1_000 } },
    });
    const last = submitted.at(-1)?.body;
    expect(last?.type === 'membership' && [last.value.historyAccess, last.value.rules]).toEqual([HistoryAccess.UNSPECIFIED, undefined]);
  });

  it('is refused when the caller knows another version', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { change } = await open(cluster);
    const rename: Kind = { type: 'updateInfo', value: { name: { text: 'New' } } };
    expect(await errorOf(change('ann', rename, 1))).toEqual(['VERSION_CONFLICT', 'version: 2']);
    expect(await change('ann', rename, 2)).toMatchObject({ group: { name: 'New', version: 3 } });
    expect(await errorOf(change('eve', rename, 2))).toEqual(['GROUP_NOT_FOUND', '']);
  });

  it('is asked for in words that name the field that is wrong', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { groups, change } = await open(cluster);
    const many = Array.from({ length: 101 }, (_, i) => `u${i}`);
    const wrong: readonly (readonly [Promise<unknown>, string])[] = [
      [groups.changeGroup({ app, group, operator: 'ann' }), 'operation'],
      [change('ann', { type: 'transfer', value: { user: 'not ok' } }), 'user'],
      [change('ann', invite()), 'users'],
      [change('ann', { type: 'kick', value: { users: many } }), 'users'],
      [change('', { type: 'join', value: {} }), 'operator'],
      [change('*', { type: 'leave', value: {} }), 'operator'],
      [groups.createGroup({ app, group: 'y', owner: 'ann', operator: 'bob' }), 'operator'],
    ];
    for (const [call, field] of wrong) {
      const [error, detail] = await errorOf(call);
      expect([error, detail.split(':')[0]]).toEqual(['INVALID_ARGUMENT', field]);
    }
  });
});

describe('requests', () => {
  it('are told to those who may answer and whom they are about, and take no place in the conversation', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { change, known } = await open(cluster);
    await change('ann', { type: 'setOptions', value: { options: { joinMode: JoinMode.APPROVAL } } });
    const before = known.headSeq;
    expect(await change('dan', join)).toMatchObject({ users: [], asked: ['dan'], group: undefined, headSeq: 0 });
    // Told again it still waits, and nobody is told twice.
    expect(await change('dan', join)).toMatchObject({ asked: ['dan'] });
    expect([known.headSeq, known.notices]).toMatchObject([
      before,
      [{ onlyTo: ['ann', 'bob', 'dan'], body: { type: 'groupRequest', value: { request: { user: 'dan', text: 'hello' } } } }],
    ]);
    expect(await change('bob', { type: 'answerRequest', value: { user: 'dan', isAccepted: true } })).toMatchObject({ users: ['dan'] });
    expect(known.members).toContain('dan');
    expect(known.notices[1]?.body?.value).toMatchObject({ request: { state: RequestState.ACCEPTED, answeredBy: 'bob' } });
  });

  it('reach the router after a take-over too, with the changes around them in order', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const node = await cluster.start('a');
    const client = clientOf(node);
    await client.createGroup({ app, group, owner: 'ann', options: { joinMode: JoinMode.APPROVAL } });
    cluster.router.behave = () => 'lose';
    const lost = errorOf(client.changeGroup({ app, group, operator: 'dan', operation: { kind: join } }));
    await cluster.router.submissions(2);
    await node.stop();
    await lost;
    cluster.router.behave = () => 'answer';
    await cluster.start('bb');
    await cluster.router.submissions(3);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(cluster.router.conversation(app, `g:${group}`).notices).toMatchObject([{ onlyTo: ['ann', 'dan'] }]);
  });

  it('are listed for whom they concern', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { groups, change } = await open(cluster);
    await change('ann', { type: 'setOptions', value: { options: { joinMode: JoinMode.APPROVAL, inviteeMode: InviteeMode.CONSENT } } });
    await change('dan', join);
    expect(await change('cid', invite('eve'))).toMatchObject({ users: [], asked: ['eve'] });
    const seenBy = async (viewer: string, page = '', limit = 0) => groups.listRequests({ app, group, viewer, page, limit });
    const usersSeenBy = async (viewer: string) => (await seenBy(viewer)).requests.map(({ user }) => user);
    expect([await usersSeenBy('ann'), await usersSeenBy(''), await usersSeenBy('cid'), await usersSeenBy('dan')]).toEqual([
      ['dan', 'eve'],
      ['dan', 'eve'],
      ['eve'],
      ['dan'],
    ]);
    expect(await errorOf(seenBy('frank'))).toEqual(['GROUP_NOT_FOUND', '']);
    const first = await seenBy('ann', '', 1);
    expect(first.requests).toHaveLength(1);
    expect(await seenBy('ann', first.nextPage, 1)).toMatchObject({ requests: [{ user: 'eve', invitedBy: 'cid' }], nextPage: '' });
    cluster.clock.advance(7 * 24 * 3_600_000);
    expect((await seenBy('ann')).requests.map(({ state }) => state)).toEqual([RequestState.EXPIRED, RequestState.EXPIRED]);
  });
});

describe('blocks', () => {
  it('keep users from bringing in those who block them, or whom they block, and name them', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { groups, change } = await open(cluster);
    blocks.add('dan>ann').add('ann>eve').add('frank>bob');
    const blocked = ['BLOCKED', 'users: dan, eve'];
    expect(await errorOf(change('ann', invite('dan', 'eve', 'frank')))).toEqual(blocked);
    expect(await errorOf(groups.inviteToGroup({ app, group, operator: 'ann', users: ['frank', 'dan', 'eve'] }))).toEqual(blocked);
    const creation = { app, group: 'y', owner: 'ann', members: ['dan', 'eve'] };
    expect(await errorOf(groups.createGroup({ ...creation, operator: 'ann' }))).toEqual(blocked);
    expect((await change('ann', invite('frank'))).users).toEqual(['frank']);
    // The back end is not bound by them.
    expect((await groups.createGroup(creation)).group?.memberCount).toBe(3);
    expect((await change('', invite('dan'))).users).toEqual(['dan']);
  });

  it('hold only in apps that say so, and tell strangers nothing', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const { groups, change } = await open(cluster);
    blocks.add('dan>ann').add('dan>eve');
    const elsewhere = { app: 'other', group, owner: 'ann', operator: 'ann', members: ['dan'] };
    expect((await groups.createGroup(elsewhere)).group?.memberCount).toBe(2);
    expect(await errorOf(change('eve', invite('dan')))).toEqual(['GROUP_NOT_FOUND', '']);
  });
});

describe('friends', () => {
  it('are the only ones whom users bring in where only friends write to each other', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    friends.add('ann>bob').add('bob>ann').add('ann>cid');
    const creation = { app: appOfFriends, group: 'z', owner: 'ann', operator: 'ann' };
    expect(await errorOf(groups.createGroup({ ...creation, members: ['bob', 'cid', 'dan'] }))).toEqual(['NOT_FRIENDS', 'users: cid, dan']);
    expect((await groups.createGroup({ ...creation, members: ['bob'] })).group?.memberCount).toBe(2);
    const inviting = { app: appOfFriends, group: 'z', users: ['cid'] };
    expect(await errorOf(groups.inviteToGroup({ ...inviting, operator: 'ann' }))).toEqual(['NOT_FRIENDS', 'users: cid']);
    expect((await groups.inviteToGroup(inviting)).group?.memberCount).toBe(3);
  });
});
