import { describe, expect, it } from '@jest/globals';
import { encodeConversationEvent } from '@parley/wire';
import type { Client, FullClientOptions } from '../src/client.js';
import type { LocalStore } from '../src/local-store/local-store.js';
import { memoryStore } from '../src/local-store/memory-store.js';
import { textsOf } from './live-world.js';
import { makeWorld, record, upTo, type World } from './world.js';

const id = 'u:alice|bob';
const day = 24 * 3_600_000;

const started = (world: World, localStore: LocalStore, options: Partial<FullClientOptions> = {}): Client => {
  const client = world.client('alice', { user: 'alice', localStore, ...options });
  client.connect().catch(() => {});
  return client;
};

/** A world in which alice has seen m1 … with a store, and is online. */
async function makeKept(count: number): Promise<World & { readonly store: LocalStore; readonly alice: Client }> {
  const world = makeWorld();
  const store = memoryStore();
  const alice = started(world, store);
  await world.clock.advance(500);
  for (const n of upTo(count)) world.server.say(id, `m${n}`, 'bob');
  await world.clock.advance(500);
  return { ...world, store, alice };
}

async function ended({ clock }: World, client: Client): Promise<void> {
  client.close();
  await clock.advance(10);
}

describe('what the user has deleted for themselves', () => {
  it('does not come back where that is told before the message is', async () => {
    const world = await makeKept(1);
    const { server, clock, alice, store } = world;
    const hidden = {
      conversation: id,
      sender: 'alice',
      timeMs: clock.now(),
      body: { type: 'hidden', value: { user: 'alice', seqs: [2] } },
    } as const;
    const live = alice.conversation(id).live();
    await clock.advance(100);
    server.push(server.link, { type: 'event', value: encodeConversationEvent(hidden) });
    await clock.advance(10);
    server.say(id, 'm2', 'bob');
    server.say(id, 'm3', 'bob');
    await clock.advance(500);
    expect(textsOf(live)).toEqual(['m1', 'm3']);
    await ended(world, alice);
    server.isReachable = false;
    const kept = started(world, store).conversation(id).live();
    await clock.advance(500);
    expect(textsOf(kept)).toEqual(['m1', 'm3']);
  });
});

describe('what was queued', () => {
  it('keeps its order over restarts, also where it was sent before the store was open', async () => {
    const world = await makeKept(1);
    await ended(world, world.alice);
    world.server.isReachable = false;
    for (const texts of [['a', 'b'], ['c']]) {
      const client = started(world, world.store);
      for (const text of texts) client.conversation(id).send(text);
      await world.clock.advance(100);
      await ended(world, client);
    }
    world.server.isReachable = true;
    const last = started(world, world.store);
    const live = last.conversation(id).live();
    await world.clock.advance(30_000);
    expect(textsOf(live)).toEqual(['m1', 'a', 'b', 'c']);
  });

  it('fails after 7 days, and can be sent again', async () => {
    const world = await makeKept(1);
    await ended(world, world.alice);
    world.server.isReachable = false;
    const sentMs = world.clock.now();
    for (const [text, days] of [
      ['old', 6],
      ['young', 1.5],
    ] as const) {
      const before = started(world, world.store);
      before.conversation(id).send(text);
      await world.clock.advance(10);
      await ended(world, before);
      await world.clock.advance(days * day);
    }
    world.server.isReachable = true;
    const after = started(world, world.store);
    const live = after.conversation(id).live();
    await world.clock.advance(10_000);
    expect(textsOf(live)).toEqual(['m1', 'young', 'old']);
    const failed = live.getSnapshot().entries[2];
    expect(failed).toMatchObject({ type: 'unsent', state: 'failed', timeMs: sentMs, error: { name: 'TIMEOUT' } });
    await expect(world.store.open('alice')).resolves.toMatchObject({ sends: [] });
    if (failed?.type === 'unsent') failed.retry();
    await world.clock.advance(1_000);
    expect(live.getSnapshot().entries[2]).toMatchObject({ type: 'message', seq: 3 });
  });
});

describe('a store', () => {
  it('is free when logging out is done, and empty where that was asked for', async () => {
    for (const clearStore of [false, true]) {
      const world = await makeKept(2);
      world.server.answers.set('send', () => undefined);
      world.alice.conversation(id).send('mine');
      await world.clock.advance(1_000);
      let isClosed = false;
      const close = world.store.close.bind(world.store);
      Object.assign(world.store, {
        close: async () => {
          await close();
          isClosed = true;
        },
      });
      const loggedOut = world.alice.logout({ clearStore });
      await world.clock.advance(100);
      await loggedOut;
      expect(isClosed).toBe(true);
      const { conversations, sends, cursor } = await world.store.open('alice');
      const events = await world.store.events(id, { fromSeq: 0, toSeq: 100 });
      expect([conversations.length, sends.length, events.length, cursor === '']).toEqual(clearStore ? [0, 0, 0, true] : [1, 1, 2, false]);
    }
  });

  it('of somebody else lets nothing of it out: neither words nor what they have read', async () => {
    const world = await makeKept(2);
    await ended(world, world.alice);
    world.server.isReachable = false;
    const offline = started(world, world.store);
    await world.clock.advance(10);
    offline.conversation(id).markRead();
    offline.conversation(id).send('mine');
    await world.clock.advance(500);
    await ended(world, offline);
    world.server.isReachable = true;
    const links = world.server.links.length;
    const wrong = started(world, world.store, { token: () => 'bob' });
    const seen = record(wrong);
    await world.clock.advance(5_000);
    expect([wrong.status.state, seen.errors.map(({ name }) => name)]).toEqual(['closed', ['INVALID_ARGUMENT']]);
    const types = world.server.links.slice(links).flatMap(({ received }) => received.map(({ body }) => body?.type));
    expect(types.filter((type) => !['login', 'sync'].includes(type ?? ''))).toEqual([]);
  });

  it('shows nothing of a conversation that the server does not show any more', async () => {
    const world = await makeKept(3);
    await ended(world, world.alice);
    const alice = started(world, world.store);
    world.server.answers.set('queryHistory', () => world.server.refuse('CONVERSATION_NOT_FOUND'));
    world.server.answers.set('listPins', () => world.server.refuse('CONVERSATION_NOT_FOUND'));
    const live = alice.conversation(id).live();
    await world.clock.advance(10_000);
    expect(live.getSnapshot()).toMatchObject({ entries: [], isLoading: false, error: { name: 'CONVERSATION_NOT_FOUND' } });
    await ended(world, alice);
    expect(await world.store.events(id, { fromSeq: 0, toSeq: 100 })).toEqual([]);
  });
});
