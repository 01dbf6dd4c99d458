import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@parley/kernel';
import { type ConversationEventInit, type ConversationHeadInit, encodeContent, encodeConversationEvent } from '@parley/wire';
import type { Client } from '../src/client.js';
import { setting, textContent } from './live-world.js';
import { makeWorld, upTo, type World } from './world.js';

const id = 'u:alice|bob';
const marked = setting({ type: 'markedUnread', value: { isOn: true } });

interface Listed extends World {
  readonly alice: Client;
  /** Tells alice something, as the server would. */
  tell(event: ConversationEventInit): Promise<void>;
}

/** Alice is online, and bob has said m1 … to her. */
async function makeListed(count: number): Promise<Listed> {
  const world = makeWorld();
  for (const n of upTo(count)) world.server.say(id, `m${n}`, 'bob');
  const { client: alice } = await world.online('alice', { catchUp: 'heads', deliveryReceipts: false });
  await world.clock.advance(500);
  const tell = async (event: ConversationEventInit): Promise<void> => {
    const value = encodeConversationEvent({ conversation: id, messageId: 'n', timeMs: world.clock.now(), ...event });
    world.server.push(world.server.link, { type: 'event', value });
    await world.clock.advance(10);
  };
  return { ...world, alice, tell };
}

const cursor = (readSeq: number, countable = 0): ConversationEventInit => ({
  sender: 'alice',
  body: { type: 'cursor', value: { user: 'alice', readSeq, deliveredSeq: readSeq, countable } },
});

/** Lets the next question about the conversation be answered with a head that is about to be old. */
async function askedFor({ server, clock, tell }: Listed, stale: Partial<ConversationHeadInit>): Promise<void> {
  const conversation = server.conversations.get(id);
  if (conversation === undefined) throw new Error('nothing was said');
  server.answers.set('getConversation', () => {
    server.answers.delete('getConversation');
    const value = { conversation: id, headSeq: conversation.events.length, firstSeq: 1, isMember: true, ...stale };
    return { type: 'conversations', value: { conversations: [value] } };
  });
  // Where only the server can count it is asked.
  await tell(cursor(2));
  await clock.advance(100);
}

describe('the list of conversations', () => {
  it('asks for a conversation of which it is told a setting before anything that was said', async () => {
    const { alice, clock, server, tell } = await makeListed(1);
    const other = 'u:alice|carol';
    const head = {
      conversation: other,
      headSeq: 1,
      firstSeq: 1,
      isMember: true,
      unread: 1,
      countable: 1,
      settings: { draft: 'well', marks: [3] },
    };
    server.answers.set('getConversation', () => ({ type: 'conversations', value: { conversations: [head] } }));
    const changes = [{ change: { type: 'marks', value: { marks: [3] } } }] as const;
    await tell({ conversation: other, sender: 'alice', body: { type: 'settings', value: { user: 'alice', changes } } });
    await clock.advance(100);
    expect(alice.conversations.find(other)).toMatchObject({ headSeq: 1, unread: 1, settings: { draft: 'well', marks: [3] } });
  });

  it('counts nothing from before the user came back, also when an older answer comes after that', async () => {
    const { alice, clock, server, tell } = await makeListed(1);
    const conversation = 'g:team';
    const old = { conversation, headSeq: 1, firstSeq: 1, isMember: true };
    server.answers.set('getConversation', () => ({ type: 'conversations', value: { conversations: [old] } }));
    const membership = (seq: number, change: { readonly joined?: readonly string[]; readonly left?: readonly string[] }) =>
      tell({ conversation, seq, body: { type: 'membership', value: { version: seq, ...change } } });
    await membership(1, { joined: ['alice', 'bob'] });
    await clock.advance(3_000);
    await tell({ conversation, seq: 2, sender: 'bob', body: { type: 'content', value: encodeContent(textContent('hello')) } });
    await clock.advance(100);
    expect(alice.conversations.find(conversation)).toMatchObject({ headSeq: 2, unread: 1 });
    await membership(3, { left: ['alice'] });
    await membership(4, { joined: ['alice'] });
    await clock.advance(100);
    expect(alice.conversations.find(conversation)).toMatchObject({ headSeq: 4, unread: 0 });
  });

  it('keeps a mark that an older answer does not know of, although it is of the same moment', async () => {
    const world = await makeListed(3);
    const atMs = world.clock.now();
    world.server.act(id, 'alice', marked);
    await world.clock.advance(10);
    expect(world.alice.conversations.find(id)?.settings.isMarkedUnread).toBe(true);
    // Not a cursor: that would end the mark.
    world.server.answers.set('getConversation', () => ({
      type: 'conversations',
      value: { conversations: [{ conversation: id, headSeq: 4, firstSeq: 1, isMember: true, updatedMs: atMs, unread: 4, countable: 4 }] },
    }));
    const recalled = encodeConversationEvent({ conversation: id, seq: 4, messageId: 'gone', sender: 'bob', timeMs: atMs });
    world.server.push(world.server.link, { type: 'event', value: recalled });
    await world.clock.advance(100);
    expect(world.alice.conversations.find(id)).toMatchObject({ unread: 4, settings: { isMarkedUnread: true } });
  });

  it('does not bring a mark back that reading has ended since an older answer was made', async () => {
    const world = await makeListed(5);
    const beforeMs = world.clock.now();
    await world.clock.advance(10);
    world.server.act(id, 'alice', marked);
    await world.clock.advance(10);
    await askedFor(world, { updatedMs: beforeMs, unread: 3, countable: 5, readSeq: 2 });
    expect(world.alice.conversations.find(id)).toMatchObject({ unread: 3, settings: { isMarkedUnread: false } });
  });

  it('counts on from what the server says about a cursor, also when newer messages were faster', async () => {
    const { alice, clock, server, tell } = await makeListed(4);
    server.say(id, 'm5', 'bob');
    await clock.advance(10);
    server.answers.set('getConversation', () => undefined);
    await tell(cursor(4, 4));
    expect(alice.conversations.find(id)).toMatchObject({ unread: 1, readSeq: 4 });
  });

  it('leaves unread what comes while all is being read', async () => {
    const { alice, clock, server } = await makeListed(3);
    server.say('u:alice|cid', 'hello', 'cid');
    await clock.advance(10);
    server.answers.set('readAll', ({ id: request }, link) => {
      server.answers.delete('readAll');
      for (const [conversation, seq] of [[id, 3] as const, ['u:alice|cid', 1] as const]) server.read(conversation, 'alice', seq);
      server.say(id, 'm4', 'bob');
      clock.setTimer(20, () => server.push(link, { type: 'done', value: {} }, request));
      return undefined;
    });
    const all = alice.conversations.readAll();
    await clock.advance(100);
    await all;
    expect(alice.conversations.getSnapshot().totalUnread).toBe(1);
    await clock.advance(5_000);
    expect(server.conversations.get(id)?.views.get('alice')?.readSeq).toBe(3);
  });

  it('asks again where an answer could not be had', async () => {
    const { alice, clock, server, tell } = await makeListed(5);
    server.say(id, 'm6', 'bob', { noUnread: true });
    await clock.advance(10);
    server.answers.set('getConversation', () => server.refuse('UNAVAILABLE'));
    server.read(id, 'alice', 2);
    await tell(cursor(2));
    // At most: four have come since, one of which does not count.
    expect(alice.conversations.find(id)?.unread).toBe(4);
    server.answers.delete('getConversation');
    await clock.advance(5_000);
    expect(alice.conversations.find(id)?.unread).toBe(3);
  });

  it('shows own settings at once, also offline, and takes them back when they are refused', async () => {
    const { alice, clock, server } = await makeListed(2);
    const shown = () => alice.conversations.find(id)?.settings;
    const seen = new Set<boolean>();
    alice.conversations.subscribe(() => seen.add((shown()?.pinnedMs ?? 0) > 0));
    server.mischief = { ...server.mischief, eventDelayMs: () => 500 };
    server.link.end.break();
    alice.conversation(id).settings.pin();
    alice.conversation(id).settings.draft('hm');
    expect([(shown()?.pinnedMs ?? 0) > 0, shown()?.draft]).toEqual([true, 'hm']);
    await clock.advance(10_000);
    expect(shown()).toMatchObject({ pinnedMs: server.conversations.get(id)?.views.get('alice')?.settings.pinnedMs, draft: 'hm' });
    expect(seen).toEqual(new Set([true]));

    server.act(id, 'alice', setting({ type: 'draft', value: { text: 'other' } }));
    await clock.advance(1_000);
    expect(shown()?.draft).toBe('other');
    server.answers.set('act', () => server.refuse('PERMISSION_DENIED'));
    alice.conversation(id).settings.draft('no');
    expect(shown()?.draft).toBe('no');
    await clock.advance(1_000);
    expect(shown()?.draft).toBe('other');
  });

  it('counts what is unread in the total again as soon as a mute ends', async () => {
    const { alice, clock } = await makeListed(2);
    alice.conversation(id).settings.mute(5_000);
    await clock.advance(100);
    expect(alice.conversations.getSnapshot().totalUnread).toBe(0);
    let told = 0;
    alice.conversations.subscribe(() => told++);
    await clock.advance(6_000);
    expect([alice.conversations.getSnapshot().totalUnread, told]).toEqual([2, 1]);
  });

  it('is the same object when what is told is known already', async () => {
    const { alice, clock, tell } = await makeListed(5);
    alice.conversation(id).markRead();
    await clock.advance(2_000);
    const before = alice.conversations.getSnapshot();
    await tell(cursor(5, 5));
    await tell(cursor(4));
    expect(alice.conversations.getSnapshot()).toBe(before);
  });

  it('stands in the order of the newest message, however often it changes', async () => {
    const world = makeWorld();
    const random = seededRandom(7);
    const { client: alice } = await world.online('alice', { deliveryReceipts: false });
    const newest = new Map<string, number>();
    for (let step = 0; step < 200; step++) {
      const conversation = `u:alice|p${Math.floor(random.next() * 40)}`;
      world.server.say(conversation, `s${step}`, conversation.slice(8));
      newest.set(conversation, step);
      await world.clock.advance(2);
      if (step % 9 > 0) continue;
      const wanted = [...newest].sort(([, a], [, b]) => b - a).map(([name]) => name);
      expect(alice.conversations.getSnapshot().conversations.map((item) => item.conversation)).toEqual(wanted);
    }
  });
});
