import { describe, expect, it } from '@jest/globals';
import { app, errorOf, UserWorld } from './testing/user-world.js';

describe('the export of a user', () => {
  it('has everything of the user once, as lines of JSON', async () => {
    const world = new UserWorld();
    const users = world.open();
    await users.updateUser({ app, user: 'ann', change: { name: { text: 'Ann' } } });
    for (let i = 0; i < 120; i++) world.befriend('ann', `f${i}`);
    // A friend who is blocked is in two lists.
    await users.changeRelations({ app, user: 'ann', others: ['f1', 'mallory'], step: { step: { type: 'block', value: { isOn: true } } } });
    await users.changeRelations({ app, user: 'ann', others: ['dan'], step: { step: { type: 'ask', value: { text: 'hi' } } } });
    for (let i = 0; i < 60; i++) world.say(`g:c${i}`, 'ann', 'word');
    world.say('g:c1', 'bob', 'not hers');
    const counts: Record<string, number> = {};
    let page = '';
    do {
      const answer = await users.exportUser({ app, user: 'ann', page });
      expect(answer.lines.length).toBeLessThanOrEqual(100);
      for (const line of answer.lines) {
        const { type } = JSON.parse(line) as { readonly type: string };
        counts[type] = (counts[type] ?? 0) + 1;
      }
      page = answer.nextPage;
    } while (page !== '');
    expect(counts).toEqual({ profile: 1, relation: 122, conversation: 60, message: 60 });
  });

  it('goes on only where it has been', async () => {
    const users = new UserWorld().open();
    for (const page of ['x', 'secrets:', 'profile', '__proto__:']) {
      const error = await errorOf(users.exportUser({ app, user: 'ann', page }));
      expect([page, error]).toEqual([page, page === 'profile' ? undefined : 'INVALID_ARGUMENT']);
    }
  });
});
