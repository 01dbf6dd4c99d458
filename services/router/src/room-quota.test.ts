import { describe, expect, it } from '@jest/globals';
import { defaultPolicy, type PolicyBook, type RoomRates } from '@parley/lanes';
import { errorTable } from '@parley/kernel';
import { Priority } from '@parley/wire';
import { ProjectingHistory } from './testing/projecting-history.js';
import { commandContent, RouterFixture, type SendOptions, textContent } from './testing/router-fixture.js';

const room = 'r:live';
const users = ['ann', 'bob', 'cid'];
const rates: RoomRates = { perSecond: 1, sliceMs: 60_000, mediumPercent: 50, lowPercent: 40 };

/** A policy that the test can change. */
class Policies implements PolicyBook {
  room = rates;
  policyOf(app: string): typeof defaultPolicy {
    return app === 'app' ? { ...defaultPolicy, room: this.room } : defaultPolicy;
  }
}

async function openRoom(policies?: Policies, history?: ProjectingHistory): Promise<RouterFixture> {
  const routers = await RouterFixture.open(history);
  routers.startRouter('a', policies);
  for (const conversation of [room, 'r:other']) await routers.room(conversation, { change: { joined: users, version: 1 } });
  await routers.change('g:team', { joined: users, version: 1 });
  return routers;
}

let unique = 0;

/** How many of so many sends are accepted, and the retryAfterMs of one that is not. */
async function accepted(routers: RouterFixture, count: number, options: SendOptions & { readonly conversation?: string } = {}) {
  const { conversation = room, ...rest } = options;
  const gateways = ['gateway', 'gateway-2'];
  const outcomes = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      routers.send(conversation, users[i % users.length] ?? '', {
        gateway: gateways[i % 2] ?? '',
        ...rest,
        clientMsgId: `${i}-${unique++}`,
      }),
    ),
  );
  const refused = outcomes.filter(({ error }) => error !== 0);
  for (const { error } of refused) expect(error).toBe(errorTable.RATE_LIMITED.code);
  return { count: count - refused.length, retryAfterMs: refused[0]?.retryAfterMs ?? 0 };
}

describe('the rate of a room', () => {
  it('is exact over all senders and gateways, with a share that HIGH alone may use', async () => {
    await using routers = await openRoom(new Policies());
    expect((await accepted(routers, 40, { priority: Priority.LOW })).count).toBe(24);
    expect((await accepted(routers, 40, { priority: Priority.MEDIUM })).count).toBe(6);
    expect((await accepted(routers, 40, { priority: Priority.HIGH })).count).toBe(30);
    expect(await routers.timeline()).toHaveLength(60 + 3);
  });

  it('holds for what is done to messages as well, but not for the back end', async () => {
    await using routers = await openRoom(new Policies(), new ProjectingHistory());
    const { seq } = await routers.send(room, 'ann');
    const edit = (text: string) => ({ type: 'edit', value: { seq, content: textContent(text) } }) as const;
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => routers.act(room, 'ann', edit(`${i}`))));
    expect(outcomes.filter(({ error }) => error === 0)).toHaveLength(29);
    expect(outcomes.at(-1)).toMatchObject({ error: errorTable.RATE_LIMITED.code, retryAfterMs: 60_000 });
    expect((await routers.act(room, '', edit('x'), { isPrivileged: true })).error).toBe(0);
    expect((await routers.act(room, 'ann', { type: 'recall', value: { seq } })).error).toBe(0);
  });

  it('tells who is refused when the next slice begins, and then takes more', async () => {
    await using routers = await openRoom(new Policies());
    const first = await accepted(routers, 61, { priority: Priority.HIGH });
    expect(first.count).toBe(60);
    expect(first.retryAfterMs).toBe(60_000);
    routers.clock.skip(60_000);
    expect((await accepted(routers, 61, { priority: Priority.HIGH })).count).toBe(60);
  });

  it('counts transient messages too, and no retries', async () => {
    await using routers = await openRoom(new Policies());
    const send = { priority: Priority.HIGH, clientMsgId: 'x' };
    for (let i = 0; i < 5; i++) expect((await routers.send(room, 'ann', { ...send, isRetry: i > 0 })).error).toBe(0);
    expect((await accepted(routers, 29, { priority: Priority.HIGH, content: commandContent() })).count).toBe(29);
    expect((await accepted(routers, 40, { priority: Priority.HIGH })).count).toBe(30);
  });

  it('is each room’s own, and none of groups or of the back end', async () => {
    await using routers = await openRoom(new Policies());
    await accepted(routers, 61, { priority: Priority.HIGH });
    expect((await accepted(routers, 10, { conversation: 'r:other' })).count).toBe(10);
    expect((await accepted(routers, 70, { conversation: 'g:team' })).count).toBe(70);
    expect((await accepted(routers, 10, { isPrivileged: true })).count).toBe(10);
  });

  it('changes with the policy while the router runs', async () => {
    const policies = new Policies();
    await using routers = await openRoom(policies);
    expect((await accepted(routers, 61, { priority: Priority.HIGH })).count).toBe(60);
    policies.room = { ...rates, perSecond: 2 };
    expect((await accepted(routers, 61, { priority: Priority.HIGH })).count).toBe(60);
  });

  it('is 200 in a second, 40 in a slice, where no policy is given', async () => {
    await using routers = await openRoom();
    expect(await accepted(routers, 100, { priority: Priority.HIGH })).toEqual({ count: 40, retryAfterMs: 200 });
    routers.clock.skip(200);
    expect((await accepted(routers, 100, { priority: Priority.HIGH })).count).toBe(40);
  });
});
