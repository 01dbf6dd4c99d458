import type { Contribution } from '@parley/contracts/events';
import type { AppId, RoomId, UserId } from '@parley/kernel';
import type { MemberAttribute, MembershipCause, RoomAttribute, RoomOptions, RoomRole } from '@parley/wire';

/** What every command says. */
interface RoomCommandHead {
  readonly app: AppId;
  readonly room: RoomId;
  /** Milliseconds since 1970 (UTC); goes into the events. */
  readonly timeMs: number;
  /**
   * Version that the room starts with if this command makes it: greater than every version that its
   * partition has given, so that versions grow over destruction and re-creation without tombstones.
   */
  readonly firstVersion: number;
}

/** Who does it; empty for the application's back end, which may do everything. */
interface Operated {
  readonly operator: UserId | '';
}

/** Something that somebody wants from a room. */
export type RoomCommand = RoomCommandHead &
  (
    | CreateRoom
    | EnterRoom
    | LeaveRoom
    | (Operated & { readonly type: 'destroy' })
    | { readonly type: 'expire' }
    | KickMembers
    | BanUser
    | MuteRoom
    | SetRole
    | RenameRoom
    | ChangeAttributes
    | ChangeMemberAttributes
    | Count
  );

/** The command of one type. */
export type RoomCommandOf<Type extends RoomCommand['type']> = RoomCommand & { readonly type: Type };

interface CreateRoom {
  readonly type: 'create';
  readonly name: string;
  /** Becomes the first member and the owner; empty for the back end. */
  readonly creator: UserId | '';
  /** 0 means the default. */
  readonly memberLimit: number;
  readonly options: RoomOptions;
  /** Belong to the creator, whatever they say. */
  readonly attributes: readonly RoomAttribute[];
}

interface EnterRoom {
  readonly type: 'enter';
  readonly user: UserId;
  /** Used when the room is made, as are the options. */
  readonly name: string;
  readonly options: RoomOptions;
  /** Refuse instead of making the room. */
  readonly mustExist: boolean;
}

interface LeaveRoom {
  readonly type: 'leave';
  /** Those who are not in are passed over. */
  readonly users: readonly UserId[];
  readonly cause: MembershipCause;
}

interface KickMembers extends Operated {
  readonly type: 'kick';
  /** Those who are not in are passed over. */
  readonly users: readonly UserId[];
}

interface BanUser extends Operated {
  readonly type: 'ban';
  readonly user: UserId;
  /** 0 lifts the ban. */
  readonly durationMs: number;
}

/** Of a user, of a role or of everyone: one of the three. */
interface MuteRoom extends Operated {
  readonly type: 'mute';
  readonly user: UserId | '';
  /** UNSPECIFIED where no role is meant. */
  readonly role: RoomRole;
  /** Members and moderators. */
  readonly isEveryone: boolean;
  /** 0 lifts the mute; for a user whose role is muted it makes an exception. */
  readonly durationMs: number;
}

interface SetRole extends Operated {
  readonly type: 'setRole';
  readonly user: UserId;
  readonly role: RoomRole;
}

interface RenameRoom extends Operated {
  readonly type: 'rename';
  readonly name: string;
}

interface ChangeAttributes extends Operated {
  readonly type: 'changeAttributes';
  /** Carried out together with `deleted`, or not at all. */
  readonly set: readonly MemberAttribute[];
  readonly deleted: readonly string[];
  /** Also keys that belong to others. */
  readonly force: boolean;
  /** Keys that are set belong to the operator from here on. */
  readonly updateOwner: boolean;
  /** Keys that are set go away when their owner leaves. */
  readonly deleteOnLeave: boolean;
  /** Only if the state version is this one; 0: whatever it is. */
  readonly ifVersion: number;
}

interface ChangeMemberAttributes extends Operated {
  readonly type: 'changeMemberAttributes';
  readonly user: UserId;
  readonly set: readonly MemberAttribute[];
  readonly deleted: readonly string[];
}

interface Count {
  readonly type: 'count';
  readonly contributions: readonly Contribution[];
}
