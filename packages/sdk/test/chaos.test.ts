import { describe, expect, it } from '@jest/globals';
import { type Random, seededRandom } from '@parley/kernel';
import fc from 'fast-check';
import type { SendHandle } from '../src/send-handle.js';
import type { FakeServer, Mischief } from '../src/fake/fake-server.js';
import { noMischief } from '../src/fake/fake-server.js';
import { makeWorld, record, type Seen, upTo, type World } from './world.js';

const isFull = process.env['PARLEY_TEST_SOAK'] === 'full';

interface Weather {
  readonly seed: number;
  /** Probabilities per event or send, in percent. */
  readonly loss: number;
  readonly copies: number;
  readonly refusals: number;
  readonly cuts: number;
  /** Which sessions the server forgets at a cut, in percent. */
  readonly amnesia: number;
  readonly delayMs: number;
  readonly resumeBufferMax: number;
  readonly inFlightMax: number;
}

const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  loss: fc.integer({ min: 0, max: 30 }),
  copies: fc.integer({ min: 0, max: 30 }),
  refusals: fc.integer({ min: 0, max: 20 }),
  cuts: fc.integer({ min: 0, max: 20 }),
  amnesia: fc.integer({ min: 0, max: 50 }),
  delayMs: fc.integer({ min: 0, max: 400 }),
  resumeBufferMax: fc.integer({ min: 0, max: 10 }),
  inFlightMax: fc.constantFrom(1, 8, 64),
});

function mischiefOf(weather: Weather, random: Random): Mischief {
  const happens = (percent: number): boolean => random.next() * 100 < percent;
  return {
    latencyMs: () => 1 + Math.floor(random.next() * 20),
    eventDelayMs: () => Math.floor(random.next() * weather.delayMs),
    eventCopies: () => (happens(weather.loss) ? 0 : happens(weather.copies) ? 2 : 1),
    sendFate: () => (!happens(weather.refusals) ? 'accept' : happens(50) ? 'refuse' : 'lose'),
  };
}

const conversations = ['g:team', 'u:alice|bob'] as const;
const users = ['alice', 'bob'] as const;

interface Sent {
  readonly user: string;
  readonly conversation: string;
  readonly handle: SendHandle;
}

async function storm(world: World, weather: Weather): Promise<{ sent: Sent[]; seen: Map<string, Seen> }> {
  const random = seededRandom(weather.seed);
  const { server, clock } = world;
  server.group('team', users);
  server.mischief = mischiefOf(weather, random);
  server.resumeBufferMax = weather.resumeBufferMax;
  const clients = users.map((user) => world.client(user, { user, limits: { inFlightMax: weather.inFlightMax } }));
  const seen = new Map(clients.map((client, i) => [users[i] as string, record(client)]));
  for (const client of clients) void client.connect();
  const sent: Sent[] = [];
  for (let step = 0; step < 60; step++) {
    const who = Math.floor(random.next() * users.length);
    const conversation = conversations[Math.floor(random.next() * 2)] as string;
    const client = clients[who];
    if (client !== undefined) sent.push({ user: client.userId, conversation, handle: client.conversation(conversation).send(`${step}`) });
    if (random.next() * 100 < weather.cuts) cut(server, random, weather);
    await clock.advance(Math.floor(random.next() * 60));
  }
  server.mischief = noMischief;
  await clock.advance(60_000);
  for (const client of clients) client.close();
  return { sent, seen };
}

function cut(server: FakeServer, random: Random, weather: Weather): void {
  for (const link of server.links) if (link.isOpen && random.next() < 0.7) link.end.break();
  if (random.next() * 100 < weather.amnesia) server.forgetSessions();
}

describe('whatever the network and the server do', () => {
  it('every client ends with exactly the sequence of the server, and every send is in it exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(weather, async (weather) => {
        const world = makeWorld();
        const { sent, seen } = await storm(world, weather);
        const stored = conversations.map((id) => world.server.conversations.get(id)?.events ?? []);
        const ids = stored.flat().map(({ clientMsgId }) => clientMsgId);
        expect(new Set(ids).size).toBe(ids.length);

        for (const { handle } of sent) {
          if (handle.state === 'failed') expect(handle.error?.retryable).toBe(true);
          else expect(handle.state).toBe('stored');
          expect(ids.includes(handle.clientMsgId)).toBe(handle.state === 'stored');
        }
        for (const user of users) {
          const told = seen.get(user);
          expect(told?.gaps).toEqual([]);
          for (const [i, id] of conversations.entries()) {
            expect(told?.seqs(id)).toEqual(upTo(stored[i]?.length ?? 0));
            const messages = told?.messages.filter(({ conversation }) => conversation === id) ?? [];
            expect(messages.map(({ clientMsgId }) => clientMsgId)).toEqual(stored[i]?.map(({ clientMsgId }) => clientMsgId));
            expect(messages.every(({ sender, isOwn }) => isOwn === (sender === user))).toBe(true);
          }
        }
      }),
      { numRuns: isFull ? 600 : 25 },
    );
  }, 120_000);

  it('sends that nothing refuses or loses on the way keep their order per conversation', async () => {
    await fc.assert(
      fc.asyncProperty(weather, async (weather) => {
        const world = makeWorld();
        const { sent } = await storm(world, { ...weather, refusals: 0 });
        for (const user of users) {
          for (const id of conversations) {
            const seqs = sent.filter((send) => send.user === user && send.conversation === id).map(({ handle }) => handle.seq ?? 0);
            expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
            expect(seqs.includes(0)).toBe(false);
          }
        }
      }),
      { numRuns: isFull ? 300 : 12 },
    );
  }, 120_000);

  it('sends keep their order even when the server refuses some, if only one may be under way', async () => {
    await fc.assert(
      fc.asyncProperty(weather, async (weather) => {
        const world = makeWorld();
        const { sent } = await storm(world, { ...weather, inFlightMax: 1 });
        for (const user of users) {
          for (const id of conversations) {
            const own = sent.filter((send) => send.user === user && send.conversation === id);
            const seqs = own.flatMap(({ handle }) => handle.seq ?? []);
            expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
          }
        }
      }),
      { numRuns: isFull ? 300 : 12 },
    );
  }, 120_000);
});
