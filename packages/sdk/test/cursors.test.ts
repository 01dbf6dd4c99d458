import { describe, expect, it } from '@jest/globals';
import type { ConversationCursor } from '@parley/wire';
import { wakeWithBrowser } from '../src/wake-with-browser.js';
import { makeWorld, upTo, type World } from './world.js';

const id = 'u:alice|bob';

/** Frames with cursors that the server got, in order. */
const cursorsOf = (world: World): readonly (readonly ConversationCursor[])[] =>
  world.server.links.flatMap(({ received }) => received).flatMap(({ body }) => (body?.type === 'moveCursors' ? [body.value.cursors] : []));

describe('reading', () => {
  it('is told once a second, with the newest place', async () => {
    const world = makeWorld();
    for (const n of upTo(9)) world.server.say(id, `m${n}`, 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(100);
    for (const n of upTo(9)) {
      client.conversation(id).markRead(n);
      await world.clock.advance(100);
    }
    await world.clock.advance(2_000);
    const told = cursorsOf(world).map(([cursor]) => cursor?.readSeq);
    expect(told).toEqual([1, 9]);
    expect(world.server.conversations.get(id)?.views.get('alice')?.readSeq).toBe(9);
  });

  it('without a place is of everything that came', async () => {
    const world = makeWorld();
    for (const n of upTo(3)) world.server.say(id, `m${n}`, 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(500);
    client.conversation(id).markRead();
    await world.clock.advance(100);
    expect(cursorsOf(world)).toEqual([[{ conversation: id, readSeq: 3, deliveredSeq: 0 }]]);
  });

  it('shows at once on the reading device, on its siblings and at the other end', async () => {
    const world = makeWorld();
    world.server.say(id, 'm1', 'bob');
    const reader = await world.online('alice', { deliveryReceipts: false });
    const sibling = await world.online('alice', { deliveryReceipts: false, device: 'second' });
    const bob = await world.online('bob', { deliveryReceipts: false });
    await world.clock.advance(200);
    for (const { seen } of [reader, sibling, bob]) seen.events.length = 0;
    reader.client.conversation(id).markRead();
    expect(reader.seen.events).toMatchObject([{ type: 'conversationChanged', what: 'cursor', readSeq: 1 }]);
    await world.clock.advance(200);
    expect(sibling.seen.events).toMatchObject([{ type: 'conversationChanged', what: 'cursor', readSeq: 1 }]);
    expect(bob.seen.events).toMatchObject([{ type: 'receiptChanged', what: 'cursor', user: 'alice', readSeq: 1 }]);
  });

  it('is told again when the answer was lost', async () => {
    const world = makeWorld();
    world.server.say(id, 'm1', 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(200);
    world.server.answers.set('moveCursors', () => undefined);
    client.conversation(id).markRead();
    await world.clock.advance(100);
    world.server.answers.delete('moveCursors');
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(world.server.conversations.get(id)?.views.get('alice')?.readSeq).toBe(1);
  });

  it('is told again when the server has lost what it had taken', async () => {
    const world = makeWorld();
    world.server.say(id, 'm1', 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(200);
    world.server.answers.set('moveCursors', () => ({ type: 'done', value: {} }));
    client.conversation(id).markRead();
    await world.clock.advance(5_000);
    world.server.answers.delete('moveCursors');
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(world.server.conversations.get(id)?.views.get('alice')?.readSeq).toBe(1);
    const told = cursorsOf(world).length;
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(cursorsOf(world)).toHaveLength(told);
  });

  it('is told before the client closes, and when the page is hidden', async () => {
    const world = makeWorld();
    for (const n of upTo(3)) world.server.say(id, `m${n}`, 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(200);
    let onVisible = (): void => {};
    const page = {
      visibilityState: 'hidden',
      addEventListener: (_: string, listener: () => void): void => {
        onVisible = listener;
      },
      removeEventListener: (): void => {},
    };
    wakeWithBrowser(client, { document: page });
    client.conversation(id).markRead(1);
    await world.clock.advance(100);
    client.conversation(id).markRead(2);
    onVisible();
    await world.clock.advance(50);
    client.conversation(id).markRead(3);
    client.close();
    await world.clock.advance(50);
    expect(cursorsOf(world).map(([cursor]) => cursor?.readSeq)).toEqual([1, 2, 3]);
  });

  it('is told again of a conversation that was marked as unread', async () => {
    const world = makeWorld();
    world.server.say(id, 'm1', 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(200);
    client.conversation(id).markRead();
    await world.clock.advance(2_000);
    client.conversation(id).settings.markUnread();
    await world.clock.advance(2_000);
    expect(world.server.conversations.get(id)?.views.get('alice')?.settings.isMarkedUnread).toBe(true);
    client.conversation(id).markRead();
    await world.clock.advance(2_000);
    expect(world.server.conversations.get(id)?.views.get('alice')?.settings.isMarkedUnread).toBe(false);
  });
});

describe('a mark as unread', () => {
  const viewOf = (world: World) => world.server.conversations.get(id)?.views.get('alice');

  it.each([
    ['online', true],
    ['offline', false],
  ])('outlasts what was read just before it: %s', async (_, isOnline) => {
    const world = makeWorld();
    for (const n of upTo(3)) world.server.say(id, `m${n}`, 'bob');
    const { client } = await world.online('alice', { deliveryReceipts: false });
    await world.clock.advance(200);
    client.conversation(id).markRead(1);
    await world.clock.advance(100);
    if (!isOnline) world.server.link.end.break();
    client.conversation(id).markRead(3);
    client.conversation(id).settings.markUnread();
    await world.clock.advance(10_000);
    expect(viewOf(world)).toMatchObject({ readSeq: 3, settings: { isMarkedUnread: true } });
    expect(client.conversations.find(id)).toMatchObject({ unread: 0, settings: { isMarkedUnread: true } });
  });

  it('outlasts a new connection, and what arrives', async () => {
    const world = makeWorld();
    for (const n of upTo(2)) world.server.say(id, `m${n}`, 'bob');
    const { client } = await world.online('alice');
    await world.clock.advance(2_000);
    client.conversation(id).markRead(2);
    await world.clock.advance(2_000);
    // Nothing moves, so nothing is seen of it.
    world.server.link.end.break();
    await world.clock.advance(5_000);
    client.conversation(id).settings.markUnread();
    await world.clock.advance(100);
    world.server.say(id, 'm3', 'bob', { noUnread: true });
    await world.clock.advance(2_000);
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(viewOf(world)).toMatchObject({ deliveredSeq: 3, settings: { isMarkedUnread: true } });
    expect(client.conversations.find(id)?.settings.isMarkedUnread).toBe(true);
  });
});

describe('delivery', () => {
  it('is told by itself, for many conversations in one frame', async () => {
    const world = makeWorld();
    await world.online('alice');
    await world.clock.advance(2_000);
    for (const peer of ['bob', 'eve']) for (const n of upTo(3)) world.server.say(`u:alice|${peer}`, `m${n}`, peer);
    await world.clock.advance(3_000);
    expect(cursorsOf(world)).toEqual([
      [
        { conversation: 'u:alice|bob', readSeq: 0, deliveredSeq: 3 },
        { conversation: 'u:alice|eve', readSeq: 0, deliveredSeq: 3 },
      ],
    ]);
  });

  it('is told in groups only of messages that want a receipt', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice', 'bob']);
    await world.online('alice');
    world.server.say('g:team', 'm1', 'bob');
    await world.clock.advance(3_000);
    expect(cursorsOf(world)).toEqual([]);
    world.server.say('g:team', 'm2', 'bob', { needsReceipt: true });
    await world.clock.advance(3_000);
    expect(cursorsOf(world)).toEqual([[{ conversation: 'g:team', readSeq: 0, deliveredSeq: 2 }]]);
  });

  it('stays untold where the application wants that', async () => {
    const world = makeWorld();
    await world.online('alice', { deliveryReceipts: false });
    world.server.say(id, 'm1', 'bob');
    await world.clock.advance(3_000);
    expect(cursorsOf(world)).toEqual([]);
  });
});

describe('writing', () => {
  const typings = (world: World): readonly boolean[] =>
    world.server.links
      .flatMap(({ received }) => received)
      .flatMap(({ body }) => (body?.type === 'act' && body.value.act?.kind?.type === 'typing' ? [body.value.act.kind.value.isOver] : []));

  it('is told rarely, however many keys are pressed', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    for (let key = 0; key < 40; key++) {
      client.conversation(id).typing();
      await world.clock.advance(100);
    }
    client.conversation(id).typing(false);
    client.conversation(id).typing(false);
    await world.clock.advance(100);
    expect(typings(world)).toEqual([false, false, true]);
  });

  it('shows to those who look, and ends by itself', async () => {
    const world = makeWorld();
    const { client: alice } = await world.online('alice');
    const bob = await world.online('bob');
    const seen: (readonly [string, boolean])[] = [];
    bob.client.on('typing', ({ user, isTyping }) => seen.push([user, isTyping]));
    alice.conversation(id).typing();
    await world.clock.advance(100);
    expect(seen).toEqual([]);
    bob.client.conversation(id).look();
    // What the user looks at is told again after a reconnect.
    world.server.link.end.break();
    await world.clock.advance(5_000);
    alice.conversation(id).typing();
    await world.clock.advance(1_000);
    expect(seen).toEqual([['alice', true]]);
    await world.clock.advance(6_000);
    expect(seen).toEqual([
      ['alice', true],
      ['alice', false],
    ]);
  });

  it('ends with the message', async () => {
    const world = makeWorld();
    const { client: alice } = await world.online('alice');
    const bob = await world.online('bob');
    const seen: boolean[] = [];
    bob.client.on('typing', ({ isTyping }) => seen.push(isTyping));
    bob.client.conversation(id).look();
    await world.clock.advance(100);
    alice.conversation(id).typing();
    await world.clock.advance(100);
    alice.conversation(id).send('done');
    await world.clock.advance(100);
    expect(seen).toEqual([true, false]);
  });
});
