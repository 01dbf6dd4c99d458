import { describe, expect, it } from '@jest/globals';
import type { Client, FullClientOptions } from '../src/client.js';
import type { LocalStore } from '../src/local-store/local-store.js';
import { memoryStore } from '../src/local-store/memory-store.js';
import { textsOf } from './live-world.js';
import { makeWorld, record, upTo, type World } from './world.js';

const id = 'u:alice|bob';

/** Alice after a restart of her application: connected only when the test says so. */
const restarted = (world: World, localStore: LocalStore, options: Partial<FullClientOptions> = {}): Client =>
  world.client('alice', { user: 'alice', localStore, ...options });

/** A world in which alice has seen m1 … and her application has ended. */
async function afterFirstRun(count: number, options: Partial<FullClientOptions> = {}): Promise<World & { store: LocalStore }> {
  const world = makeWorld();
  const store = memoryStore();
  world.server.say(id, 'm1', 'bob');
  const first = restarted(world, store, options);
  void first.connect();
  await world.clock.advance(500);
  for (const n of upTo(count, 2)) world.server.say(id, `m${n}`, 'bob');
  await world.clock.advance(500);
  first.close();
  await world.clock.advance(10);
  return { ...world, store };
}

const counted = (world: World, type: string): number =>
  world.server.links.flatMap(({ received }) => received).filter(({ body }) => body?.type === type).length;

describe('after a restart, with a local store', () => {
  it('conversations and messages are there before the network answers', async () => {
    const world = await afterFirstRun(5);
    world.server.isReachable = false;
    const alice = restarted(world, world.store);
    const live = alice.conversation(id).live();
    void alice.connect();
    await world.clock.advance(1);
    expect(alice.conversations.getSnapshot()).toMatchObject({
      isSynced: false,
      totalUnread: 5,
      conversations: [{ conversation: id, unread: 5 }],
    });
    // The first one was there before this client began to see the conversation.
    expect(textsOf(live)).toEqual(['m2', 'm3', 'm4', 'm5']);
    expect(live.getSnapshot()).toMatchObject({ isLoading: false, hasOlder: true });

    world.server.say(id, 'm6', 'bob');
    world.server.isReachable = true;
    await world.clock.advance(30_000);
    expect(textsOf(live)).toEqual(upTo(6).map((n) => `m${n}`));
    expect(alice.conversations.getSnapshot()).toMatchObject({ isSynced: true, totalUnread: 6 });
  });

  it.each([
    ['deleted for themselves', { type: 'hide', value: { seqs: [3] } }, ['m2', 'm4', 'm5']],
    ['cleared', { type: 'settings', value: { changes: [{ change: { type: 'cleared', value: { seq: 3 } } }] } }, ['m4', 'm5']],
  ] as const)('what the user has %s does not come back: done here before, or elsewhere since', async (_, act, left) => {
    for (const isElsewhere of [false, true]) {
      const world = await afterFirstRun(5);
      if (!isElsewhere) {
        const second = restarted(world, world.store);
        void second.connect();
        await world.clock.advance(500);
        world.server.act(id, 'alice', act);
        await world.clock.advance(5_000);
        second.close();
        await world.clock.advance(10);
        world.server.isReachable = false;
      } else world.server.act(id, 'alice', act);
      const alice = restarted(world, world.store);
      void alice.connect();
      await world.clock.advance(isElsewhere ? 1_000 : 1);
      // Looked at after the sync, which is all that tells of it.
      const live = alice.conversation(id).live();
      await world.clock.advance(1_000);
      expect(textsOf(live).filter((text) => text !== 'm1')).toEqual(left);
      live.close();
      alice.close();
    }
  });

  it('what was looked at is there, as far back as it was', async () => {
    const world = makeWorld();
    const store = memoryStore();
    for (const n of upTo(20)) world.server.say(id, `m${n}`, 'bob');
    const first = restarted(world, store);
    const looked = first.conversation(id).live({ pageSize: 5 });
    void first.connect();
    await world.clock.advance(500);
    void looked.loadOlder();
    await world.clock.advance(500);
    world.server.act(id, 'bob', { type: 'recall', value: { seq: 13 } });
    world.server.act(id, 'bob', { type: 'react', value: { seq: 12, reaction: '+' } });
    await world.clock.advance(500);
    const seen = looked.getSnapshot().entries;
    first.close();
    await world.clock.advance(10);
    world.server.isReachable = false;
    const alice = restarted(world, store);
    const live = alice.conversation(id).live();
    void alice.connect();
    await world.clock.advance(1);
    expect(textsOf(live)).toEqual(upTo(20, 11).map((n) => (n === 13 ? 'hidden' : `m${n}`)));
    expect(live.getSnapshot().entries).toEqual(seen);
  });

  it('what was queued is sent, once, under its id and in its order', async () => {
    const world = await afterFirstRun(1);
    world.server.isReachable = false;
    const before = restarted(world, world.store);
    void before.connect();
    const ids = ['one', 'two'].map((text) => before.conversation(id).send(text).clientMsgId);
    before.conversation(id).react(1, '👍');
    await world.clock.advance(100);
    before.close();
    await world.clock.advance(10);

    const after = restarted(world, world.store);
    const live = after.conversation(id).live();
    void after.connect();
    await world.clock.advance(10);
    expect(live.getSnapshot().entries).toMatchObject([
      { type: 'unsent', clientMsgId: ids[0] },
      { clientMsgId: ids[1], content: { text: 'two' } },
    ]);
    world.server.isReachable = true;
    await world.clock.advance(30_000);
    expect(
      world.server.conversations
        .get(id)
        ?.events.map(({ clientMsgId }) => clientMsgId)
        .slice(1, 3),
    ).toEqual(ids);
    expect(textsOf(live)).toEqual(['m1', 'one', 'two']);
    after.close();
    await world.clock.advance(10);
    const last = restarted(world, world.store);
    void last.connect();
    await world.clock.advance(1_000);
    expect([last.pending.length, world.server.conversations.get(id)?.events.length]).toEqual([0, 4]);
  });

  it('what happened meanwhile is told, and what was told before is not told again', async () => {
    const world = await afterFirstRun(3);
    for (const n of [4, 5]) world.server.say(id, `m${n}`, 'bob');
    const alice = restarted(world, world.store);
    const seen = record(alice);
    void alice.connect();
    await world.clock.advance(1_000);
    expect(seen.texts()).toEqual(['m4', 'm5']);
    expect(seen.gaps).toEqual([]);
  });

  it('conversations that were away for long are loaded when somebody looks', async () => {
    const world = await afterFirstRun(3, { limits: { catchUpMax: 10 } });
    for (const n of upTo(60, 4)) world.server.say(id, `m${n}`, 'bob');
    for (const n of upTo(20)) world.server.say(`u:alice|peer${n}`, 'hello', `peer${n}`);
    const asked = counted(world, 'queryHistory');
    const alice = restarted(world, world.store, { limits: { catchUpMax: 10 } });
    const seen = record(alice);
    void alice.connect();
    await world.clock.advance(5_000);
    expect(counted(world, 'queryHistory') - asked).toBe(0);
    expect(seen.gaps).toEqual([{ conversation: id, fromSeq: 4, toSeq: 60, reason: 'catch-up-limit' }]);
    expect(alice.conversations.getSnapshot()).toMatchObject({ totalUnread: 80 });
    const live = alice.conversation(id).live({ pageSize: 10 });
    await world.clock.advance(100);
    expect(textsOf(live)).toEqual(upTo(60, 51).map((n) => `m${n}`));
  });

  it('reading that nobody could be told of is told', async () => {
    const world = await afterFirstRun(3);
    world.server.isReachable = false;
    const offline = restarted(world, world.store);
    void offline.connect();
    await world.clock.advance(1);
    offline.conversation(id).markRead(3);
    expect(offline.conversations.getSnapshot().totalUnread).toBe(0);
    await world.clock.advance(500);
    offline.close();
    await world.clock.advance(10);
    world.server.isReachable = true;
    const alice = restarted(world, world.store);
    void alice.connect();
    await world.clock.advance(5_000);
    expect(world.server.conversations.get(id)?.views.get('alice')?.readSeq).toBe(3);
    expect(alice.conversations.getSnapshot().totalUnread).toBe(0);
  });

  it('everything begins anew when history was rebuilt, but for what was queued', async () => {
    const world = await afterFirstRun(3);
    world.server.rebuild('epoch-2');
    world.server.say(id, 'new', 'bob');
    world.server.isReachable = false;
    const alice = restarted(world, world.store);
    const live = alice.conversation(id).live();
    void alice.connect();
    alice.conversation(id).send('mine');
    await world.clock.advance(10);
    expect(textsOf(live)).toEqual(['m2', 'm3', 'mine']);
    world.server.isReachable = true;
    await world.clock.advance(30_000);
    expect(textsOf(live)).toEqual(['new', 'mine']);
    alice.close();
    await world.clock.advance(10);
    await expect(world.store.open('alice')).resolves.toMatchObject({ epoch: 'epoch-2', sends: [] });
  });

  it('no more is kept than the limits say', async () => {
    const world = makeWorld();
    const store = memoryStore();
    const storeLimits = { eventsMax: 10, conversationsMax: 5 };
    const alice = restarted(world, store, { storeLimits });
    void alice.connect();
    await world.clock.advance(100);
    for (const n of upTo(50)) {
      world.server.say(id, `m${n}`, 'bob');
      world.server.say(`u:alice|peer${n}`, 'hello', `peer${n}`);
      await world.clock.advance(10);
    }
    await world.clock.advance(1_000);
    const view = await store.open('alice');
    expect(view.conversations.map(({ conversation }) => conversation)).toContain(id);
    expect(view.conversations.length).toBeLessThanOrEqual(6);
    expect((await store.events(id, { fromSeq: 0, toSeq: 1_000 })).length).toBeLessThanOrEqual(11);
  });

  it('words that were taken back are on the device no more', async () => {
    const world = await afterFirstRun(1);
    const alice = restarted(world, world.store);
    void alice.connect();
    await world.clock.advance(500);
    world.server.say(id, 'a secret', 'bob');
    await world.clock.advance(500);
    const kept = async (): Promise<string> => {
      const events = await world.store.events(id, { fromSeq: 0, toSeq: 100 });
      return events.map(({ event }) => Buffer.from(event).toString('latin1')).join();
    };
    expect(await kept()).toContain('a secret');
    world.server.act(id, 'bob', { type: 'recall', value: { seq: 2 } });
    await world.clock.advance(500);
    expect(await kept()).not.toContain('a secret');
    alice.close();
  });

  it('a store of somebody else is not shown, and nothing of it is sent', async () => {
    const world = await afterFirstRun(3);
    const bob = world.client('bob', { user: 'bob', localStore: world.store });
    void bob.connect();
    await world.clock.advance(1);
    expect(bob.conversations.getSnapshot().conversations).toEqual([]);
    expect(() => world.client('alice', { localStore: world.store })).toThrow('options.user');

    const wrong = world.client('cid', { user: 'alice', localStore: memoryStore() });
    const seen = record(wrong);
    wrong.conversation(id).send('as whom?');
    void wrong.connect();
    await world.clock.advance(5_000);
    expect(wrong.status.state).toBe('closed');
    expect(seen.errors).toMatchObject([{ name: 'INVALID_ARGUMENT' }]);
    expect(world.server.sends).toEqual([]);
  });

  it.each<[string, Partial<LocalStore>]>([
    ['cannot be opened', { open: async () => Promise.reject(new Error('no room')) }],
    ['does not answer', { open: () => new Promise(() => {}) }],
    ['cannot be written', { write: async () => Promise.reject(new Error('full')) }],
    ['cannot be read', { events: async () => Promise.reject(new Error('broken')) }],
  ])('a store that %s costs what it keeps, and no message', async (_, broken) => {
    const world = makeWorld();
    world.server.say(id, 'm1', 'bob');
    const alice = restarted(world, { ...memoryStore(), ...broken });
    const seen = record(alice);
    void alice.connect();
    alice.conversation(id).send('mine');
    const live = alice.conversation(id).live();
    await world.clock.advance(20_000);
    world.server.say(id, 'm3', 'bob');
    await world.clock.advance(1_000);
    expect(textsOf(live)).toEqual(['m1', 'mine', 'm3']);
    expect(seen.errors.length).toBeLessThanOrEqual(1);
    alice.close();
  });
});
