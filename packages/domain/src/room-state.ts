import type { Contribution, RoomState } from '@parley/contracts/events';
import { createRoomOptions } from '@parley/wire';
import { MemberSet } from './member-set.js';
import { PersistentMap } from './persistent-map.js';
import type { Room } from './room.js';

/** The room as a snapshot holds it. Throws for one that is not there. */
export function roomToState(room: Room): RoomState {
  if (room.type === 'absent') throw new Error('an absent room has no state');
  const { type: _, ...open } = room;
  return {
    ...open,
    members: room.members.inJoinOrder(),
    moderators: [...room.moderators],
    attributes: [...room.attributes.values()],
    bans: [...room.bans].map(([user, untilMs]) => ({ user, untilMs })),
    counters: [...room.counters].map(([name, value]) => ({ name, value })),
    contributions: [...room.contributions.entries()].flatMap(([, newest]) => newest),
    memberAttributes: [...room.memberAttributes.entries()].map(([, attributes]) => attributes),
  };
}

/** The inverse of {@link roomToState}. */
export function roomFromState(state: RoomState): Room {
  return {
    ...state,
    type: 'open',
    options: createRoomOptions(state.options ?? {}),
    members: MemberSet.of(state.members),
    moderators: new Set(state.moderators),
    attributes: new Map(state.attributes.map((attribute) => [attribute.key, attribute])),
    bans: new Map(state.bans.map(({ user, untilMs }) => [user, untilMs])),
    counters: new Map(state.counters.map(({ name, value }) => [name, value])),
    contributions: PersistentMap.of(byUser(state.contributions)),
    memberAttributes: PersistentMap.of(state.memberAttributes.map((attributes) => [attributes.user, attributes])),
  };
}

function byUser(contributions: readonly Contribution[]): ReadonlyMap<string, readonly Contribution[]> {
  const newest = new Map<string, Contribution[]>();
  for (const contribution of contributions) {
    const known = newest.get(contribution.user);
    if (known === undefined) newest.set(contribution.user, [contribution]);
    else known.push(contribution);
  }
  return newest;
}
