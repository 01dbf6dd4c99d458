import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { userLimits } from './limits.js';
import { app, errorOf, UserWorld } from './testing/user-world.js';

/** A user with everything that one may have. */
async function arrange() {
  const world = new UserWorld();
  const users = world.open();
  await users.updateUser({ app, user: 'ann', change: { name: { text: 'Ann' } } });
  for (const friend of ['bob', 'cid']) world.befriend('ann', friend);
  const step = (user: string, other: string, change: Parameters<typeof users.changeRelations>[0]['step']) =>
    users.changeRelations({ app, user, others: [other], step: change });
  await step('ann', 'mallory', { step: { type: 'block', value: { isOn: true } } });
  await step('ann', 'dan', { step: { type: 'ask', value: { text: 'hi' } } });
  await step('eve', 'ann', { step: { type: 'ask', value: { text: 'hi' } } });
  await step('zoe', 'ann', { step: { type: 'block', value: { isOn: true } } });
  for (const conversation of ['u:ann|bob', 'g:team', 'g:former', 'r:hall']) world.say(conversation, 'ann', `in ${conversation}`);
  world.say('g:team', 'bob', 'from bob');
  for (const conversation of ['g:team', 'r:hall']) world.talkOf(conversation).members.add('ann');
  return { world, users, erase: () => users.eraseUser({ app, user: 'ann' }) };
}

describe('the erasure of a user', () => {
  it('removes profile, relations, memberships, words, files and sessions', async () => {
    const { world, erase } = await arrange();
    expect(await erase()).toEqual({ isComplete: true, conversations: 4 });
    expect(world.profiles.get('ann')).toMatchObject({ isErased: true, name: '' });
    // Where nothing was said nothing is told.
    expect([...world.talks.keys()].sort()).toEqual(['g:former', 'g:team', 'r:hall', 'u:ann|bob']);
    expect(world.left.sort()).toEqual(['g:team', 'r:hall']);
    expect(world.withdrawn.sort()).toEqual(['ann 0', 'ann 1']);
    expect(world.wordsOf('ann')).toEqual([]);
    expect(world.files).toBe(0);
    expect(world.ended).toEqual(['ann']);
    for (const view of world.viewsOf('ann')) expect(view).toMatchObject({ isFriend: false, isBefriended: false, isBlocked: false });
    expect(world.viewOf('bob', 'ann')).toMatchObject({ isFriend: false });
  });

  it('ends requests in both directions', async () => {
    const { world, users, erase } = await arrange();
    await erase();
    for (const [user, other] of [
      ['dan', 'ann'],
      ['ann', 'eve'],
    ] as const) {
      const { results } = await users.changeRelations({
        app,
        user,
        others: [other],
        step: { step: { type: 'answer', value: { isAccepted: true } } },
      });
      expect(results).toMatchObject([{ other, error: 1036 }]);
    }
    expect(world.viewOf('eve', 'ann')?.sent).not.toMatchObject({ state: 1 });
  });

  it('leaves nothing of what was said in requests, however old they are and however they ended', async () => {
    const { world, users, erase } = await arrange();
    const step = (user: string, other: string, change: Parameters<typeof users.changeRelations>[0]['step']) =>
      users.changeRelations({ app, user, others: [other], step: change });
    await step('ann', 'gus', { step: { type: 'ask', value: { text: 'please', alias: 'Gus' } } });
    await step('gus', 'ann', { step: { type: 'answer', value: { isAccepted: false } } });
    world.nowMs += limits.requestMs + 1;
    await erase();
    for (const other of ['dan', 'gus']) {
      expect(world.viewOf('ann', other)).toMatchObject({ sent: undefined, alias: '' });
      expect(world.viewOf(other, 'ann')?.received).toBeUndefined();
    }
  });

  it('leaves what belongs to others: their words, and that they block the user', async () => {
    const { world, erase } = await arrange();
    await erase();
    expect(world.wordsOf('bob')).toEqual(['from bob']);
    expect(world.viewOf('zoe', 'ann')).toMatchObject({ isBlocked: true });
  });

  it('erases in each conversation once, however often it is repeated', async () => {
    const { world, users, erase } = await arrange();
    await erase();
    const heads = [...world.talks].map(([id, { head }]) => [id, head]);
    expect(await erase()).toEqual({ isComplete: true, conversations: 3 });
    expect(await world.open().eraseUser({ app, user: 'ann' })).toMatchObject({ isComplete: true });
    expect([...world.talks].map(([id, { head }]) => [id, head])).toEqual(heads);
    expect((await users.getUsers({ app, users: ['ann'] })).users).toMatchObject([{ isErased: true, version: 2 }]);
  });

  it('erases what somebody new of that id has said since', async () => {
    const { world, erase } = await arrange();
    await erase();
    world.say('g:team', 'ann', 'I am new');
    world.say('g:other', 'ann', 'here too');
    expect(world.wordsOf('ann')).toHaveLength(2);
    await erase();
    expect(world.wordsOf('ann')).toEqual([]);
  });

  it('finds nothing to do in a room that has ended', async () => {
    const { world, erase } = await arrange();
    world.ended.push('r:hall');
    expect(await erase()).toMatchObject({ isComplete: true });
    expect(world.wordsOf('ann')).toEqual(['in r:hall']);
  });

  it('says that it is not complete while something is unavailable, does the rest, and completes later', async () => {
    for (const call of ['disconnect', 'eraseMedia', 'leaveGroup', 'withdrawRequests', 'listConversations', 'listRelations']) {
      const { world, erase } = await arrange();
      world.failing.set(call, 'UNAVAILABLE');
      expect([call, await erase()]).toMatchObject([call, { isComplete: false }]);
      expect(world.profiles.get('ann')).toMatchObject({ isErased: true });
      world.failing.clear();
      expect([call, await erase()]).toMatchObject([call, { isComplete: true }]);
      expect(world.wordsOf('ann')).toEqual([]);
    }
  });

  it('does not ask to be repeated for what will be refused again', async () => {
    const { world, erase } = await arrange();
    world.failing.set('eraseMedia', 'PERMISSION_DENIED');
    expect(await errorOf(erase())).toBe('PERMISSION_DENIED');
  });

  it('comes to an end, turn by turn, of as many conversations as there are', async () => {
    const { world, users, erase } = await arrange();
    for (let i = 0; i < 10 * userLimits.page; i++) world.say(`g:many${i}`, 'ann', 'word');
    // So slow that one turn reaches two pages of ten.
    world.beforeCall = (name) => {
      if (name === 'act') world.nowMs += userLimits.eraseTurnMs / (2 * userLimits.page);
    };
    let turns = 0;
    for (let isComplete = false; !isComplete; turns++) {
      ({ isComplete } = await erase());
      expect(turns).toBeLessThan(20);
    }
    expect(turns).toBeGreaterThan(3);
    expect(world.wordsOf('ann')).toEqual([]);
    expect((await users.getUsers({ app, users: ['ann'] })).users).toMatchObject([{ isErased: true }]);
  });
});
