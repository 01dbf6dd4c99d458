import { describe, expect, it } from '@jest/globals';
import { type ClientFrameInit, RelationKind } from '@parley/wire';
import { Harness, limitsWith } from './harness.js';
import { MeasuredTelemetry } from './measured-telemetry.js';

type Body = NonNullable<ClientFrameInit['body']>;

const block = { step: { type: 'block', value: { isOn: true } } } as const;

describe('people', () => {
  it.each<[Body, object, object]>([
    [
      { type: 'getUsers', value: { users: ['bob', 'carol'] } },
      { call: 'getUsers', request: { app: 'app', users: ['bob', 'carol'] } },
      { type: 'users', value: { users: [{ user: 'bob', name: 'name of bob' }, { user: 'carol' }] } },
    ],
    [
      { type: 'updateProfile', value: { change: { name: { text: 'Alice' } } } },
      { call: 'updateUser', request: { app: 'app', user: 'alice', change: { name: { text: 'Alice' }, avatar: undefined } } },
      { type: 'users', value: { users: [{ user: 'alice', name: 'Alice', version: 2 }] } },
    ],
    [
      { type: 'changeRelations', value: { others: ['bob', 'carol'], step: { ...block, user: 'mallory' } } },
      { call: 'changeRelations', request: { app: 'app', user: 'alice', others: ['bob', 'carol'], step: block } },
      { type: 'relationResults', value: { results: [{ other: 'bob', error: 1042, relation: { other: 'bob' } }, { other: 'carol' }] } },
    ],
    [
      { type: 'listRelations', value: { kind: RelationKind.FRIENDS, page: 'p', limit: 10 } },
      { call: 'listRelations', request: { user: 'alice', kind: 1, page: 'p', limit: 10 } },
      { type: 'relations', value: { relations: [{ other: 'bob', isFriend: true }], nextPage: 'more', count: 7 } },
    ],
    [
      { type: 'checkRelations', value: { others: ['bob'] } },
      { call: 'checkRelations', request: { user: 'alice', others: ['bob'] } },
      { type: 'relations', value: { relations: [{ other: 'bob' }], count: 1 } },
    ],
  ])('are asked as the user, who is not to be chosen: %j', async (body, asked, answer) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject(answer);
    expect(harness.user.calls.all).toMatchObject([asked]);
    expect(harness.user.calls.all[0]?.request).not.toHaveProperty('isPrivileged');
  });

  it.each<[Body, string, string]>([
    [{ type: 'getUsers', value: {} }, 'INVALID_ARGUMENT', 'users: at least 1'],
    [{ type: 'getUsers', value: { users: Array(101).fill('bob') } }, 'INVALID_ARGUMENT', 'users: at most 100'],
    [{ type: 'getUsers', value: { users: ['not a user'] } }, 'INVALID_ARGUMENT', 'users: 1 to 32'],
    [{ type: 'updateProfile', value: {} }, 'INVALID_ARGUMENT', 'change'],
    [{ type: 'updateProfile', value: { change: {} } }, 'INVALID_ARGUMENT', 'change'],
    [{ type: 'updateProfile', value: { change: { isErased: true } } }, 'PERMISSION_DENIED', 'change.is_erased'],
    [{ type: 'updateProfile', value: { change: { name: { text: 'x'.repeat(257) } } } }, 'INVALID_ARGUMENT', 'change.name: at most 256'],
    [{ type: 'updateProfile', value: { change: { avatar: { text: 'x'.repeat(501) } } } }, 'INVALID_ARGUMENT', 'change.avatar: at most 500'],
    [
      { type: 'updateProfile', value: { change: { extension: { text: 'x'.repeat(4_097) } } } },
      'INVALID_ARGUMENT',
      'change.extension: at most 4096',
    ],
    [{ type: 'changeRelations', value: { step: block } }, 'INVALID_ARGUMENT', 'others: at least 1'],
    [{ type: 'changeRelations', value: { others: Array(21).fill('bob'), step: block } }, 'INVALID_ARGUMENT', 'others: at most 20'],
    [{ type: 'changeRelations', value: { others: ['bob'], step: {} } }, 'INVALID_ARGUMENT', 'step'],
    [{ type: 'listRelations', value: {} }, 'INVALID_ARGUMENT', 'kind: FRIENDS'],
    [{ type: 'checkRelations', value: { others: [] } }, 'INVALID_ARGUMENT', 'others: at least 1'],
  ])('are not asked what is wrong by itself: %j', async (body, name, detail) => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.user.calls.all).toEqual([]);
    for (const client of [alice, bystander]) expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('are held to a rate by those whom a request concerns, and a changed profile concerns all friends', async () => {
    await using harness = await Harness.start({ limits: limitsWith({ people: 24 }) });
    const alice = await harness.member('alice');
    const change = { type: 'updateProfile', value: { change: { name: { text: 'Alice' } } } } as const;
    const step = { type: 'changeRelations', value: { others: ['bob', 'carol', 'dave'], step: block } } as const;
    const ask = { type: 'checkRelations', value: { others: ['bob', 'carol'] } } as const;
    const answers = [await alice.ask(change), await alice.ask(step), await alice.ask(step), await alice.ask(ask), await alice.ask(ask)];
    expect(answers.map(({ type }) => type)).toEqual(['users', 'relationResults', 'error', 'relations', 'error']);
  });

  it('are counted by request and error', async () => {
    const telemetry = new MeasuredTelemetry();
    await using harness = await Harness.start({ telemetry, limits: limitsWith({ people: 2 }) });
    const alice = await harness.member('alice');
    for (let i = 0; i < 3; i++) await alice.ask({ type: 'getUsers', value: { users: ['bob'] } });
    await alice.ask({ type: 'getGroups', value: { groups: [] } });
    const counted = Object.entries(telemetry.counts).filter(([name]) => name.startsWith('parley_gateway_requests_total get'));
    expect(Object.fromEntries(counted)).toEqual({
      'parley_gateway_requests_total getUsers ': 2,
      'parley_gateway_requests_total getUsers RATE_LIMITED': 1,
      'parley_gateway_requests_total getGroups INVALID_ARGUMENT': 1,
    });
  });

  it('are asked at a rate of their own', async () => {
    await using harness = await Harness.start({ limits: limitsWith({ people: 3 }) });
    const alice = await harness.member('alice');
    const ask = { type: 'checkRelations', value: { others: ['bob'] } } as const;
    for (let i = 0; i < 3; i++) expect((await alice.ask(ask)).type).toBe('relations');
    const refused = await alice.ask({ type: 'getUsers', value: { users: ['bob'] } });
    expect(refused).toMatchObject({ value: { name: 'RATE_LIMITED', message: expect.stringContaining('people') } });
    expect(refused.type === 'error' && refused.value.retryAfterMs).toBeGreaterThan(0);
    expect(await alice.ask({ type: 'queryConversations', value: {} })).toMatchObject({ type: 'conversations' });
  });
});
