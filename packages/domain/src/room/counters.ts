import type { Contribution } from '@parley/contracts/events';
import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { PersistentMap } from '../persistent-map.js';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { noChange, type RoomDecision, roomNotFound } from './draft.js';

type Tally = Pick<OpenRoom, 'counters' | 'contributions'>;

/**
 * Of each contributor, to know repeated totals again. All devices of a user can add to all counters; of the
 * back end, whose requests each have a nonce of their own, it is the time within which a repeated one counts once.
 */
export const rememberedContributionsMax = 256;

/** Counters before anybody has counted. */
export const noTally: Tally = { counters: new Map(), contributions: PersistentMap.empty() };

/**
 * Takes the totals that are above what is known. Those of users who are not in the room are passed over, and so
 * are wrong ones beside right ones, because contributors share a command: {@link refusalOfContribution} says why.
 */
export function decideCount(room: OpenRoom, { contributions }: RoomCommandOf<'count'>): RoomDecision {
  let tally: Tally = room;
  let wrong: Refusal | undefined;
  let isAnyRight = false;
  const raised: Contribution[] = [];
  for (const contribution of contributions) {
    if (!isFromInside(room, contribution)) continue;
    const problem = refusalInTally(tally, contribution);
    wrong ??= problem;
    if (problem !== undefined) continue;
    isAnyRight = true;
    if (contribution.total <= knownTotal(tally, contribution)) continue;
    tally = counted(tally, [contribution]);
    raised.push(contribution);
  }
  if (wrong !== undefined && !isAnyRight) return refused(wrong);
  if (raised.length === 0) return noChange;
  return ok([{ operator: '', change: { type: 'counted', value: { contributions: raised } } }]);
}

/** Why the contribution does not count in the room as it stands; undefined when it does or has. */
export function refusalOfContribution(room: OpenRoom, contribution: Contribution): Refusal | undefined {
  return isFromInside(room, contribution) ? refusalInTally(room, contribution) : roomNotFound;
}

/** The counters once the contributions are in. */
export function counted(tally: Tally, contributions: readonly Contribution[]): Tally {
  const counters = new Map(tally.counters);
  let remembered = tally.contributions;
  for (const contribution of contributions) {
    const { counter, user, total } = contribution;
    const newest = remembered.get(user) ?? [];
    const index = indexOfKnown(newest, contribution);
    const known = newest[index]?.total ?? 0;
    if (total <= known) continue;
    counters.set(counter, (counters.get(counter) ?? 0) + total - known);
    const isFull = index < 0 && newest.length >= rememberedContributionsMax;
    const others = index >= 0 || isFull ? newest.toSpliced(Math.max(index, 0), 1) : newest;
    remembered = remembered.with(user, [...others, contribution]);
  }
  return { counters, contributions: remembered };
}

/** Forgets what the users said they had contributed; the values of the counters stay. */
export const withoutContributors = ({ contributions }: Tally, users: readonly string[]): Tally['contributions'] =>
  users.reduce((map, user) => map.without(user), contributions);

const isFromInside = (room: OpenRoom, { user }: Contribution): boolean => user === '' || room.members.has(user);

const indexOfKnown = (newest: readonly Contribution[], { counter, nonce }: Contribution): number =>
  newest.findLastIndex((known) => known.counter === counter && known.nonce === nonce);

function knownTotal({ contributions }: Tally, contribution: Contribution): number {
  const newest = contributions.get(contribution.user) ?? [];
  return newest[indexOfKnown(newest, contribution)]?.total ?? 0;
}

function refusalInTally(tally: Tally, contribution: Contribution): Refusal | undefined {
  const { counter, nonce, total } = contribution;
  if (!isWithin(counter, limits.counterNameBytesMax)) return wrong(`counter: 1 to ${limits.counterNameBytesMax} bytes`);
  if (!isWithin(nonce, limits.clientMsgIdBytesMax)) return wrong(`nonce: 1 to ${limits.clientMsgIdBytesMax} bytes`);
  const value = tally.counters.get(counter);
  if (value === undefined && tally.counters.size >= limits.roomCountersMax) return wrong(`counter: at most ${limits.roomCountersMax}`);
  const after = (value ?? 0) - knownTotal(tally, contribution) + total;
  return after > Number.MAX_SAFE_INTEGER ? wrong('total: the counter would overflow') : undefined;
}

const wrong = (detail: string): Refusal => refusal('INVALID_ARGUMENT', detail);

const isWithin = (text: string, bytesMax: number): boolean => text !== '' && Buffer.byteLength(text) <= bytesMax;
