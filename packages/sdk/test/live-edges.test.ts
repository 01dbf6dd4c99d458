import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@parley/kernel';
import { encodeConversationEvent } from '@parley/wire';
import type { Client, FullClientOptions } from '../src/client.js';
import { memoryStore } from '../src/local-store/memory-store.js';
import { textsOf } from './live-world.js';
import { makeWorld, upTo, type World } from './world.js';

const id = 'u:alice|bob';

async function makeTalk(count: number, options: Partial<FullClientOptions> = {}): Promise<World & { readonly alice: Client }> {
  const world = makeWorld();
  for (const n of upTo(count)) world.server.say(id, `m${n}`, 'bob');
  const { client: alice } = await world.online('alice', { catchUp: 'heads', ...options });
  await world.clock.advance(100);
  return { ...world, alice };
}

describe('live messages', () => {
  it('stay the same object while somebody writes, reads, or changes what they do not show', async () => {
    const { alice, clock, server } = await makeTalk(3);
    const live = alice.conversation(id).live();
    const thread = alice.conversation(id).liveThread(1);
    alice.conversation(id).look();
    await clock.advance(2_000);
    const before = [live.getSnapshot(), thread.getSnapshot()];
    let told = 0;
    for (const view of [live, thread]) view.subscribe(() => told++);
    server.act(id, 'bob', { type: 'typing', value: {} });
    server.read(id, 'bob', 3);
    server.act(id, 'alice', { type: 'settings', value: { changes: [{ change: { type: 'draft', value: { text: 'hm' } } }] } });
    await clock.advance(10_000);
    expect(told).toBe(0);
    expect([live.getSnapshot(), thread.getSnapshot()]).toEqual(before);
    expect(live.getSnapshot()).toBe(before[0]);
    expect(thread.getSnapshot()).toBe(before[1]);
  });

  it('come to rest when the client is closed, also where nothing could be loaded', async () => {
    const world = makeWorld();
    world.server.isReachable = false;
    const alice = world.client('alice');
    void alice.connect();
    const live = alice.conversation(id).live();
    await world.clock.advance(20_000);
    alice.close();
    const late = alice.conversation(id).liveThread(1);
    await world.clock.advance(20_000);
    let told = 0;
    for (const view of [live, late]) view.subscribe(() => told++);
    await world.clock.advance(120_000);
    expect(told).toBe(0);
    expect(live.getSnapshot()).toMatchObject({ isLoading: false, error: { name: 'UNAVAILABLE' } });
    expect(late.getSnapshot()).toMatchObject({ isLoading: false });
  });

  it('let a program end whose client is closed, also while they show what goes by itself', async () => {
    const world = makeWorld();
    const { clock, server } = world;
    let timers = 0;
    const counting: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (delayMs, action) => {
        let isOver = false;
        const end = (): void => {
          if (!isOver) timers--;
          isOver = true;
        };
        timers++;
        const cancel = clock.setTimer(delayMs, () => {
          end();
          action();
        });
        return () => {
          end();
          cancel();
        };
      },
    };
    server.say(id, 'secret', 'bob', { expiresMs: clock.now() + 3_600_000 });
    const { client: alice } = await world.online('alice', { clock: counting });
    const live = alice.conversation(id).live();
    const thread = alice.conversation(id).liveThread(1);
    alice.conversation(id).settings.mute(3_600_000);
    await clock.advance(2_000);
    expect([textsOf(live), thread.getSnapshot().root?.type]).toEqual([['secret'], 'message']);
    alice.close();
    await clock.advance(20_000);
    expect(timers).toBe(0);
  });

  it('show pins as they stood when they were asked for: what is told of them later is in the list already', async () => {
    const world = await makeTalk(3);
    world.server.mischief = { ...world.server.mischief, eventDelayMs: () => 200 };
    world.server.act(id, 'bob', { type: 'pin', value: { seq: 1 } });
    world.server.act(id, 'bob', { type: 'pin', value: { seq: 2 } });
    await world.clock.advance(10);
    world.server.act(id, 'bob', { type: 'pin', value: { seq: 1, isRemoved: true } });
    const live = world.alice.conversation(id).live();
    const seen = new Set<string>();
    live.subscribe(() =>
      seen.add(
        live
          .getSnapshot()
          .pins.map(({ seq }) => seq)
          .join(),
      ),
    );
    await world.clock.advance(2_000);
    expect([...seen].filter((pins) => pins !== '')).toEqual(['2']);
  });

  it('do not show what was deleted or cleared when an answer does not know of it yet', async () => {
    const store = memoryStore();
    const world = await makeTalk(9, { user: 'alice', localStore: store });
    const conversation = world.server.conversations.get(id);
    const live = world.alice.conversation(id).live({ pageSize: 3 });
    await world.clock.advance(500);
    expect(textsOf(live)).toEqual(['m7', 'm8', 'm9']);
    for (const [n, act] of [
      [1, { type: 'hide', value: { seqs: [5] } }],
      [2, { type: 'settings', value: { changes: [{ change: { type: 'cleared', value: { seq: 3 } } }] } }],
    ] as const) {
      const behind = structuredClone(conversation?.views.get('alice'));
      world.server.act(id, 'alice', act);
      await world.clock.advance(50);
      if (behind !== undefined) conversation?.views.set('alice', behind);
      void live.loadOlder();
      await world.clock.advance(50 * n);
    }
    expect(textsOf(live)).toEqual(['m4', 'm6', 'm7', 'm8', 'm9']);
    live.close();
    world.alice.close();
    await world.clock.advance(10);
    world.server.isReachable = false;
    const after = world.client('alice', { user: 'alice', localStore: store });
    const again = after.conversation(id).live();
    void after.connect();
    await world.clock.advance(10);
    expect(textsOf(again)).toEqual(['m4', 'm6', 'm7', 'm8', 'm9']);
    after.close();
  });

  it('are cleared no further than they had come', async () => {
    const { alice, clock, server } = await makeTalk(3);
    const live = alice.conversation(id).live();
    await clock.advance(100);
    alice.conversation(id).settings.clear(1_000_000);
    await clock.advance(100);
    server.say(id, 'm4', 'bob');
    await clock.advance(100);
    expect(textsOf(live)).toEqual(['m4']);
    expect(alice.conversations.find(id)).toMatchObject({ firstSeq: 4, unread: 1, settings: { clearedSeq: 3 } });
  });

  it('are read anew by who comes back into a group: they learn what has become of messages meanwhile', async () => {
    const world = makeWorld();
    const { client: bob } = await world.online('bob');
    void bob.createGroup({ id: 'team', members: ['alice'] });
    await world.clock.advance(50);
    bob.group('team').send('first');
    const { client: alice } = await world.online('alice');
    await world.clock.advance(500);
    void bob.group('team').kick(['alice']);
    await world.clock.advance(50);
    bob.group('team').edit(2, 'second');
    // Who was not there when a message was edited finds an empty place.
    const events = [encodeConversationEvent({ conversation: 'g:team', seq: 2 })];
    world.server.answers.set('queryHistory', () => ({ type: 'historyPage', value: { events, headSeq: 3, firstSeq: 1, epoch: 'epoch-1' } }));
    const live = alice.group('team').live();
    await world.clock.advance(100);
    expect(textsOf(live)).toEqual([]);
    world.server.answers.delete('queryHistory');
    void bob.group('team').invite(['alice']);
    await world.clock.advance(1_000);
    expect(textsOf(live).filter((text) => text !== 'membership')).toEqual(['second']);
  });

  it('are back as soon as there is something to show again', async () => {
    const world = await makeTalk(2);
    world.server.answers.set('queryHistory', () => world.server.refuse('CONVERSATION_NOT_FOUND'));
    const live = world.alice.conversation(id).live();
    await world.clock.advance(1_000);
    expect(live.getSnapshot()).toMatchObject({ entries: [], isLoading: false });
    world.server.answers.delete('queryHistory');
    world.server.say(id, 'm3', 'bob');
    await world.clock.advance(1_000);
    expect(textsOf(live)).toEqual(['m1', 'm2', 'm3']);
    expect(live.getSnapshot().error).toBeUndefined();
  });
});

describe('a live thread', () => {
  it('has an own answer to one that is not held', async () => {
    const { alice, clock, server } = await makeTalk(1);
    const reply = { seq: 1, rootSeq: 1, sender: 'bob' };
    for (const n of upTo(3)) server.say(id, `a${n}`, 'bob', { reply });
    await clock.advance(100);
    const thread = alice.conversation(id).liveThread(1, { pageSize: 100 });
    server.answers.set('listReplies', () => {
      server.answers.delete('listReplies');
      return { type: 'messageList', value: { headSeq: 4 } };
    });
    await clock.advance(100);
    expect(thread.getSnapshot().entries).toEqual([]);
    alice.conversation(id).reply(3, 'mine');
    await clock.advance(100);
    const { root, entries } = thread.getSnapshot();
    expect(entries.map((entry) => entry.type === 'message' && entry.seq)).toEqual([2, 3, 4, 5]);
    expect(root).toMatchObject({ details: { replyCount: 4 } });
  });
});

describe('a device whose clock is wrong', () => {
  it.each([-3_600_000, 3_600_000])('by %i ms shows and says what others do', async (wrongByMs) => {
    const world = makeWorld();
    const { clock } = world;
    const wrong: Clock = {
      now: () => clock.now() + wrongByMs,
      monotonic: () => clock.monotonic(),
      setTimer: (delayMs, action) => clock.setTimer(delayMs, action),
    };
    world.server.say(id, 'm1', 'bob');
    const { client: alice } = await world.online('alice', { clock: wrong });
    await clock.advance(100);
    const live = alice.conversation(id).live();
    world.server.say(id, 'secret', 'bob', { expiresMs: clock.now() + 60_000 });
    alice.conversation(id).settings.mute(600_000);
    await clock.advance(50_000);
    expect(textsOf(live)).toEqual(['m1', 'secret']);
    expect(alice.conversations.getSnapshot().totalUnread).toBe(0);
    await clock.advance(20_000);
    expect(textsOf(live)).toEqual(['m1', 'hidden']);
    await clock.advance(600_000);
    world.server.say(id, 'm3', 'bob');
    await clock.advance(100);
    expect(alice.conversations.getSnapshot().totalUnread).toBe(3);
  });
});
