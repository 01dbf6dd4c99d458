import { describe, expect, it } from '@jest/globals';
import type { Client } from '../src/client.js';
import type { ClientEvents, TimelineEvent } from '../src/events.js';
import { storageOutboxStore } from '../src/storage-outbox-store.js';
import { makeWorld, upTo, type World } from './world.js';

/** Two users with a conversation of a few messages: odd ones of alice, even ones of bob. */
async function makeTalk(count = 2): Promise<World & { alice: Client; told: ClientEvents['event'][]; id: string }> {
  const world = makeWorld();
  const id = 'u:alice|bob';
  const { client: alice, seen } = await world.online('alice', { deliveryReceipts: false });
  for (const n of upTo(count)) {
    if (n % 2 === 0) world.server.say(id, `m${n}`, 'bob');
    else alice.user('bob').send(`m${n}`);
    await world.clock.advance(50);
  }
  seen.events.length = 0;
  return { ...world, alice, told: seen.events, id };
}

const acts = (world: World): readonly string[] =>
  world.server.links.flatMap(({ received }) => received).flatMap(({ body }) => (body?.type === 'act' ? [body.value.clientMsgId] : []));

describe('an act', () => {
  it('takes its place in the order on the acting device as it does on others', async () => {
    const { alice, online, clock, told, id } = await makeTalk();
    const { seen } = await online('bob', { deliveryReceipts: false });
    const talk = alice.conversation(id);
    const handles = [talk.edit(1, 'better'), talk.react(2, '👍'), talk.pin(2), talk.recall(1, 'typo')];
    await clock.advance(100);
    expect(handles.map(({ state }) => state)).toEqual(['stored', 'stored', 'stored', 'stored']);
    const kinds = (events: readonly TimelineEvent[]) => events.map(({ type, seq }) => [type, seq]);
    expect(kinds(told)).toHaveLength(4);
    expect(new Set(kinds(told).map(([type]) => type))).toEqual(
      new Set(['messageEdited', 'reactionsChanged', 'pinsChanged', 'messageRecalled']),
    );
    const afterTwo = seen.events.filter(({ seq }) => seq > 2);
    expect(kinds(afterTwo)).toEqual(kinds(told));
    expect(told.find(({ type }) => type === 'messageEdited')).toMatchObject({
      target: 1,
      isOwn: true,
      content: { type: 'text', text: 'better' },
    });
    expect(afterTwo.find(({ type }) => type === 'messageRecalled')).toMatchObject({
      target: 1,
      isOwn: false,
      sender: 'alice',
      reason: 'typo',
    });
  });

  it('is repeated under its id until it is answered, and counts once', async () => {
    const world = await makeTalk();
    world.server.mischief = { ...world.server.mischief, sendFate: () => 'lose' };
    const handle = world.alice.conversation(world.id).react(2, '👍');
    await world.clock.advance(2_000);
    world.server.link.end.break();
    world.server.mischief = { ...world.server.mischief, sendFate: () => 'accept' };
    await world.clock.advance(15_000);
    expect(handle).toMatchObject({ state: 'stored', seq: 3 });
    expect(acts(world).length).toBeGreaterThan(1);
    expect(new Set(acts(world)).size).toBe(1);
    expect(world.server.conversations.get(world.id)?.events).toHaveLength(3);
  });

  it('is fetched where its event does not come', async () => {
    const { alice, clock, server, told, id } = await makeTalk();
    server.mischief = { ...server.mischief, eventCopies: () => 0 };
    alice.conversation(id).pin(2);
    await clock.advance(250);
    expect(told).toMatchObject([{ type: 'pinsChanged', seq: 3, target: 2, isOwn: true }]);
  });

  it('survives a restart of the application', async () => {
    const world = await makeTalk();
    const values = new Map<string, string>();
    const storage = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
    };
    const before = world.client('alice', { store: storageOutboxStore(storage, 'alice') });
    before.conversation(world.id).edit(1, 'later');
    await world.clock.advance(10);
    before.close();
    await world.online('alice', { store: storageOutboxStore(storage, 'alice'), device: 'again' });
    await world.clock.advance(100);
    expect(world.server.conversations.get(world.id)?.events.at(-1)).toMatchObject({ seq: 3, body: { type: 'edited' } });
    expect(values.get('alice')).toBe('[]');
  });

  it('that changes nothing is done, and nobody is told', async () => {
    const { alice, clock, told, id } = await makeTalk();
    const twice = [alice.conversation(id).react(2, '👍'), alice.conversation(id).react(2, '👍')];
    await clock.advance(100);
    expect(twice.map(({ state, seq }) => [state, seq])).toEqual([
      ['stored', 3],
      ['stored', 0],
    ]);
    expect(told.map(({ seq }) => seq)).toEqual([3]);
  });

  it('that is refused fails with the reason', async () => {
    const { alice, clock, id } = await makeTalk();
    const handles = [alice.conversation(id).edit(2, 'not mine'), alice.conversation(id).react(99, '?')];
    await clock.advance(100);
    expect(handles.map(({ error }) => error?.name)).toEqual(['PERMISSION_DENIED', 'MESSAGE_NOT_FOUND']);
  });
});

describe('a message', () => {
  it('carries what goes with it', async () => {
    const { alice, online, clock, id } = await makeTalk();
    const { seen } = await online('bob');
    alice.conversation(id).reply(2, 'indeed', { mentions: { users: ['bob'] }, needsReceipt: true, expiresAfterMs: 60_000 });
    await clock.advance(100);
    expect(seen.messages.at(-1)).toMatchObject({
      replyTo: { seq: 2, rootSeq: 2, sender: 'bob' },
      mentions: { users: ['bob'], isEveryone: false, isSilent: false },
      needsReceipt: true,
      expiresMs: expect.any(Number),
    });
    expect(seen.messages[0]).not.toHaveProperty('replyTo');
  });

  it('is forwarded with who said it first, over any number of hands', async () => {
    const { alice, clock, server, id } = await makeTalk();
    const messages = (await fetched(clock, alice.conversation(id).history({ backwards: false }))).events;
    const [first, second] = messages as [ClientEvents['message'], ClientEvents['message']];
    alice.conversation('u:alice|eve').forward(second);
    alice.conversation('u:alice|eve').forward([first, second], { title: 'Talk' });
    await clock.advance(100);
    const [one, many] = (await fetched(clock, alice.conversation('u:alice|eve').history({ backwards: false }))).events;
    expect(one).toMatchObject({ content: { type: 'text', text: 'm2' }, forwarded: { sender: 'bob' } });
    expect(many).toMatchObject({
      content: {
        type: 'combined',
        title: 'Talk',
        summary: 'alice: m1\nbob: m2',
        items: [{ sender: 'alice' }, { sender: 'bob', content: { text: 'm2' } }],
      },
    });
    expect(server.conversations.get('u:alice|eve')?.events).toHaveLength(2);
  });

  it('shows in pages what it has become', async () => {
    const { alice, clock, server, id } = await makeTalk(4);
    server.act(id, 'bob', { type: 'react', value: { seq: 1, reaction: '👍' } });
    server.act(id, 'bob', { type: 'edit', value: { seq: 2, content: Uint8Array.of(10, 4, 10, 2, 111, 107) } });
    server.act(id, 'bob', { type: 'recall', value: { seq: 4, reason: 'oops' } });
    const { events } = await fetched(clock, alice.conversation(id).history({ backwards: false, limit: 4 }));
    expect(events[0]).toMatchObject({
      type: 'message',
      details: { reactions: [{ reaction: '👍', count: 1, recent: ['bob'], isOwn: false }] },
    });
    expect(events[1]).toMatchObject({ content: { text: 'ok' }, details: { edited: { by: 'bob', seq: 6 } } });
    expect(events[2]).not.toHaveProperty('details');
    expect(events[3]).toMatchObject({
      type: 'hidden',
      sender: 'bob',
      details: { removed: { cause: 'recalled', by: 'bob', reason: 'oops' } },
    });
  });

  it('that is withheld keeps its place as a hidden one', async () => {
    const { alice, clock, server, id } = await makeTalk();
    alice.conversation(id).hide(2);
    await clock.advance(100);
    const { events } = await fetched(clock, alice.conversation(id).history({ backwards: false }));
    expect(events.map(({ type, seq }) => [type, seq])).toEqual([
      ['message', 1],
      ['hidden', 2],
    ]);
    expect(server.conversations.get(id)?.views.get('alice')?.hidden).toEqual(new Set([2]));
  });
});

describe('an export', () => {
  it('brings every event as plain data, oldest first', async () => {
    const { alice, clock, id } = await makeTalk(3);
    alice.conversation(id).send({ type: 'custom', subType: 7, payload: Uint8Array.of(1, 2, 3) });
    await clock.advance(100);
    const lines: unknown[] = [];
    const reading = (async () => {
      for await (const event of alice.conversation(id).export()) lines.push(event);
    })();
    await fetched(clock, reading);
    expect(JSON.parse(JSON.stringify(lines))).toEqual(lines);
    expect(lines).toMatchObject([{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 4, content: { type: 'custom', subType: 7, payload: 'AQID' } }]);
  });
});

/** Lets a question be answered while time goes by. */
async function fetched<Result>(clock: World['clock'], work: Promise<Result>): Promise<Result> {
  let isDone = false;
  const end = (): void => {
    isDone = true;
  };
  work.then(end, end);
  await clock.until(() => isDone);
  return work;
}
