import { describe, expect, it } from '@jest/globals';
import type { Client } from '../src/client.js';
import type { ClientEvents } from '../src/events.js';
import { makeWorld, type World } from './world.js';

async function makeGroup(): Promise<World & { alice: Client; bob: Client; run<Result>(work: Promise<Result>): Promise<Result> }> {
  const world = makeWorld();
  const { client: alice } = await world.online('alice');
  const { client: bob } = await world.online('bob');
  const run = async <Result>(work: Promise<Result>): Promise<Result> => {
    work.catch(() => {});
    await world.clock.advance(200);
    return work;
  };
  await run(
    alice.createGroup({ id: 'team', name: 'Team', members: ['bob'], attributes: { topic: 'boats' }, options: { join: 'approval' } }),
  );
  return { ...world, alice, bob, run };
}

describe('a group', () => {
  it('is shown in words', async () => {
    const { alice, run } = await makeGroup();
    await expect(run(alice.group('team').info())).resolves.toMatchObject({
      ...{ name: 'Team', owner: 'alice', memberCount: 2, attributes: new Map([['topic', 'boats']]) },
      options: { join: 'approval', invite: 'members', historyAccess: 'from-join' },
    });
    await run(alice.group('team').setRole('bob', 'admin'));
    const { members } = await run(alice.group('team').members());
    expect(members).toMatchObject([
      { user: 'alice', role: 'owner' },
      { user: 'bob', role: 'admin' },
    ]);
    await expect(run(alice.group('nowhere').info())).rejects.toMatchObject({ name: 'GROUP_NOT_FOUND' });
  });

  it('is read again only when it has changed; several at once, where the user is in them', async () => {
    const { alice, bob, run } = await makeGroup();
    const { version, users } = await run(alice.group('team').members());
    expect(users).toEqual(['alice', 'bob']);
    expect(await run(alice.group('team').members({ ifChangedSince: version }))).toMatchObject({ users: [], memberCount: 2, version });
    await run(alice.group('team').setNickname('Al'));
    expect((await run(alice.group('team').members({ ifChangedSince: version }))).users).toEqual(['alice', 'bob']);
    await run(alice.createGroup({ id: 'crew', name: 'Crew' }));
    const named = async (client: Client) => (await run(client.groups(['crew', 'team', 'nowhere']))).map(({ name }) => name);
    expect([await named(alice), await named(bob)]).toEqual([['Crew', 'Team'], ['Team']]);
  });

  it('tells its members what changed, in the order of its conversation', async () => {
    const { alice, bob, run } = await makeGroup();
    const told: ClientEvents['groupChanged'][] = [];
    const events: number[] = [];
    bob.on('groupChanged', (event) => told.push(event));
    bob.on('event', ({ seq }) => events.push(seq));
    await run(alice.group('team').update({ name: 'Crew' }));
    await run(alice.group('team').setAttributes({ topic: 'ships' }));
    await run(alice.group('team').transfer('bob'));
    expect(told).toMatchObject([
      { group: 'team', sender: 'alice', change: { type: 'info', name: 'Crew' } },
      { change: { type: 'attributes', set: new Map([['topic', 'ships']]) } },
      { change: { type: 'owner', owner: 'bob' } },
    ]);
    expect(told[0]?.change).not.toHaveProperty('notice');
    expect(events).toEqual([2, 3, 4]);
  });

  it('is changed only in the version that was seen, where that is asked for', async () => {
    const { alice, run } = await makeGroup();
    const { version } = await run(alice.group('team').info());
    await run(alice.group('team').update({ name: 'First' }, { ifVersion: version }));
    await expect(run(alice.group('team').update({ name: 'Second' }, { ifVersion: version }))).rejects.toMatchObject({
      name: 'VERSION_CONFLICT',
    });
  });

  it('lets in who asks once somebody says yes', async () => {
    const { alice, run, online, clock } = await makeGroup();
    const requests: ClientEvents['groupRequest'][] = [];
    alice.on('groupRequest', (event) => requests.push(event));
    const { client: eve } = await online('eve');
    await expect(run(eve.joinGroup('team', 'let me in'))).resolves.toMatchObject({ asked: ['eve'], users: [] });
    expect(requests).toMatchObject([{ group: 'team', request: { user: 'eve', kind: 'join', text: 'let me in', state: 'waiting' } }]);
    await expect(run(alice.group('team').requests())).resolves.toMatchObject({ requests: [{ user: 'eve' }] });
    await run(alice.group('team').answer('eve', true));
    await clock.advance(100);
    expect(requests.at(-1)).toMatchObject({ request: { state: 'accepted', answeredBy: 'alice' } });
    await expect(run(eve.group('team').info())).resolves.toMatchObject({ memberCount: 3 });
  });

  it('is found by who was invited to it while away', async () => {
    const { alice, run, online } = await makeGroup();
    await run(alice.group('team').setOptions({ invitees: 'consent' }));
    await run(alice.group('team').invite(['eve']));
    const { client: eve } = await online('eve');
    await expect(run(eve.groupRequests())).resolves.toMatchObject([
      { kind: 'invitation', group: 'team', groupName: 'Team', user: 'eve', invitedBy: 'alice', state: 'waiting' },
    ]);
    await run(eve.group('team').answer('eve', true));
    await expect(run(eve.groupRequests())).resolves.toEqual([]);
  });
});

describe('people', () => {
  it('show what they want to, and friends are told', async () => {
    const { alice, run } = await makeGroup();
    const told: string[] = [];
    alice.on('userChanged', ({ profile }) => told.push(profile.name));
    await expect(run(alice.people.update({ name: 'Alice' }))).resolves.toMatchObject({ user: 'alice', name: 'Alice', avatar: '' });
    await expect(run(alice.people.me())).resolves.toMatchObject({ name: 'Alice' });
  });

  it('become friends, and both learn it', async () => {
    const { alice, bob, run } = await makeGroup();
    const told: ClientEvents['relationChanged'][] = [];
    bob.on('relationChanged', (event) => told.push(event));
    await run(alice.people.ask('bob', { text: 'hello' }));
    expect(told.at(-1)?.relation).toMatchObject({ other: 'alice', isFriend: false, received: { text: 'hello', state: 'waiting' } });
    await expect(run(bob.people.requests())).resolves.toMatchObject({ count: 1 });
    await run(bob.people.answer('alice', true));
    await expect(run(alice.people.friends())).resolves.toMatchObject({ relations: [{ other: 'bob', isFriend: true, isBefriended: true }] });
  });

  it('refuse one step with its reason, and several each with its own', async () => {
    const { alice, run, server } = await makeGroup();
    const results = [{ other: 'bob' }, { other: 'eve', error: 1040, detail: 'no' }];
    server.answers.set('changeRelations', () => ({ type: 'relationResults', value: { results } }));
    const outcomes = await run(alice.people.block(['bob', 'eve']));
    expect(outcomes.map(({ other, error }) => [other, error?.name])).toEqual([
      ['bob', undefined],
      ['eve', 'MUTED'],
    ]);
    await expect(run(alice.people.block('eve'))).rejects.toMatchObject({ name: 'MUTED' });
  });
});

describe('the list of conversations', () => {
  it('has unread counts, settings and the last message as it is now', async () => {
    const { alice, run, server } = await makeGroup();
    server.say('g:team', 'one', 'bob');
    server.say('g:team', 'two', 'bob', { mentions: { users: ['alice'] } });
    server.act('g:team', 'bob', { type: 'react', value: { seq: 3, reaction: '👍' } });
    alice.group('team').settings.mute(60_000);
    alice.group('team').settings.alias('Us');
    await run(Promise.resolve());
    const { conversations, totalUnread } = await run(alice.queryConversations());
    expect(conversations).toMatchObject([
      {
        ...{
          conversation: 'g:team',
          unread: 2,
          mentions: [3],
          isMember: true,
          settings: { alias: 'Us', mutedUntilMs: expect.any(Number) },
        },
        last: { type: 'message', content: { text: 'two' }, details: { reactions: [{ reaction: '👍', count: 1 }] } },
      },
    ]);
    expect(totalUnread).toBe(2);
    await expect(run(alice.group('team').item())).resolves.toMatchObject({ unread: 2 });
  });

  it('learns of settings on all devices of the user, and on no others', async () => {
    const { alice, bob, run, online } = await makeGroup();
    const second = await online('alice', { device: 'second' });
    const told: unknown[] = [];
    for (const client of [alice, second.client, bob]) client.on('conversationChanged', ({ what }) => told.push([client.userId, what]));
    alice.group('team').settings.pin();
    await run(Promise.resolve());
    expect(told).toEqual([
      ['alice', 'settings'],
      ['alice', 'settings'],
    ]);
    expect(second.seen.events.at(-1)).toMatchObject({ settings: { pinnedMs: expect.any(Number) } });
  });

  it('is searched in all conversations or in one', async () => {
    const { alice, run, server } = await makeGroup();
    server.say('g:team', 'a boat', 'bob');
    server.say('u:alice|bob', 'another boat', 'bob');
    const everywhere = await run(alice.search('boat'));
    expect(everywhere.messages).toHaveLength(2);
    expect((await run(alice.group('team').search('boat'))).messages).toMatchObject([{ conversation: 'g:team' }]);
  });
});
