import { describe, expect, it } from '@jest/globals';
import type { RelationChangeInit } from '@parley/wire';
import { userLimits } from './limits.js';
import { app, UserWorld } from './testing/user-world.js';

type Step = NonNullable<RelationChangeInit['step']>;

const named = (text: string) => ({ name: { text } });

describe('profiles', () => {
  it('change field by field and are seen at once', async () => {
    const users = new UserWorld().open();
    await users.updateUser({ app, user: 'ann', change: { name: { text: 'Ann' }, avatar: { text: 'a.png' } } });
    const { user } = await users.updateUser({ app, user: 'ann', change: named('Anna') });
    expect(user).toMatchObject({ user: 'ann', name: 'Anna', avatar: 'a.png', version: 2 });
    expect((await users.getUsers({ app, users: ['ann', 'nobody'] })).users).toEqual([user]);
  });

  it('are told to all friends, in bounded portions, and to nobody else', async () => {
    const world = new UserWorld();
    const friends = Array.from({ length: 2 * userLimits.noticeUsers + 1 }, (_, i) => `f${i}`);
    for (const friend of friends) world.befriend('ann', friend);
    world.befriend('bob', 'cid');
    await world.open().updateUser({ app, user: 'ann', change: named('Ann') });
    expect(world.told.flatMap(({ onlyTo }) => onlyTo).sort()).toEqual([...friends].sort());
    expect(Math.max(...world.told.map(({ onlyTo }) => onlyTo.length))).toBe(userLimits.noticeUsers);
    expect(new Set(world.told.map(({ conversation, profile }) => `${conversation} ${profile?.name} ${profile?.version}`))).toEqual(
      new Set(['u:ann|ann Ann 1']),
    );
  });

  it('are told to whoever has the user in their list, but not to those whom the user blocks', async () => {
    const world = new UserWorld();
    const users = world.open();
    for (const other of ['bob', 'cid', 'dan']) world.befriend('ann', other);
    const step = (user: string, other: string, step: Step) =>
      users.changeRelations({ app, user, others: [other], step: { step }, isPrivileged: true });
    await step('ann', 'bob', { type: 'remove', value: { isOneSided: true } });
    await step('cid', 'ann', { type: 'remove', value: { isOneSided: true } });
    await step('ann', 'dan', { type: 'block', value: { isOn: true } });
    await users.updateUser({ app, user: 'ann', change: named('Ann') });
    expect(world.told.flatMap(({ onlyTo }) => onlyTo)).toEqual(['bob']);
  });

  it('tell nothing when nothing changed, or nobody is there to be told', async () => {
    const world = new UserWorld();
    const users = world.open();
    await users.updateUser({ app, user: 'eve', change: named('Eve') });
    world.befriend('ann', 'bob');
    for (let i = 0; i < 2; i++) await users.updateUser({ app, user: 'ann', change: named('Ann') });
    expect(world.told).toHaveLength(1);
  });

  it('change although friends cannot be told', async () => {
    const world = new UserWorld();
    world.befriend('ann', 'bob');
    world.failing.set('notify', 'UNAVAILABLE');
    expect((await world.open().updateUser({ app, user: 'ann', change: named('Ann') })).user).toMatchObject({ name: 'Ann' });
  });
});
