import { serverLimits } from '../server-limits.js';
import { type RoleChanged, type RoomChange, type RoomInfo, type RoomMute, RoomRole, type RoomTally } from '@parley/wire';
import type { Membership } from '../events.js';
import { attributeOf, muteEntryOf, type RoomRoleName, type RoomSnapshot, snapshotOf } from './room-details.js';

/** What a user may do in the room. */
export function roleIn({ owner, moderators }: RoomSnapshot, user: string): RoomRoleName {
  if (user === owner && user !== '') return 'owner';
  return moderators.includes(user) ? 'moderator' : 'member';
}

/** Who looks at a change, and when it was made by the server's clock. */
export interface Viewpoint {
  readonly self: string;
  readonly timeMs: number;
}

/** The change after the one that the snapshot holds; whoever calls has looked at the versions. */
export function foldChange(held: RoomSnapshot, { stateVersion, change }: RoomChange, viewpoint: Viewpoint): RoomSnapshot {
  const next = { ...held, stateVersion };
  switch (change?.type) {
    case 'attributes': {
      const attributes = new Map(held.attributes);
      for (const key of change.value.deleted) attributes.delete(key);
      for (const attribute of change.value.set) attributes.set(attribute.key, attributeOf(attribute));
      return { ...next, attributes };
    }
    case 'role':
      return withRunningMutes({ ...next, ...foldRole(held, change.value) }, viewpoint);
    case 'mute':
      return withRunningMutes(foldMute(withRunningMutes(next, viewpoint), change.value), viewpoint);
    case 'renamed':
      return { ...next, name: change.value.name };
    default:
      return next;
  }
}

/** A new owner makes the former one a moderator. */
function foldRole({ owner, moderators }: RoomSnapshot, { user, role }: RoleChanged): Pick<RoomSnapshot, 'owner' | 'moderators'> {
  const others = moderators.filter((moderator) => moderator !== user);
  if (role === RoomRole.OWNER) return { owner: user, moderators: owner === '' || owner === user ? others : [...others, owner].sort() };
  return { owner: owner === user ? '' : owner, moderators: role === RoomRole.MODERATOR ? [...others, user].sort() : others };
}

/** Without an end it is lifted: for a user that is an exception as long as the role is muted. */
function foldMute(held: RoomSnapshot, mute: RoomMute): RoomSnapshot {
  const entry = muteEntryOf(mute);
  const others = held.mutes.filter(({ user, role }) => user !== entry.user || role !== entry.role);
  return { ...held, mutes: entry.untilMs > 0 || entry.user !== '' ? [...others, entry] : others };
}

/**
 * Without mutes that are over, without exceptions from none, and without those of others where the viewer is a member:
 * everybody is told of every mute, but who is told must not know more than who asks.
 */
function withRunningMutes(held: RoomSnapshot, { self, timeMs }: Viewpoint): RoomSnapshot {
  const seesAll = roleIn(held, self) !== 'member';
  const timed = held.mutes.filter(({ user, untilMs }) => (untilMs > timeMs || untilMs === 0) && (seesAll || user === '' || user === self));
  const mutes = timed.filter(({ user, untilMs }) => untilMs > 0 || timed.some(({ role }) => role === roleIn(held, user)));
  return { ...held, mutes };
}

/** Who came and went. */
export function foldMembership(held: RoomSnapshot, { version, memberCount }: Membership): RoomSnapshot {
  if (version <= held.version) return held;
  return { ...held, version, memberCount: memberCount > 0 ? memberCount : held.memberCount };
}

/**
 * Counters only grow while somebody is in the room, so the larger value is the newer one, whichever way it came. The
 * number of members is told in this way where the room is too large to tell who comes and goes.
 */
export function foldTally(held: RoomSnapshot, tally: RoomTally): RoomSnapshot {
  const next = foldCounters(held, tally.counters);
  if (tally.version <= held.tallyVersion) return next;
  const isTold = tally.memberCount > serverLimits.roomVisibleMembersMax;
  return { ...next, tallyVersion: tally.version, memberCount: isTold ? tally.memberCount : held.memberCount };
}

/** Values of counters; lower ones are old. */
export function foldCounters(held: RoomSnapshot, values: readonly { readonly name: string; readonly value: number }[]): RoomSnapshot {
  const news = values.filter(({ name, value }) => value > (held.counters.get(name) ?? -1));
  if (news.length === 0) return held;
  const counters = new Map(held.counters);
  for (const { name, value } of news) counters.set(name, value);
  return { ...held, counters };
}

/** A whole look at the room, asked for at some time: each part counts if it is newer than what is held. */
export function foldInfo(held: RoomSnapshot, info: RoomInfo): RoomSnapshot {
  const told = snapshotOf(info);
  // The room was destroyed and made again, or what is told is of the one before.
  if (told.createdMs !== held.createdMs) return told.createdMs > held.createdMs ? told : held;
  const { version, memberCount, tallyVersion } = told;
  const isStateNewer = told.stateVersion >= held.stateVersion;
  // Where the user may read from, only entering tells.
  const base = isStateNewer ? { ...told, counters: held.counters, firstSeq: held.firstSeq } : held;
  const counted = foldCounters(base, info.counters);
  const isCountNewer = version >= held.version && tallyVersion >= held.tallyVersion;
  return {
    ...counted,
    version: Math.max(version, held.version),
    tallyVersion: Math.max(tallyVersion, held.tallyVersion),
    memberCount: isCountNewer ? memberCount : held.memberCount,
  };
}
