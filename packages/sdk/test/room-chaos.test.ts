import { describe, expect, it } from '@jest/globals';
import { type Random, seededRandom } from '@parley/kernel';
import { MembershipCause, RoomRole } from '@parley/wire';
import fc from 'fast-check';
import type { Client } from '../src/client.js';
import { type Mischief, noMischief } from '../src/fake/fake-server.js';
import type { FakeRoom } from '../src/fake/fake-rooms.js';
import type { Room } from '../src/room/room.js';
import { enter, recordRooms } from './room-world.js';
import { makeWorld, type World } from './world.js';

const isFull = process.env['PARLEY_TEST_SOAK'] === 'full';

interface Weather {
  readonly seed: number;
  /** Probabilities per event or step, in percent. */
  readonly loss: number;
  readonly copies: number;
  readonly cuts: number;
  readonly amnesia: number;
  readonly absence: number;
  readonly delayMs: number;
  readonly answerDelayMs: number;
}

const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  loss: fc.integer({ min: 0, max: 40 }),
  copies: fc.integer({ min: 0, max: 30 }),
  cuts: fc.integer({ min: 0, max: 10 }),
  amnesia: fc.integer({ min: 0, max: 60 }),
  absence: fc.integer({ min: 0, max: 5 }),
  delayMs: fc.integer({ min: 0, max: 600 }),
  answerDelayMs: fc.integer({ min: 0, max: 400 }),
});

const below = (random: Random, end: number): number => Math.floor(random.next() * end);

function mischiefOf(weather: Weather, random: Random): Mischief {
  const happens = (percent: number): boolean => random.next() * 100 < percent;
  return {
    ...noMischief,
    latencyMs: () => 1 + below(random, 20),
    eventDelayMs: () => below(random, weather.delayMs),
    eventCopies: () => (happens(weather.loss) ? 0 : happens(weather.copies) ? 2 : 1),
    answerDelayMs: () => below(random, weather.answerDelayMs),
  };
}

const plain = (attributes: ReadonlyMap<string, { readonly value: string; readonly owner: string }>): Record<string, string> =>
  Object.fromEntries([...attributes].map(([key, { value, owner }]) => [key, `${value} of ${owner}`]));

/** One thing that the other members do. */
function happen(world: World, random: Random): void {
  const { rooms } = world.server;
  const key = (): string => `k${below(random, 5)}`;
  const value = `${below(random, 1_000)}`;
  const bob = (body: Parameters<typeof rooms.answer>[1]): unknown => rooms.answer('bob', body);
  const muted = () => ({ room: 'live', user: ['', 'alice', 'dave'][below(random, 3)] ?? '', role: RoomRole.MEMBER, isEveryone: false });
  const happenings: readonly (() => unknown)[] = [
    () => rooms.changeAttributes('live', { [key()]: value, [key()]: value }, [], 'bob'),
    () => rooms.changeAttributes('live', { [key()]: value }, [], 'bob'),
    () => rooms.changeAttributes('live', {}, [key()], 'bob'),
    () =>
      bob({
        type: 'setRoomRole',
        value: { room: 'live', user: 'carol', role: below(random, 2) === 0 ? RoomRole.MEMBER : RoomRole.MODERATOR },
      }),
    () => bob({ type: 'renameRoom', value: { room: 'live', name: value } }),
    () => bob({ type: 'incrementCounter', value: { room: 'live', counter: 'likes', nonce: 'n', total: below(random, 1_000) } }),
    () => bob({ type: 'muteInRoom', value: { ...muted(), durationMs: below(random, 2) * 3_600_000 } }),
    () => (rooms.get('live').members.has('eve') ? rooms.remove('live', ['eve']) : rooms.answer('eve', enter('live'))),
  ];
  happenings[below(random, happenings.length)]?.();
}

/** Holds every moment in which the application is told something to what the server was at that version. */
function watch(client: Client, server: () => FakeRoom): { readonly mistakes: string[]; readonly versions: number[] } {
  const mistakes: string[] = [];
  const versions: number[] = [];
  client.on('roomAttributesUpdated', ({ version }) => {
    const room = client.rooms.get('live');
    const past = server().past.get(version);
    versions.push(version);
    if (room === undefined || past === undefined || room.stateVersion !== version) mistakes.push(`version ${version} is none`);
    else if (JSON.stringify(sorted(plain(room.attributes))) !== JSON.stringify(sorted(plain(past))))
      mistakes.push(`half of version ${version}`);
  });
  return { mistakes, versions };
}

const sorted = (values: Record<string, string>): [string, string][] => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));

async function storm(weather: Weather): Promise<{ room: Room | undefined; server: FakeRoom; mistakes: string[]; versions: number[] }> {
  const world = makeWorld();
  const random = seededRandom(weather.seed);
  world.server.rooms.answer('bob', enter('live'));
  const { client } = await world.online('alice');
  const watched = watch(client, () => world.server.rooms.get('live'));
  world.server.mischief = mischiefOf(weather, random);
  void client.rooms.enter('live');
  for (let step = 0; step < 60; step++) {
    happen(world, random);
    if (random.next() * 100 < weather.absence) {
      // Whoever is never told why is out, see 'is out when the server says so'.
      const { mischief } = world.server;
      world.server.mischief = { ...mischief, eventCopies: () => 1 };
      world.server.rooms.remove('live', ['alice'], MembershipCause.OFFLINE);
      world.server.mischief = mischief;
    }
    if (random.next() * 100 < weather.cuts) {
      if (random.next() * 100 < weather.amnesia) world.server.forgetSessions();
      else world.server.link.end.break();
    }
    await world.clock.advance(below(random, 80));
  }
  world.server.mischief = noMischief;
  await world.clock.advance(60_000);
  return { room: client.rooms.get('live'), server: world.server.rooms.get('live'), ...watched };
}

describe('whatever is lost, doubled, reordered or cut off', () => {
  it('a room ends as the server has it, and nobody ever sees a part of a batch', async () => {
    await fc.assert(
      fc.asyncProperty(weather, async (weather) => {
        const { room, server, mistakes, versions } = await storm(weather);
        expect(mistakes).toEqual([]);
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        expect(room).toMatchObject({ state: 'connected', stateVersion: server.stateVersion, name: server.name, owner: server.owner });
        expect(plain(room?.attributes ?? new Map())).toEqual(plain(server.attributes));
        expect(room?.moderators).toEqual([...server.moderators].sort());
        expect(room?.counters).toEqual(server.counters);
        expect(room?.memberCount).toBe(server.members.size);
        const mutes = server.mutes.filter(({ user }) => user === '' || user === 'alice');
        expect(room?.mutes.map(({ user, untilMs }) => `${user} ${untilMs}`).sort()).toEqual(
          mutes.map(({ user, untilMs }) => `${user} ${untilMs}`).sort(),
        );
      }),
      { numRuns: isFull ? 1_500 : 60 },
    );
  }, 120_000);

  it('what is added to counters is counted, never twice, and all of it while the place in the room is kept', async () => {
    await fc.assert(
      fc.asyncProperty(weather, async (weather) => {
        const world = makeWorld();
        const random = seededRandom(weather.seed);
        const { client } = await world.online('alice');
        const told = recordRooms(client);
        const entering = client.rooms.create({ id: 'live' });
        await world.clock.advance(100);
        const room = await entering;
        world.server.mischief = mischiefOf(weather, random);
        let added = 0;
        for (let step = 0; step < 60; step++) {
          const count = 1 + below(random, 5);
          room.like(count);
          added += count;
          if (random.next() * 100 < weather.cuts) world.server.link.end.break();
          await world.clock.advance(below(random, 200));
        }
        world.server.mischief = noMischief;
        await world.clock.advance(60_000);
        expect(world.server.rooms.get('live').counters.get('likes')).toBe(added);
        expect(room.counters.get('likes')).toBe(added);
        const shown = told.roomCountersUpdated.flatMap(({ counters }) => counters.get('likes') ?? []);
        expect(shown).toEqual([...shown].sort((a, b) => a - b));
      }),
      { numRuns: isFull ? 600 : 25 },
    );
  }, 120_000);
});
