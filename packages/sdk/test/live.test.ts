import { describe, expect, it } from '@jest/globals';
import { encodeContent } from '@parley/wire';
import type { Client, FullClientOptions } from '../src/client.js';
import type { LiveMessages } from '../src/live/live-messages.js';
import type { UnsentMessage } from '../src/live/unsent.js';
import { setting, storedOf, textContent, textsOf } from './live-world.js';
import { makeWorld, upTo, type World } from './world.js';

const id = 'u:alice|bob';

/** Alice looks at a conversation in which bob has said m1 … */
async function makeTalk(count: number, options: Partial<FullClientOptions> = {}): Promise<World & { alice: Client; live: LiveMessages }> {
  const world = makeWorld();
  for (const n of upTo(count)) world.server.say(id, `m${n}`, 'bob');
  const { client: alice } = await world.online('alice', { catchUp: 'heads', ...options });
  const live = alice.conversation(id).live({ pageSize: 5 });
  await world.clock.advance(100);
  return { ...world, alice, live };
}

describe('live messages', () => {
  it('begin with the newest page and grow by pages in both directions', async () => {
    const { live, clock, server } = await makeTalk(20);
    expect(textsOf(live)).toEqual(['m16', 'm17', 'm18', 'm19', 'm20']);
    expect(live.getSnapshot()).toMatchObject({ hasOlder: true, hasNewer: false, isLoading: false, gaps: [] });
    void live.loadOlder();
    await clock.advance(50);
    expect(textsOf(live)[0]).toBe('m11');
    void live.around(4);
    await clock.advance(50);
    expect(live.getSnapshot()).toMatchObject({ gaps: [{ fromSeq: 7, toSeq: 10 }], hasOlder: true, hasNewer: true });
    void live.loadNewer();
    await clock.advance(50);
    void live.loadOlder();
    await clock.advance(50);
    expect(textsOf(live)).toEqual(upTo(20).map((n) => `m${n}`));
    expect(live.getSnapshot()).toMatchObject({ gaps: [], hasOlder: false, hasNewer: false });
    server.say(id, 'm21', 'bob');
    await clock.advance(50);
    expect(textsOf(live)[20]).toBe('m21');
  });

  it('are the same object until something changes, and tell each change once', async () => {
    const { live, clock, server } = await makeTalk(3);
    let told = 0;
    const off = live.subscribe(() => told++);
    const before = live.getSnapshot();
    await clock.advance(1_000);
    expect(live.getSnapshot()).toBe(before);
    server.say('u:alice|cid', 'elsewhere', 'cid');
    await clock.advance(50);
    expect([live.getSnapshot() === before, told]).toEqual([true, 0]);
    server.say(id, 'm4', 'bob');
    await clock.advance(50);
    expect([live.getSnapshot() === before, told]).toEqual([false, 1]);
    expect(live.getSnapshot().entries[0]).toBe(before.entries[0]);
    off();
    server.say(id, 'm5', 'bob');
    await clock.advance(50);
    expect(told).toBe(1);
  });

  it('show what becomes of messages', async () => {
    const { live, clock, server, alice } = await makeTalk(4);
    server.act(id, 'bob', { type: 'edit', value: { seq: 1, content: encodeContent(textContent('better')) } });
    server.act(id, 'bob', { type: 'recall', value: { seq: 2, reason: 'oops' } });
    server.act(id, 'bob', { type: 'react', value: { seq: 3, reaction: '👍' } });
    server.act(id, 'bob', { type: 'pin', value: { seq: 3 } });
    alice.conversation(id).hide(4);
    await clock.advance(100);
    const { entries, pins } = live.getSnapshot();
    expect(entries).toMatchObject([
      { content: { text: 'better' }, details: { edited: { by: 'bob' } } },
      { type: 'hidden', details: { removed: { cause: 'recalled', reason: 'oops' } } },
      { details: { reactions: [{ reaction: '👍', count: 1, isOwn: false }], pinned: { by: 'bob' } } },
    ]);
    expect(pins).toMatchObject([{ seq: 3, pinnedBy: 'bob' }]);
  });

  it('let messages go when their time is over', async () => {
    const { live, clock, server } = await makeTalk(1);
    server.say(id, 'secret', 'bob', { expiresMs: clock.now() + 5_000 });
    await clock.advance(4_900);
    expect(textsOf(live)).toEqual(['m1', 'secret']);
    let told = 0;
    live.subscribe(() => told++);
    await clock.advance(200);
    expect(told).toBe(1);
    expect(live.getSnapshot().entries[1]).toMatchObject({ type: 'hidden', details: { removed: { cause: 'expired' } } });
  });

  it('show own messages at once, with their state, and once when they have their place', async () => {
    const { live, clock, server, alice } = await makeTalk(1);
    server.isReachable = false;
    server.link.end.break();
    alice.conversation(id).send('mine');
    const [, entry] = live.getSnapshot().entries;
    expect(entry).toMatchObject({ type: 'unsent', state: 'queued', content: { text: 'mine' } });
    server.isReachable = true;
    const lengths = new Set<number>();
    live.subscribe(() => lengths.add(live.getSnapshot().entries.length));
    await clock.advance(60_000);
    expect(live.getSnapshot().entries[1]).toMatchObject({ type: 'message', seq: 2, isOwn: true });
    expect(lengths).toEqual(new Set([2]));
  });

  it('keep a failed message until it is sent again or put away', async () => {
    const { live, clock, server, alice } = await makeTalk(1);
    server.answers.set('send', () => server.refuse('PERMISSION_DENIED'));
    alice.conversation(id).send('one');
    alice.conversation(id).send('two');
    await clock.advance(100);
    const failed = live.getSnapshot().entries.slice(1) as UnsentMessage[];
    expect(failed).toMatchObject([{ state: 'failed', error: { name: 'PERMISSION_DENIED' } }, { state: 'failed' }]);
    failed[0]?.discard();
    server.answers.delete('send');
    failed[1]?.retry();
    await clock.advance(100);
    expect(textsOf(live)).toEqual(['m1', 'two']);
    expect(storedOf(live.getSnapshot().entries)).toHaveLength(2);
  });

  it('show own acts at once, and not twice', async () => {
    const { live, clock, server, alice } = await makeTalk(2);
    const talk = alice.conversation(id);
    const seen = new Set<unknown>();
    const reactions = (): unknown => {
      const [first] = live.getSnapshot().entries;
      return first?.type === 'message' ? first.details?.reactions.map(({ count, isOwn }) => `${count} ${isOwn}`).join() : undefined;
    };
    live.subscribe(() => seen.add(reactions()));
    talk.react(1, '👍');
    expect(reactions()).toBe('1 true');
    await clock.advance(200);
    expect(reactions()).toBe('1 true');
    talk.react(1, '👍');
    expect(reactions()).toBe('1 true');
    await clock.advance(200);
    expect(seen).toEqual(new Set(['1 true']));

    server.answers.set('act', () => server.refuse('TOO_LATE'));
    talk.recall(2);
    expect(live.getSnapshot().entries[1]).toMatchObject({ type: 'hidden' });
    await clock.advance(200);
    expect(live.getSnapshot().entries[1]).toMatchObject({ type: 'message' });
  });

  it('hold no more than they may, and what the user looks at', async () => {
    const world = await makeTalk(40);
    const live = world.alice.conversation(id).live({ pageSize: 10, heldMax: 15 });
    await world.clock.advance(50);
    void live.loadOlder();
    await world.clock.advance(50);
    expect([textsOf(live)[0], textsOf(live).length]).toEqual(['m21', 15]);
    expect(live.getSnapshot()).toMatchObject({ hasNewer: true, hasOlder: true });
    world.server.say(id, 'm41', 'bob');
    await world.clock.advance(50);
    expect(textsOf(live).length).toBe(15);
    while (live.getSnapshot().hasNewer) {
      void live.loadNewer();
      await world.clock.advance(50);
    }
    expect(textsOf(live)).toEqual(upTo(41, 27).map((n) => `m${n}`));
  });

  it('start over where too much was missed, and show what they had until then', async () => {
    const { live, clock, server } = await makeTalk(5, { limits: { catchUpMax: 3 } });
    server.isReachable = false;
    server.forgetSessions();
    for (const n of upTo(12, 6)) server.say(id, `m${n}`, 'bob');
    await clock.advance(1_000);
    expect(textsOf(live)).toHaveLength(5);
    server.isReachable = true;
    await clock.advance(60_000);
    expect(textsOf(live)).toEqual(upTo(12, 8).map((n) => `m${n}`));
    expect(live.getSnapshot()).toMatchObject({ gaps: [], hasOlder: true, isLoading: false });
  });

  it('say why there is nothing, and come by themselves when there is', async () => {
    const world = makeWorld();
    const alice = world.client('alice');
    const live = alice.conversation(id).live();
    await world.clock.advance(40_000);
    expect(live.getSnapshot()).toMatchObject({ isLoading: true, entries: [], error: { name: 'UNAVAILABLE' } });
    world.server.say(id, 'm1', 'bob');
    void alice.connect();
    await world.clock.advance(60_000);
    expect(textsOf(live)).toEqual(['m1']);
    expect(live.getSnapshot().error).toBeUndefined();
    world.server.answers.set('queryHistory', () => world.server.refuse('CONVERSATION_NOT_FOUND'));
    const refused = alice.group('secret').live();
    await world.clock.advance(60_000);
    expect(refused.getSnapshot()).toMatchObject({ isLoading: false, error: { name: 'CONVERSATION_NOT_FOUND' } });
  });

  it('forget everything when history was rebuilt', async () => {
    const { live, clock, server } = await makeTalk(5);
    server.rebuild('epoch-2');
    server.say(id, 'new', 'bob');
    server.forgetSessions();
    await clock.advance(60_000);
    expect(textsOf(live)).toEqual(['new']);
  });

  it('end with close', async () => {
    const { live, clock, server } = await makeTalk(2);
    let told = 0;
    live.subscribe(() => told++);
    live.close();
    server.say(id, 'm3', 'bob');
    await clock.advance(100);
    expect(told).toBe(0);
  });
});

describe('a live thread', () => {
  it('has the message that began it and its answers, as they come', async () => {
    const { server, clock, alice } = await makeTalk(2);
    const reply = { seq: 1, rootSeq: 1, sender: 'bob' };
    for (const n of upTo(3)) server.say(id, `a${n}`, 'bob', { reply });
    const thread = alice.conversation(id).liveThread(1, { pageSize: 2 });
    await clock.advance(100);
    const texts = (): unknown =>
      thread.getSnapshot().entries.map((entry) => 'content' in entry && (entry.content as { text: string }).text);
    expect(thread.getSnapshot()).toMatchObject({ root: { seq: 1, details: { replyCount: 3 } }, isLoading: false });
    server.say(id, 'not an answer', 'bob');
    server.say(id, 'a4', 'bob', { reply: { seq: 3, rootSeq: 1, sender: 'bob' } });
    await clock.advance(100);
    expect(texts()).toEqual(['a1', 'a2', 'a3', 'a4']);
    alice.conversation(id).reply(4, 'mine');
    expect(texts()).toEqual(['a1', 'a2', 'a3', 'a4', 'mine']);
    await clock.advance(100);
    expect(texts()).toEqual(['a1', 'a2', 'a3', 'a4', 'mine']);
    expect(thread.getSnapshot().root).toMatchObject({ details: { replyCount: 5 } });
    server.act(id, 'bob', { type: 'recall', value: { seq: 3 } });
    await clock.advance(100);
    expect(thread.getSnapshot().entries[0]).toMatchObject({ type: 'hidden' });
    thread.close();
  });
});

describe('the list of conversations', () => {
  const items = (client: Client): readonly string[] =>
    client.conversations.getSnapshot().conversations.map(({ conversation, unread }) => `${conversation} ${unread}`);

  it('stands pinned first, then by the newest message, with what is unread', async () => {
    const world = makeWorld();
    const { server, clock } = world;
    for (const peer of ['bob', 'cid', 'dan']) {
      server.say(`u:alice|${peer}`, 'hello', peer);
      await clock.advance(10);
    }
    const { client } = await world.online('alice');
    await clock.advance(500);
    expect(items(client)).toEqual(['u:alice|dan 1', 'u:alice|cid 1', 'u:alice|bob 1']);
    server.say('u:alice|bob', 'again', 'bob');
    server.act('u:alice|cid', 'alice', setting({ type: 'pinned', value: { isOn: true } }));
    await clock.advance(100);
    expect(items(client)).toEqual(['u:alice|cid 1', 'u:alice|bob 2', 'u:alice|dan 1']);
    expect(client.conversations.getSnapshot()).toMatchObject({ totalUnread: 4, isSynced: true, hasMore: false });
    client.user('bob').send('answer');
    client.user('dan').markRead();
    await clock.advance(100);
    expect(items(client)).toEqual(['u:alice|cid 1', 'u:alice|bob 0', 'u:alice|dan 0']);
    expect(client.conversations.find('u:alice|bob')).toMatchObject({ last: { content: { text: 'answer' } }, countable: 3 });
  });

  it('counts what other devices have left unread, by asking where it cannot know', async () => {
    const world = makeWorld();
    for (const n of upTo(5)) world.server.say(id, `m${n}`, 'bob');
    const { client } = await world.online('alice', { catchUp: 'heads' });
    await world.clock.advance(500);
    world.server.read(id, 'alice', 2);
    await world.clock.advance(100);
    expect(items(client)).toEqual([`${id} 3`]);
    world.server.say(id, 'm6', 'bob', { noUnread: true });
    world.server.say(id, 'm7', 'bob');
    await world.clock.advance(100);
    expect(items(client)).toEqual([`${id} 4`]);
    world.server.read(id, 'alice', 6);
    await world.clock.advance(100);
    expect(items(client)).toEqual([`${id} 1`]);
  });

  it('leaves muted conversations out of the total, but not those that name the user', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice', 'bob']);
    const { client } = await world.online('alice');
    world.server.say('g:team', 'one', 'bob');
    world.server.act('g:team', 'alice', setting({ type: 'muted', value: { untilMs: Number.MAX_SAFE_INTEGER } }));
    await world.clock.advance(200);
    expect(client.conversations.getSnapshot().totalUnread).toBe(0);
    world.server.say('g:team', 'two', 'bob', { mentions: { users: ['alice'], isEveryone: false, isSilent: false } });
    await world.clock.advance(200);
    expect(client.conversations.getSnapshot()).toMatchObject({ totalUnread: 1, conversations: [{ unread: 2, mentions: [2] }] });
  });

  it('shows who writes, drafts, and hides until something new is said', async () => {
    const world = makeWorld();
    world.server.say(id, 'm1', 'bob');
    const { client } = await world.online('alice');
    await world.clock.advance(200);
    client.look(id);
    await world.clock.advance(50);
    world.server.act(id, 'bob', { type: 'typing', value: {} });
    world.server.act(id, 'alice', setting({ type: 'draft', value: { text: 'hm' } }));
    await world.clock.advance(50);
    expect(client.conversations.find(id)).toMatchObject({ typing: ['bob'], settings: { draft: 'hm' } });
    await world.clock.advance(7_000);
    expect(client.conversations.find(id)?.typing).toEqual([]);
    client.conversation(id).settings.hide();
    await world.clock.advance(50);
    expect(items(client)).toEqual([]);
    expect(client.conversations.where({ withHidden: true }).getSnapshot()).toHaveLength(1);
    world.server.say(id, 'm2', 'bob');
    await world.clock.advance(50);
    expect(items(client)).toEqual([`${id} 2`]);
  });

  it('has views that stay the same while theirs do', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice', 'bob']);
    world.server.say('g:team', 'one', 'bob');
    world.server.say(id, 'one', 'bob');
    const { client } = await world.online('alice');
    await world.clock.advance(200);
    const groups = client.conversations.where({ type: 'g' });
    const unread = client.conversations.where({ isUnread: true });
    const before = groups.getSnapshot();
    expect(before.map(({ conversation }) => conversation)).toEqual(['g:team']);
    client.conversation(id).markRead();
    await world.clock.advance(50);
    expect(groups.getSnapshot()).toBe(before);
    expect(unread.getSnapshot().map(({ conversation }) => conversation)).toEqual(['g:team']);
    void client.conversations.readAll();
    await world.clock.advance(50);
    expect(client.conversations.getSnapshot().totalUnread).toBe(0);
    expect(unread.getSnapshot()).toEqual([]);
  });
});
