import { describe, expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import { type ClientFrameInit, decodeConversationEvent, GroupRole, JoinMode } from '@parley/wire';
import { eventBytes, Harness, limitsWith } from './harness.js';

type Body = NonNullable<ClientFrameInit['body']>;

const group = 'team';
const channel = 'g:team';

describe('groups', () => {
  it.each<[Body, object, object]>([
    [
      {
        type: 'createGroup',
        value: {
          ...{ group, name: 'Team', members: ['bob'], avatar: 'a.png', notice: 'hello', attributes: [{ key: 'k', value: 'v' }] },
          options: { joinMode: JoinMode.APPROVAL, slowModeMs: 1_000 },
        },
      },
      {
        call: 'createGroup',
        request: {
          owner: 'alice',
          operator: 'alice',
          avatar: 'a.png',
          notice: 'hello',
          attributes: [{ key: 'k' }],
          options: { joinMode: 2, slowModeMs: 1_000 },
        },
      },
      { type: 'group', value: { group, avatar: 'a.png', options: { joinMode: 2 } } },
    ],
    [
      { type: 'changeGroup', value: { group, operation: { kind: { type: 'kick', value: { users: ['bob'] } } }, ifVersion: 3 } },
      {
        call: 'changeGroup',
        request: { group, operator: 'alice', operation: { kind: { type: 'kick', value: { users: ['bob'] } } }, ifVersion: 3 },
      },
      { type: 'groupResult', value: { group: { group, version: 1 }, users: ['alice'] } },
    ],
    [
      { type: 'getGroups', value: { groups: ['team', 'other'] } },
      { call: 'getGroups', request: { app: 'app', groups: ['team', 'other'], viewer: 'alice' } },
      { type: 'groups', value: { groups: [{ group: 'team' }, { group: 'other' }] } },
    ],
    [
      { type: 'listGroupMembers', value: { group, limit: 10, ifChangedSince: 4, role: GroupRole.ADMIN } },
      { call: 'listMembers', request: { group, viewer: 'alice', limit: 10, ifChangedSince: 4, role: 2 } },
      { type: 'members', value: { users: ['alice', 'bob'], members: [], groupMembers: [{ user: 'alice', role: 3 }, {}], version: 7 } },
    ],
    [
      { type: 'getGroupMembers', value: { group, users: ['bob', 'carol'] } },
      { call: 'getMembers', request: { group, viewer: 'alice', users: ['bob', 'carol'] } },
      { type: 'members', value: { users: ['bob'], groupMembers: [{ user: 'bob', nickname: 'Bobby' }] } },
    ],
    [
      { type: 'listGroupRequests', value: { group, page: 'p', limit: 10 } },
      { call: 'listRequests', request: { group, viewer: 'alice', page: 'p', limit: 10 } },
      { type: 'groupRequests', value: { requests: [{ user: 'carol', text: 'hi' }], nextPage: 'more' } },
    ],
    [
      { type: 'listGroupRequests', value: {} },
      { call: 'listUserRequests', request: { user: 'alice' } },
      { type: 'groupRequests', value: { requests: [{ user: 'alice', group: 'club', groupName: 'Club' }] } },
    ],
  ])('are asked as the user: %j', async (body, asked, answer) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject(answer);
    expect(harness.group.calls.all).toMatchObject([asked]);
  });

  it.each<[string, Body]>([
    ['joining', { type: 'joinGroup', value: { group, text: 'hi' } }],
    ['an operation that joins', { type: 'changeGroup', value: { group, operation: { kind: { type: 'join', value: { text: 'hi' } } } } }],
    [
      'accepting an invitation',
      { type: 'changeGroup', value: { group, operation: { kind: { type: 'answerRequest', value: { user: 'alice', isAccepted: true } } } } },
    ],
  ])('are heard once %s has been answered', async (_what, body) => {
    await using harness = await Harness.start();
    const { router, history } = harness;
    const alice = await harness.member('alice');
    router.activatesByItself = false;
    history.join('alice', channel);
    let isAnswered = false;
    const joined = alice.ask(body).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await router.until(() => router.subscriptions.has(`app/${channel}`));
    await alice.ask({ type: 'ping', value: {} });
    expect(isAnswered).toBe(false);
    router.activate(channel);
    expect(await joined).toMatchObject({ type: 'groupResult', value: { group: { group }, users: ['alice'], asked: [] } });
    router.deliver({ channels: [channel], conversation: channel, event: eventBytes({ conversation: channel, messageId: 'wave' }) });
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId)).toEqual(['wave']);
  });

  it('that ask for approval say so at once: there is nothing to hear yet', async () => {
    await using harness = await Harness.start();
    harness.group.asked.push('alice');
    const alice = await harness.member('alice');
    const { length } = harness.history.lists;
    expect(await alice.ask({ type: 'joinGroup', value: { group, text: 'please' } })).toMatchObject({
      type: 'groupResult',
      value: { asked: ['alice'], users: [] },
    });
    expect(harness.history.lists).toHaveLength(length);
    expect(harness.group.calls.of('changeGroup')).toMatchObject([{ operation: { kind: { type: 'join', value: { text: 'please' } } } }]);
    expect(harness.router.subscriptions.has(`app/${channel}`)).toBe(false);
  });

  it.each<[Body, string, string]>([
    [{ type: 'createGroup', value: { avatar: 'x'.repeat(501) } }, 'INVALID_ARGUMENT', 'avatar: at most 500'],
    [{ type: 'createGroup', value: { notice: 'x'.repeat(301) } }, 'INVALID_ARGUMENT', 'notice: at most 300'],
    [{ type: 'createGroup', value: { attributes: [{ key: '' }] } }, 'ATTRIBUTE_INVALID', 'attributes: key: 1 to 32'],
    [{ type: 'joinGroup', value: { group, text: 'x'.repeat(257) } }, 'INVALID_ARGUMENT', 'text: at most 256'],
    [{ type: 'changeGroup', value: { group } }, 'INVALID_ARGUMENT', 'operation'],
    [{ type: 'changeGroup', value: { group, operation: {} } }, 'INVALID_ARGUMENT', 'operation'],
    [{ type: 'changeGroup', value: { group: 'a group' } }, 'INVALID_ARGUMENT', 'group: 1 to 64'],
    [{ type: 'changeGroup', value: { group, operation: { kind: { type: 'kick', value: {} } } } }, 'INVALID_ARGUMENT', 'users: at least 1'],
    [
      { type: 'changeGroup', value: { group, operation: { kind: { type: 'invite', value: { users: Array(101).fill('bob') } } } } },
      'INVALID_ARGUMENT',
      'users: at most 100',
    ],
    [
      { type: 'changeGroup', value: { group, operation: { kind: { type: 'transfer', value: { user: 'not a user' } } } } },
      'INVALID_ARGUMENT',
      'user: 1 to 32',
    ],
    [
      {
        type: 'changeGroup',
        value: { group, operation: { kind: { type: 'changeAttributes', value: { set: Array(11).fill({ key: 'k' }) } } } },
      },
      'ATTRIBUTE_LIMIT_REACHED',
      'set: at most 10',
    ],
    [{ type: 'getGroups', value: {} }, 'INVALID_ARGUMENT', 'groups: 1 to 100'],
    [{ type: 'getGroups', value: { groups: ['a group'] } }, 'INVALID_ARGUMENT', 'groups: 1 to 64'],
    [{ type: 'getGroupMembers', value: { group, users: Array(101).fill('bob') } }, 'INVALID_ARGUMENT', 'users: at most 100'],
    [{ type: 'listGroupMembers', value: { group, limit: 101 } }, 'INVALID_ARGUMENT', 'limit: at most 100'],
    [{ type: 'listGroupRequests', value: { group: 'a group' } }, 'INVALID_ARGUMENT', 'group'],
  ])('are not asked what is wrong by itself: %j', async (body, name, detail) => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.group.calls.all).toEqual([]);
    for (const client of [alice, bystander]) expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('refuse in their own words', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.group.calls.failures.set('changeGroup', new ParleyError('BLOCKED', 'bob'));
    const operation = { kind: { type: 'invite', value: { users: ['bob'] } } } as const;
    const answer = await alice.ask({ type: 'changeGroup', value: { group, operation } });
    expect(answer).toMatchObject({ type: 'error', value: { name: 'BLOCKED', message: expect.stringContaining('bob') } });
  });

  it('are changed at a rate', async () => {
    await using harness = await Harness.start({ limits: limitsWith({ groups: 2 }) });
    const alice = await harness.member('alice');
    const leave = { type: 'leaveGroup', value: { group } } as const;
    for (let i = 0; i < 2; i++) expect((await alice.ask(leave)).type).toBe('done');
    expect(await alice.ask(leave)).toMatchObject({ value: { name: 'RATE_LIMITED', message: expect.stringContaining('groups') } });
  });
});
