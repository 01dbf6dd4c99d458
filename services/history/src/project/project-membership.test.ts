import { describe, expect, it } from '@jest/globals';
import { seededRandom, systemClock } from '@parley/kernel';
import { createMemoryHistoryStore } from '@parley/store';
import { HistoryFixture } from '../testing/history-fixture.js';
import { overriddenStore } from '../testing/overridden-store.js';

const app = 'app';
const group = 'g:team';
const users = Array.from({ length: 50 }, (_, i) => `user-${i}`);

describe('the end of a group', () => {
  it('is the end of every membership, and asks the store for members by the page', async () => {
    const near = createMemoryHistoryStore({ clock: systemClock, random: seededRandom(2) });
    let asked = 0;
    const store = overriddenStore(near, {
      membersAmong: (...of) => {
        asked++;
        return near.membersAmong(...of);
      },
    });
    await using timeline = await HistoryFixture.open(store);
    const history = await timeline.start();
    await timeline.membership(group, { joined: users, version: 1 });
    await timeline.message(group, 'user-1', 'bye');
    await history.listConversations({ app, user: 'nobody', isCurrent: true });
    asked = 0;
    await timeline.membership(group, { closed: true, version: 2 });
    await history.listConversations({ app, user: 'nobody', isCurrent: true });
    expect(asked).toBe(0);
    const members = await near.members(app, group, { limit: 99 });
    expect(members.map(({ spans }) => spans)).toEqual(users.map(() => [{ from: 1, to: 3 }]));
  });
});
