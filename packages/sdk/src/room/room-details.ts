import { type MembershipCause, RoomRole } from '@parley/wire';
import type { MemberAttributeInit, RoomAttribute, RoomAttributeInit, RoomInfo, RoomMute, RoomOptions, RoomOptionsInit } from '@parley/wire';

/** What a member may do; see `Room.role`. */
export type RoomRoleName = 'member' | 'moderator' | 'owner';

/** One attribute of a room. */
export interface RoomAttributeValue {
  readonly value: string;
  /** The user whom the key belongs to; empty for the application's back end. */
  readonly owner: string;
  /** Goes away when its owner leaves the room. */
  readonly isDeletedOnLeave: boolean;
}

/** Who may not speak, and until when. */
export interface RoomMuteEntry {
  /** One user; empty where a role is muted. */
  readonly user: string;
  /** Everybody of that role. */
  readonly role: 'member' | 'moderator' | undefined;
  /** Milliseconds since 1970 (UTC); 0 for a user who may speak although the role is muted. */
  readonly untilMs: number;
}

/** How a room behaves; chosen when it is made. */
export interface RoomBehaviour {
  /** How long it stays when the last member has gone. */
  readonly emptyTtlMs: number;
  /** Attributes and counters outlive the last member's leaving. */
  readonly keepsAttributes: boolean;
  /** What newcomers may read of what was said before they came: nothing, or the newest part. */
  readonly historyAccess: 'from-join' | 'recent';
  /** Lists of rooms leave it out. */
  readonly isUnlisted: boolean;
}

/** What is known of a room at one moment. Never changed in place: what was read once stays as it was. */
export interface RoomSnapshot {
  readonly name: string;
  readonly memberCount: number;
  /** Empty when the application's back end made the room. */
  readonly owner: string;
  /** Sorted. */
  readonly moderators: readonly string[];
  readonly attributes: ReadonlyMap<string, RoomAttributeValue>;
  /** Version of attributes, roles, mutes and name; grows by 1. */
  readonly stateVersion: number;
  readonly counters: ReadonlyMap<string, number>;
  /** Of roles and of oneself; moderators and the owner see those of all. */
  readonly mutes: readonly RoomMuteEntry[];
  readonly options: RoomBehaviour;
  readonly createdMs: number;
  /** First seq of the room's conversation that this user may read. */
  readonly firstSeq: number;
  /** Version of who is in. */
  readonly version: number;
  readonly tallyVersion: number;
}

const roleNames = ['member', 'member', 'moderator', 'owner'] as const;

export const roleName = (role: RoomRole): RoomRoleName => roleNames[role] ?? 'member';
export const roleNumber = (name: RoomRoleName): RoomRole => roleNames.lastIndexOf(name) as RoomRole;

/** Why a membership ended; empty when a user left on their own, or when it is not said. */
export type MembershipCauseName = '' | 'offline' | 'kicked' | 'banned' | 'switched' | 'empty' | 'destroyed';

const causeNames = ['', 'offline', 'kicked', 'banned', 'switched', 'empty', 'destroyed'] as const;

export const causeName = (cause: MembershipCause): MembershipCauseName => causeNames[cause] ?? '';

export const attributeOf = ({ value, owner, isDeletedOnLeave }: RoomAttribute): RoomAttributeValue => ({ value, owner, isDeletedOnLeave });

export function muteEntryOf({ user, role, untilMs }: RoomMute): RoomMuteEntry {
  return { user, role: user !== '' ? undefined : role === RoomRole.MODERATOR ? 'moderator' : 'member', untilMs };
}

export function behaviourOf(options: RoomOptions | undefined): RoomBehaviour {
  return {
    emptyTtlMs: options?.emptyTtlMs ?? 0,
    keepsAttributes: options?.keepsAttributes ?? false,
    historyAccess: options?.historyAccess === 2 ? 'recent' : 'from-join',
    isUnlisted: options?.isUnlisted ?? false,
  };
}

export function optionsToWire(options: Partial<RoomBehaviour> | undefined): RoomOptionsInit | undefined {
  if (options === undefined) return undefined;
  const { historyAccess, ...rest } = options;
  return { ...rest, historyAccess: historyAccess === undefined ? 0 : historyAccess === 'recent' ? 2 : 1 };
}

/** `{ key: value }` as the wire wants it. */
export const attributesToWire = (values: Readonly<Record<string, string>> = {}): MemberAttributeInit[] & RoomAttributeInit[] =>
  Object.keys(values).map((key) => ({ key, value: values[key] }));

/** What an answer of the server says about a room. */
export function snapshotOf(info: RoomInfo): RoomSnapshot {
  const { name, memberCount, owner, stateVersion, createdMs, firstSeq, version, tallyVersion } = info;
  return {
    ...{ name, memberCount, owner, stateVersion, createdMs, firstSeq, version, tallyVersion },
    moderators: [...info.moderators].sort(),
    attributes: new Map(info.attributes.map((attribute) => [attribute.key, attributeOf(attribute)])),
    counters: new Map(info.counters.map((counter) => [counter.name, counter.value])),
    mutes: info.mutes.map(muteEntryOf),
    options: behaviourOf(info.options),
  };
}
