import { describe, expect, it } from '@jest/globals';
import { errorNameOf, limits } from '@parley/kernel';
import { type RelationChangeInit, RelationKind } from '@parley/wire';
import { userLimits } from './limits.js';
import { app, errorOf, UserWorld } from './testing/user-world.js';

type Step = NonNullable<RelationChangeInit['step']>;

const ask: Step = { type: 'ask', value: { text: 'hi' } };
const accept: Step = { type: 'answer', value: { isAccepted: true } };
const add: Step = { type: 'add', value: {} };
const block: Step = { type: 'block', value: { isOn: true } };

function arrange() {
  const world = new UserWorld();
  const users = world.open();
  const step = async (user: string, others: readonly string[], step: Step, isPrivileged = false) => {
    const { results } = await users.changeRelations({ app, user, others, step: { step }, isPrivileged });
    return results.map(({ other, error, relation }) => ({ other, error: error === 0 ? '' : errorNameOf(error), relation }));
  };
  const refusals = async (...args: Parameters<typeof step>) => (await step(...args)).map(({ other, error }) => `${other} ${error}`);
  return { world, users, step, refusals };
}

describe('relations', () => {
  it('come about by a request and its acceptance, and both see the friendship', async () => {
    const { world, step } = arrange();
    expect(await step('ann', ['bob'], ask)).toMatchObject([
      { other: 'bob', error: '', relation: { isFriend: false, sent: { text: 'hi' } } },
    ]);
    expect(await step('bob', ['ann'], accept)).toMatchObject([
      { other: 'ann', error: '', relation: { isFriend: true, isBefriended: true } },
    ]);
    expect(world.viewOf('ann', 'bob')).toMatchObject({ isFriend: true });
  });

  it('are ordered in the conversation of the two, by the user or by the back end', async () => {
    const { world, step } = arrange();
    await step('bob', ['ann'], ask);
    await step('bob', ['ann'], add, true);
    expect(world.acts.map(({ conversation, sender }) => [conversation, sender])).toEqual([
      ['u:ann|bob', 'bob'],
      ['u:ann|bob', ''],
    ]);
  });

  it('are refused one by one, and what is refused for one does not hold up the rest', async () => {
    const { step, refusals } = arrange();
    await step('cid', ['ann'], block);
    expect(await refusals('ann', ['bob', 'ann', 'cid', 'dan'], ask)).toEqual(['bob ', 'ann INVALID_ARGUMENT', 'cid BLOCKED', 'dan ']);
  });

  it('let only the back end add friends where users have to ask', async () => {
    const { refusals } = arrange();
    expect(await refusals('ann', ['bob'], add)).toEqual(['bob PERMISSION_DENIED']);
    expect(await refusals('ann', ['bob'], add, true)).toEqual(['bob ']);
  });

  it('do not change when a step is repeated', async () => {
    const { world, step } = arrange();
    for (let i = 0; i < 2; i++) await step('ann', ['bob'], add, true);
    expect(world.viewOf('ann', 'bob')).toMatchObject({ version: 1 });
  });

  it('bring no more friends than one may have; those who are friends already may be named again', async () => {
    const { world, step, refusals } = arrange();
    for (let i = 1; i < limits.friendsMax; i++) world.befriend('ann', `f${i}`);
    expect(await refusals('ann', ['f1', 'bob', 'cid'], add, true)).toEqual(['f1 ', 'bob ', 'cid LIMIT_REACHED']);
    expect(await refusals('ann', ['dan'], ask)).toEqual(['dan LIMIT_REACHED']);
    // Nobody can fill the list of another one either.
    expect(await refusals('eve', ['ann', 'bob'], add, true)).toEqual(['ann LIMIT_REACHED', 'bob ']);
    expect(await refusals('ann', ['f1'], { type: 'remove', value: {} })).toEqual(['f1 ']);
    expect((await step('ann', ['cid'], add, true))[0]).toMatchObject({ error: '' });
  });

  it('are asked for only so often; what others ask does not count, nor do answers and repetitions', async () => {
    const { world, refusals } = arrange();
    for (let i = 0; i < userLimits.requestsMax; i++) {
      world.ask(`o${i}`, 'ann');
      if (i > 0) world.ask('ann', `s${i}`);
    }
    expect(await refusals('ann', ['s0'], ask)).toEqual(['s0 ']);
    expect(await refusals('ann', ['bob', 's0', 'o0'], ask)).toEqual(['bob LIMIT_REACHED', 's0 ', 'o0 ']);
    expect(await refusals('ann', ['o1'], accept)).toEqual(['o1 ']);
  });

  it('are not counted of those who are only asked, but of those who have asked before', async () => {
    const { world, step, refusals } = arrange();
    const counted: string[] = [];
    world.beforeList = (user) => counted.push(user);
    await step('ann', ['bob', 'cid'], ask);
    expect(new Set(counted)).toEqual(new Set(['ann']));
    for (let i = 0; i < limits.friendsMax; i++) world.befriend('ann', `f${i}`);
    expect(await refusals('bob', ['ann'], ask)).toEqual(['ann LIMIT_REACHED']);
  });

  it('are asked for as they are now where a list is nearly full', async () => {
    const { world, users } = arrange();
    for (let i = 1; i < limits.friendsMax - 50; i++) world.befriend('ann', `f${i}`);
    const asked: string[] = [];
    world.beforeCall = (name) => asked.push(name);
    await users.changeRelations({
      app,
      user: 'ann',
      others: ['bob'],
      step: { step: { type: 'add', value: { isOneSided: true } } },
      isPrivileged: true,
    });
    expect(asked.filter((name) => name === 'listRelations')).toHaveLength(2);
  });

  it('block no more users than one may block', async () => {
    const { world, refusals, step } = arrange();
    for (let i = 0; i < limits.blockedMax; i += 20)
      await step(
        'ann',
        Array.from({ length: 20 }, (_, k) => `b${i + k}`),
        block,
      );
    expect(world.viewsOf('ann').filter(({ isBlocked }) => isBlocked)).toHaveLength(limits.blockedMax);
    expect(await refusals('ann', ['bob', 'b1'], block)).toEqual(['bob LIMIT_REACHED', 'b1 ']);
    expect(await refusals('ann', ['b1'], { type: 'block', value: { isOn: false } })).toEqual(['b1 ']);
  });

  it('do not tell who blocks the user, and say of strangers that there is nothing', async () => {
    const { users, step } = arrange();
    await step('bob', ['ann'], block);
    const { relations } = await users.checkRelations({ app, user: 'ann', others: ['bob', 'eve'] });
    expect(relations).toMatchObject([
      { other: 'bob', isBlocked: false, isFriend: false },
      { other: 'eve', isFriend: false },
    ]);
    expect(JSON.stringify(relations)).not.toContain('true');
  });

  it('are listed by kind, page by page, with how many there are', async () => {
    const { world, users } = arrange();
    for (const friend of ['f1', 'f2', 'f3']) world.befriend('ann', friend);
    const first = await users.listRelations({ app, user: 'ann', kind: RelationKind.FRIENDS, limit: 2 });
    expect([first.relations.map(({ other }) => other), first.count]).toEqual([['f1', 'f2'], 3]);
    const rest = await users.listRelations({ app, user: 'ann', kind: RelationKind.FRIENDS, limit: 2, page: first.nextPage });
    expect(rest.relations.map(({ other }) => other)).toEqual(['f3']);
  });

  it('are not asked for with fields that cannot be', async () => {
    const { users } = arrange();
    const step = { step: ask };
    const many = Array.from({ length: 21 }, (_, i) => `u${i}`);
    for (const call of [
      users.changeRelations({ app, user: 'ann', others: [], step }),
      users.changeRelations({ app, user: 'ann', others: many, step }),
      users.changeRelations({ app, user: 'ann', others: ['b b'], step }),
      users.changeRelations({ app, user: 'ann', others: ['bob'] }),
      users.changeRelations({ app: '', user: 'ann', others: ['bob'], step }),
      users.listRelations({ app, user: 'ann' }),
      users.listRelations({ app, user: 'ann', kind: 99 as RelationKind }),
      users.listRelations({ app, user: 'ann', kind: RelationKind.FRIENDS, limit: 101 }),
      users.checkRelations({ app, user: '', others: ['bob'] }),
      users.getUsers({ app, users: [] }),
      users.getUsers({ app, users: Array.from({ length: 101 }, (_, i) => `u${i}`) }),
      users.updateUser({ app, user: 'ann' }),
      users.updateUser({ app, user: 'ann', change: { isErased: true } }),
    ]) {
      expect(await errorOf(call)).toBe('INVALID_ARGUMENT');
    }
  });
});
