import { describe, expect, it } from '@jest/globals';
import { type Random, seededRandom } from '@parley/kernel';
import { type ActInit, encodeContent } from '@parley/wire';
import fc from 'fast-check';
import type { Client } from '../src/client.js';
import { noMischief } from '../src/fake/fake-server.js';
import type { ListedItem } from '../src/live/listed-conversation.js';
import type { LiveMessages } from '../src/live/live-messages.js';
import type { LocalStore } from '../src/local-store/local-store.js';
import { memoryStore } from '../src/local-store/memory-store.js';
import { messagesOf, serverView, setting, storedOf, textContent } from './live-world.js';
import { makeWorld, type World } from './world.js';

interface Story {
  readonly seed: number;
  readonly steps: number;
  /** Percent of events that get lost. */
  readonly loss: number;
  readonly cuts: number;
  /** Percent of cuts after which the server knows no session, and time passes. */
  readonly absences: number;
  readonly catchUp: 'all' | 'heads';
  readonly heldMax: number;
  readonly hasStore: boolean;
  readonly restarts: number;
}

const story: fc.Arbitrary<Story> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  steps: fc.constantFrom(30, 80),
  loss: fc.constantFrom(0, 20),
  cuts: fc.constantFrom(0, 10),
  absences: fc.integer({ min: 0, max: 80 }),
  catchUp: fc.constantFrom('all', 'heads'),
  heldMax: fc.constantFrom(8, 1_000),
  hasStore: fc.boolean(),
  restarts: fc.constantFrom(0, 4),
});

const id = 'g:team';
type Kind = NonNullable<ActInit['kind']>;

/** One thing that happens: somebody says or does something, somewhere, on some device. */
function happen({ server, clock }: World, random: Random, alice: Client): void {
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random.next() * items.length)];
  const ofBob = messagesOf(server, id, 'bob');
  const any = pick(messagesOf(server, id));
  const own = pick(messagesOf(server, id, 'alice'));
  const bobs = pick(ofBob.slice(-6));
  const act = (user: string, kind: Kind | 0 | undefined): void => {
    if (kind) server.act(id, user, kind);
  };
  const reaction = pick(['+', '-', 'ok']) ?? '+';
  const isRemoved = random.next() < 0.4;
  const content = textContent(`edit ${clock.now()}`);
  const mentions = { users: random.next() < 0.5 ? ['alice'] : [], isEveryone: false, isSilent: false };
  const text = `t${clock.now()}-${Math.floor(random.next() * 1e6)}`;
  const talk = alice.conversation(id);
  const choices: (() => unknown)[] = [
    () => server.say(id, text, 'bob'),
    () => server.say(id, text, 'bob', { mentions }),
    () => server.say(id, text, 'bob', { noUnread: true }),
    () => server.say(id, text, 'bob', { expiresMs: clock.now() + 5_000 }),
    () => server.say(id, text, 'bob', { onlyTo: ['cid'] }),
    () => any && server.say(id, text, 'bob', { reply: { seq: any, rootSeq: any, sender: 'x' } }),
    () => act('bob', bobs && { type: 'edit', value: { seq: bobs, content: encodeContent(content) } }),
    () => act('bob', bobs && { type: 'recall', value: { seq: bobs } }),
    () => act('bob', any && { type: 'delete', value: { seqs: [any] } }),
    () => act('bob', any && { type: 'react', value: { seq: any, reaction, isRemoved } }),
    () => act('cid', any && { type: 'react', value: { seq: any, reaction, isRemoved } }),
    () => act('bob', any && { type: 'pin', value: { seq: any, isRemoved: random.next() < 0.2 } }),
    () => act('alice', any && random.next() < 0.3 ? { type: 'hide', value: { seqs: [any] } } : undefined),
    () => act('alice', setting({ type: 'pinned', value: { isOn: isRemoved } })),
    () => act('alice', setting({ type: 'markedUnread', value: { isOn: isRemoved } })),
    () => act('alice', any && random.next() < 0.1 ? setting({ type: 'cleared', value: { seq: any } }) : undefined),
    () => server.read(id, 'alice', any ?? 0),
    () => talk.send(text),
    () => any && talk.reply(any, text),
    () => talk.send(text, { expiresAfterMs: 3_000 }),
    () => own && talk.edit(own, `mine ${text}`),
    () => own && talk.recall(own),
    () => any && (isRemoved ? talk.unreact(any, reaction) : talk.react(any, reaction)),
    () => any && talk.hide(any),
    () => talk.markRead(random.next() < 0.5 ? any : undefined),
  ];
  pick(choices)?.();
}

interface Running {
  client: Client;
  live: LiveMessages;
}

function start(world: World, { catchUp, heldMax }: Story, store: LocalStore | undefined): Running {
  const options = { user: 'alice', catchUp, limits: { catchUpMax: 10 }, ...(store && { localStore: store }) };
  const client = world.client('alice', options);
  const live = client.conversation(id).live({ pageSize: 5, heldMax });
  void client.connect();
  return { client, live };
}

async function play(world: World, story: Story, random: Random): Promise<Running> {
  const { server, clock } = world;
  const happens = (percent: number): boolean => random.next() * 100 < percent;
  const store = story.hasStore ? memoryStore() : undefined;
  server.group('team', ['alice', 'bob', 'cid']);
  server.say(id, 'first', 'bob');
  let running = start(world, story, store);
  await clock.advance(200);
  server.mischief = {
    latencyMs: () => 1 + Math.floor(random.next() * 20),
    eventDelayMs: () => Math.floor(random.next() * 60),
    eventCopies: () => (happens(story.loss) ? 0 : happens(10) ? 2 : 1),
    sendFate: () => 'accept',
  };
  for (let step = 0; step < story.steps; step++) {
    happen(world, random, running.client);
    const { live } = running;
    if (happens(6)) live.loadOlder().catch(() => {});
    if (happens(4)) live.loadNewer().catch(() => {});
    if (happens(4)) live.around(1 + Math.floor(random.next() * 30)).catch(() => {});
    if (happens(story.cuts)) {
      for (const link of server.links) if (link.isOpen) link.end.break();
      if (happens(story.absences)) {
        server.forgetSessions();
        for (let missed = Math.floor(random.next() * 25); missed > 0; missed--) happen(world, random, running.client);
      }
    }
    if (happens(story.restarts)) {
      running.live.close();
      running.client.close();
      await clock.advance(50);
      running = start(world, story, store);
    }
    await clock.advance(Math.floor(random.next() * 120));
  }
  server.mischief = noMischief;
  return running;
}

/** The list leaves open in which thread an own answer is, and when the own view of it was changed. */
function inList(item: Partial<ListedItem> | undefined): unknown {
  const { typing: _, updatedMs: _ms, last, ...rest } = item ?? {};
  return last?.type === 'message' ? { ...rest, last: { ...last, replyTo: last.replyTo?.seq } } : { ...rest, last };
}

describe('whatever happens, and wherever one looks', () => {
  it('live collections end with what the server shows', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (story) => {
        const world = makeWorld();
        const { client, live } = await play(world, story, seededRandom(story.seed));
        await world.clock.advance(60_000);
        // What has no seq and got lost is in the answer to a sync.
        for (const link of world.server.links) if (link.isOpen) world.server.push(link, { type: 'resyncNeeded', value: {} });
        await world.clock.advance(30_000);
        const { client: other } = await world.online('alice', { catchUp: 'heads' });

        const wanted = await serverView(world, other, id);
        const { entries, gaps, isLoading, error, pins, hasOlder, hasNewer } = live.getSnapshot();
        const held = storedOf(entries);
        expect({ isLoading, error }).toEqual({ isLoading: false, error: undefined });
        const lowest = held[0]?.seq ?? 0;
        const highest = held[held.length - 1]?.seq ?? 0;
        const isMissing = (seq: number): boolean => gaps.some(({ fromSeq, toSeq }) => seq >= fromSeq && seq <= toSeq);
        expect(held).toEqual(wanted.filter(({ seq }) => seq >= lowest && seq <= highest && !isMissing(seq)));
        const [first, last] = [wanted[0]?.seq ?? 0, wanted[wanted.length - 1]?.seq ?? 0];
        if (!hasOlder && !isMissing(first)) expect(lowest).toBe(first);
        if (!hasNewer && !isMissing(last) && (held.length > 0 || !hasOlder)) expect(highest).toBe(last);
        // Of what the user has deleted for themselves nothing stands out.
        expect(pins).toEqual(world.server.conversations.get(id)?.pins.filter((pin) => wanted.some(({ seq }) => seq === pin.seq)));

        const asked = other.conversation(id).item();
        await world.clock.advance(50);
        expect(inList(client.conversations.find(id))).toEqual(inList(await asked));
        expect(client.conversations.getSnapshot()).toMatchObject({ isSynced: true, hasMore: false });
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});
