import { describe, expect, it } from '@jest/globals';
import { describeAggregates, TestCluster, testApp } from '@parley/aggregates/contract';
import { clientOf, errorOf, groupSubject, startGroups } from './testing/group-subject.js';

describeAggregates('group', groupSubject);

const app = testApp;

describe('group calls', () => {
  it('name the field that is wrong', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    const wrong: readonly (readonly [Promise<unknown>, string])[] = [
      [groups.createGroup({ app: '', group: 'x', owner: 'ann' }), 'app'],
      [groups.createGroup({ app, group: 'a/b', owner: 'ann' }), 'group'],
      [groups.createGroup({ app, group: 'x', owner: '' }), 'owner'],
      [groups.createGroup({ app, group: 'x', owner: 'ann', members: ['not ok'] }), 'members'],
      [groups.createGroup({ app, group: 'x', owner: 'ann', name: 'n'.repeat(51) }), 'name'],
      [groups.createGroup({ app, group: 'x', owner: 'ann', memberLimit: 100_001 }), 'member_limit'],
      [groups.joinGroup({ app, group: 'x', user: 'u'.repeat(33) }), 'user'],
      [groups.inviteToGroup({ app, group: 'x', users: [] }), 'users'],
      [groups.inviteToGroup({ app, group: 'x', users: ['bob'], operator: '*' }), 'operator'],
      [groups.getGroup({ app, group: 'x', viewer: '?' }), 'viewer'],
    ];
    for (const [call, field] of wrong) {
      const [error, detail] = await errorOf(call);
      expect([error, detail.split(':')[0]]).toEqual(['INVALID_ARGUMENT', field]);
    }
    expect(cluster.router.submitted).toEqual([]);
  });

  it('answer a stranger as if there were no group', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    await groups.createGroup({ app, group: 'x', owner: 'ann', members: ['bob'] });
    for (const group of ['x', 'absent']) {
      const calls = [
        groups.getGroup({ app, group, viewer: 'eve' }),
        groups.listMembers({ app, group, viewer: 'eve' }),
        groups.inviteToGroup({ app, group, users: ['dan'], operator: 'eve' }),
        groups.dismissGroup({ app, group, operator: 'eve' }),
      ];
      for (const call of calls) expect(await errorOf(call)).toEqual(['GROUP_NOT_FOUND', '']);
    }
    expect(await groups.getGroup({ app, group: 'x', viewer: 'bob' })).toMatchObject({
      group: { owner: 'ann', memberCount: 2, version: 1 },
    });
  });

  it('keep apps apart', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    await groups.createGroup({ app, group: 'x', owner: 'ann' });
    expect(await errorOf(groups.joinGroup({ app: 'other', group: 'x', user: 'bob' }))).toEqual(['GROUP_NOT_FOUND', '']);
    await groups.createGroup({ app: 'other', group: 'x', owner: 'cid' });
    expect((await groups.listMembers({ app, group: 'x' })).users).toEqual(['ann']);
    expect((await groups.listMembers({ app: 'other', group: 'x' })).users).toEqual(['cid']);
  });

  it('tell the router who did what, each change with a place of its own', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const groups = await startGroups(cluster);
    await groups.createGroup({ app, group: 'x', owner: 'ann', members: ['bob'] });
    await groups.inviteToGroup({ app, group: 'x', users: ['cid'], operator: 'bob' });
    await groups.joinGroup({ app, group: 'x', user: 'dan' });
    await groups.leaveGroup({ app, group: 'x', user: 'ann' });
    await groups.dismissGroup({ app, group: 'x', operator: 'bob' });
    const { changes, headSeq, isClosed } = cluster.router.conversation(app, 'g:x');
    expect(changes).toMatchObject([
      { joined: ['ann', 'bob'], left: [], operator: 'ann', version: 1, closed: false },
      { joined: ['cid'], left: [], operator: 'bob', version: 2, closed: false },
      { joined: ['dan'], left: [], operator: '', version: 3, closed: false },
      { joined: [], left: ['ann'], operator: '', version: 4, closed: false },
      // Another owner.
      { joined: [], left: [], operator: 'ann', version: 5, closed: false },
      { joined: [], left: [], operator: 'bob', version: 6, closed: true },
    ]);
    expect([headSeq, isClosed]).toEqual([6, true]);
  });

  it('never let the id of a dismissed group be used again, restarts included', async () => {
    await using cluster = await TestCluster.open(groupSubject);
    const node = await cluster.start('a');
    const client = clientOf(node);
    await client.createGroup({ app, group: 'x', owner: 'ann' });
    await client.leaveGroup({ app, group: 'x', user: 'ann' });
    await node.stop();
    const again = clientOf(await cluster.start('bb'));
    expect(await errorOf(again.createGroup({ app, group: 'x', owner: 'bob' }))).toEqual(['GROUP_EXISTS', '']);
    expect(await errorOf(again.joinGroup({ app, group: 'x', user: 'bob' }))).toEqual(['GROUP_NOT_FOUND', '']);
  });
});
