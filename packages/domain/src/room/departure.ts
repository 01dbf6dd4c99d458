import type { RoomLeft } from '@parley/contracts/events';
import { ok } from '@parley/kernel';
import { MembershipCause } from '@parley/wire';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { noTally, withoutContributors } from './counters.js';
import { noChange, type RoomDecision, type RoomDraft, type RoomFold } from './draft.js';

/** Lets users out. Who is not in is as they want to be; that also hides whether there is such a room. */
export function decideLeave(room: OpenRoom, { users, cause }: RoomCommandOf<'leave'>): RoomDecision {
  const leaving = presentOf(room, users);
  const [first, second] = leaving;
  if (first === undefined) return noChange;
  const isOwnWill = second === undefined && cause !== MembershipCause.OFFLINE;
  return ok(departure(room, isOwnWill ? first : '', { users: leaving, cause }));
}

/** Those of the users who are in the room, each once. */
export const presentOf = (room: OpenRoom, users: readonly string[]): readonly string[] =>
  [...new Set(users)].filter((user) => room.members.has(user));

/**
 * The leaving of users who are in, and what comes of it: attributes that go with them or with the last member,
 * and the end of a room that does not stay empty.
 */
export function departure(room: OpenRoom, operator: string, left: RoomLeft): readonly RoomDraft[] {
  const leaving: RoomDraft = { operator, change: { type: 'left', value: left } };
  const isEmptied = left.users.length === room.members.size;
  if (isEmptied && room.creator !== '' && room.options.emptyTtlMs === 0) return [leaving, emptyRoomDestroyed];
  const deleted = isEmptied && !room.options.keepsAttributes ? [...room.attributes.keys()] : keysGoingWith(room, left.users);
  if (deleted.length === 0) return [leaving];
  return [leaving, { operator: '', change: { type: 'attributes', value: { set: [], deleted } } }];
}

/** The end of a room that nobody is in. */
export const emptyRoomDestroyed: RoomDraft = { operator: '', change: { type: 'destroyed', value: { cause: MembershipCause.EMPTY } } };

/** What a room is without the users: their totals stay in the counters, all else of them is forgotten. */
export function foldLeft(room: OpenRoom, { users }: RoomLeft, timeMs: number): RoomFold {
  const members = room.members.withoutAll(users);
  const memberAttributes = users.reduce((map, user) => map.without(user), room.memberAttributes);
  const stay = { members, memberAttributes, contributions: withoutContributors(room, users) };
  if (members.size > 0) return stay;
  return { ...stay, ...(room.options.keepsAttributes ? {} : noTally), emptySinceMs: timeMs };
}

function keysGoingWith(room: OpenRoom, users: readonly string[]): readonly string[] {
  const owners = new Set(users);
  return [...room.attributes.values()].filter((it) => it.isDeletedOnLeave && owners.has(it.owner)).map(({ key }) => key);
}
