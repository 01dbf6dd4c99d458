import { describe, expect, it } from '@jest/globals';
import type { EdgeClient } from '@parley/test-bench/protocol';
import { systemClock, withTimeout } from '@parley/kernel';
import { reportLine } from '../load/report-line.js';
import { soakRounds } from '../soak.js';
import type { Actor } from '../world/actor.js';
import { readAll, textsOf } from '../world/pages.js';
import type { World } from '../world/world.js';
import { ask, forEachOf } from './crowd.js';
import { idsIn } from './ids-in.js';
import { offerMix } from './offer-mix.js';
import { cohostSeat, type Show } from './show.js';
import { accountInWords, percentile } from './words.js';

/** What a room takes by default: 200 messages a second, in slices. */
const slice = { ms: 200, messages: 40 } as const;
const overloadSeconds = soakRounds({ short: 3, full: 4 });
/** Of two who want the same seat. */
const seatRounds = soakRounds({ short: 60, full: 200 });
const offline = { afterMs: 30_000, withinMs: 50_000, timerErrorMs: 100 } as const;

/** A host, guests on seats, and a crowd that chats, sends gifts and likes what it sees. */
export function describeLiveStream(world: () => World, show: () => Show): void {
  describe('a live stream', () => {
    it('brings every accepted gift to every viewer while four times too much is said', () => overload(show()));
    it('stores what it accepted, once', () => compareWithHistory(show(), world()));
    it('counts every like once, whoever loses the connection meanwhile', () => likeAll(show(), world()));
    it('gives a seat to exactly one of two who take it at once, on every client', () => takeSeats(show()));
    it('puts out at once who is banned, and lets them neither in nor speak', () => banTroll(show(), world()));
    it('shows late joiners attributes, counters and history', () => joinLate(show(), world()));
  });
}

/** What takes so long that other use cases can be tried meanwhile. */
export function describeEndOfLiveStream(world: () => World, show: () => Show): void {
  describe('a live stream that goes on', () => {
    it('frees the seat of a cohost who was offline for 30 s, and tells everybody', () => awaitFreeSeat(show(), world()));
  });
}

async function overload({ crowd, book, conversation }: Show): Promise<void> {
  const lateMs = await offerMix(crowd, book, {
    to: conversation,
    perSecond: { high: 80, medium: 220, low: 500 },
    seconds: overloadSeconds,
  });
  await book.settled();
  const { high, medium, low } = { high: book.account('high'), medium: book.account('medium'), low: book.account('low') };
  for (const [name, account] of Object.entries({ high, medium, low })) reportLine(`${name}: ${accountInWords(account)}`);
  const p99Ms = percentile(book.latencies('high'), 99);
  reportLine(
    `gifts at all ${crowd.members.length} viewers: p99 ${Math.round(p99Ms)} ms; this process was late by ${Math.round(lateMs)} ms`,
  );
  expect(book.troubles).toEqual([]);
  for (const { unanswered, lost, doubled, contradicted } of [high, medium, low]) {
    expect({ unanswered, lost, doubled, contradicted }).toEqual({ unanswered: 0, lost: 0, doubled: 0, contradicted: 0 });
  }
  expect(high).toMatchObject({ missing: 0, told: 0 });
  for (const error of Object.keys({ ...medium.refused, ...low.refused })) expect(['RATE_LIMITED', 'OVERLOADED']).toContain(error);
  for (const error of Object.keys(high.refused)) expect(error).toBe('RATE_LIMITED');
  // Half of each slice is set aside for gifts, which never asked for more.
  expect(high.accepted).toBeGreaterThan(high.offered / 2);
  const slices = Math.ceil(book.tookMs / slice.ms) + 1;
  expect(high.accepted + medium.accepted + low.accepted).toBeLessThanOrEqual(slices * slice.messages);
  expect(medium.accepted + low.accepted).toBeLessThanOrEqual((slices * slice.messages) / 2);
  // Latency says something only where there was time to send when it was due.
  if (soakRounds({ short: 0, full: 1 }) === 1 && lateMs < 20) expect(p99Ms).toBeLessThanOrEqual(200);
}

async function compareWithHistory({ book, conversation }: Show, world: World): Promise<void> {
  const stored = await idsIn(world.backEnd(), conversation);
  expect(stored.toSorted()).toEqual([...book.acceptedIds('high'), ...book.acceptedIds('medium')].sort());
}

async function likeAll(show: Show, world: World): Promise<void> {
  const { crowd, guests, room } = show;
  const taps = { viewer: [2, 1, 5], guest: 300 } as const;
  const like = (member: EdgeClient, nonce: string, total: number): Promise<unknown> =>
    ask(member, { type: 'incrementCounter', value: { room, counter: 'likes', nonce, total } });
  const likeAs = async (index: number): Promise<void> => {
    const [first, stale, last] = taps.viewer;
    for (const total of [first, stale]) await like(crowd.member(index), 'stay', total);
    if (index % 50 > 0) {
      await like(crowd.member(index), 'stay', last);
      return;
    }
    // Who logs out leaves: what was told counts, and the next stay begins at nothing.
    const again = await crowd.reload(index);
    await again.enter(room);
    await like(again, 'next stay', last - first);
  };
  // Answers wait for each other to be committed together.
  const viewersLike = forEachOf(crowd.members.keys(), likeAs, 200);
  const guestsLike = guests.map(async (guest, index) => {
    for (let n = 1; n <= taps.guest; n++) {
      show.seenBy(guest).like();
      if (n === 100 * (index + 1)) await guest.reconnect();
      if (n % 100 === 0) await guest.until('the likes', () => show.seenBy(guest).counters.get('likes'));
    }
  });
  await Promise.all([viewersLike, ...guestsLike]);
  const likes = crowd.members.length * Math.max(...taps.viewer) + guests.length * taps.guest;
  for (const actor of show.stage) await actor.until(`${likes} likes`, () => likesOf(show, actor) === likes || undefined);
  const { counters } = (await world.backEnd().call('room/getRoom', { room }))['room'] as { readonly counters: unknown };
  expect(counters).toEqual([{ name: 'likes', value: `${likes}` }]);
}

const likesOf = (show: Show, actor: Actor): number => show.seenBy(actor).counters.get('likes') ?? 0;

async function takeSeats(show: Show): Promise<void> {
  const seats = ['seat-1', 'seat-2', 'seat-3', 'seat-4'];
  let rounds = 0;
  const play = async (seat: string): Promise<void> => {
    while (rounds < seatRounds) await takeSeat(show, seat, rounds++);
  };
  await Promise.all(seats.map(play));
  const isFree = (actor: Actor): boolean => seats.every((seat) => !show.seenBy(actor).attributes.has(seat));
  for (const actor of show.stage) await actor.until('empty seats', () => isFree(actor) || undefined);
}

async function takeSeat(show: Show, seat: string, round: number): Promise<void> {
  const { crowd, room } = show;
  const change = async (member: EdgeClient, value: object): Promise<number> => {
    const answer = await ask(member, { type: 'changeRoomAttributes', value: { room, ...value } });
    return answer.type === 'newValue' ? answer.value.value : 0;
  };
  const rivals = [crowd.member(2 * round), crowd.member(2 * round + 1)];
  const takes = await Promise.allSettled(rivals.map((rival) => change(rival, { set: [{ key: seat, value: rival.user }] })));
  const won = rivals.filter((_, index) => takes[index]?.status === 'fulfilled');
  expect(won).toHaveLength(1);
  const refusal = { reason: { message: expect.stringContaining('ATTRIBUTE_OWNED') } };
  expect(takes.find(({ status }) => status === 'rejected')).toMatchObject(refusal);
  const [version = 0] = takes.flatMap((take) => (take.status === 'fulfilled' ? [take.value] : []));
  const [winner] = won;
  for (const actor of show.stage) {
    await actor.until(`version ${version}`, () => show.seenBy(actor).stateVersion >= version || undefined);
    expect(show.seenBy(actor).attributes.get(seat)).toMatchObject({ value: winner?.user, owner: winner?.user });
  }
  if (winner !== undefined) await change(winner, { deleted: [seat] });
}

async function banTroll(show: Show, world: World): Promise<void> {
  const { moderator, conversation, room } = show;
  const user = world.id('troll');
  const trolls = await world.joinTwice(user);
  for (const troll of trolls) await troll.client.rooms.join(room);
  await trolls[0].send(conversation, 'here I am');
  const ends = trolls.map((troll) => new Promise((resolve) => troll.client.on('roomStateChanged', resolve)));
  await show.seenBy(moderator).ban(user, 3_600_000);
  for (const end of ends) expect(await end).toMatchObject({ state: 'disconnected', cause: 'banned' });
  for (const troll of trolls) {
    await expect(troll.client.rooms.enter(room)).rejects.toMatchObject({ name: 'BANNED' });
    await expect(troll.send(conversation, 'still here')).rejects.toMatchObject({ name: 'BANNED' });
  }
  const later = await world.join(user);
  await expect(later.client.rooms.join(room)).rejects.toMatchObject({ name: 'BANNED' });
  const { members } = await moderator.client.rooms.members(room, { users: [user, moderator.user] });
  expect(members.map((member) => member.user)).toEqual([moderator.user]);
}

async function joinLate(show: Show, world: World): Promise<void> {
  const { host, conversation, room } = show;
  await show.seenBy(host).setAttributes({ topic: 'late joiners' });
  const { seq } = await host.send(conversation, 'the last word so far');
  const late = await world.join(world.id('late'));
  const entered = await late.client.rooms.join(room);
  const held = show.seenBy(host);
  expect(entered.attributes.get('topic')).toEqual({ value: 'late joiners', owner: host.user, isDeletedOnLeave: false });
  expect([entered.attributes, entered.stateVersion]).toEqual([held.attributes, held.stateVersion]);
  expect(entered.counters).toEqual(held.counters);
  const read = textsOf(await readAll(entered, { backwards: false, limit: 100 }));
  expect(read).toEqual((await world.backEnd().history(conversation, seq)).map(({ body }) => body));
  late.client.close();
}

async function awaitFreeSeat(show: Show, world: World): Promise<void> {
  const freedMs = await withTimeout(systemClock, offline.withinMs, show.seatFreed, () => new Error('the seat was not freed'));
  reportLine(`the seat was free after ${Math.round(Math.min(...freedMs) / 1_000)} to ${Math.round(Math.max(...freedMs) / 1_000)} s`);
  expect(Math.min(...freedMs)).toBeGreaterThanOrEqual(offline.afterMs - offline.timerErrorMs);
  for (const actor of show.stage) expect(show.seenBy(actor).attributes.has(cohostSeat)).toBe(false);
  const users = [show.cohost.user, show.host.user];
  expect(await world.backEnd().call('room/listMembers', { room: show.room, users })).toMatchObject({ users: [show.host.user] });
}
