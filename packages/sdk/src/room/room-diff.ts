import type { RoomAttributeValue, RoomMuteEntry, RoomSnapshot } from './room-details.js';
import type { TellRoomEvent } from './room-events.js';
import { roleIn } from './room-fold.js';

/** Tells what differs between two moments of a room, each kind of difference in one piece. */
export function tellDifference(
  { before, after }: { readonly before: RoomSnapshot; readonly after: RoomSnapshot },
  by: { readonly room: string; readonly operator: string },
  tell: TellRoomEvent,
): void {
  const { room } = by;
  if (after.name !== before.name) tell('roomRenamed', { ...by, name: after.name });
  const changed = differenceOfMaps(before.attributes, after.attributes, isSameAttribute);
  if (changed.set.size + changed.deleted.length > 0) tell('roomAttributesUpdated', { ...by, version: after.stateVersion, ...changed });
  for (const user of usersWithRoles(before, after)) {
    const role = roleIn(after, user);
    if (role !== roleIn(before, user)) tell('roomRoleChanged', { ...by, user, role });
  }
  for (const mute of differenceOfMutes(before.mutes, after.mutes)) tell('roomMuted', { ...by, ...mute });
  const counters = differenceOfMaps(before.counters, after.counters, (a, b) => a === b).set;
  if (counters.size > 0) tell('roomCountersUpdated', { room, counters });
}

function usersWithRoles(before: RoomSnapshot, after: RoomSnapshot): ReadonlySet<string> {
  if (before.owner === after.owner && before.moderators === after.moderators) return new Set();
  return new Set([before.owner, after.owner, ...before.moderators, ...after.moderators].filter((user) => user !== ''));
}

interface MapDifference<Value> {
  readonly set: ReadonlyMap<string, Value>;
  readonly deleted: readonly string[];
}

function differenceOfMaps<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  isSame: (a: Value, b: Value) => boolean,
): MapDifference<Value> {
  const set = new Map<string, Value>();
  if (before === after) return { set, deleted: [] };
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old === undefined || !isSame(old, value)) set.set(key, value);
  }
  return { set, deleted: [...before.keys()].filter((key) => !after.has(key)) };
}

const isSameAttribute = (a: RoomAttributeValue, b: RoomAttributeValue): boolean =>
  a.value === b.value && a.owner === b.owner && a.isDeletedOnLeave === b.isDeletedOnLeave;

function differenceOfMutes(before: readonly RoomMuteEntry[], after: readonly RoomMuteEntry[]): readonly RoomMuteEntry[] {
  if (before === after) return [];
  const find = (mutes: readonly RoomMuteEntry[], { user, role }: RoomMuteEntry): RoomMuteEntry | undefined =>
    mutes.find((mute) => mute.user === user && mute.role === role);
  const news = after.filter((mute) => find(before, mute)?.untilMs !== mute.untilMs);
  const lifted = before.filter((mute) => mute.untilMs > 0 && find(after, mute) === undefined);
  return [...news, ...lifted.map((mute) => ({ ...mute, untilMs: 0 }))];
}
