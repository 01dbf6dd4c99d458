import type { AppId, GroupId, UserId } from '@parley/kernel';
import type { GroupAttribute, GroupMute, GroupOperation, GroupOptions, GroupRequest } from '@parley/wire';
import type { MemberSet } from './member-set.js';
import type { PersistentMap } from './persistent-map.js';

/** Everything that a decision about one group looks at. */
export type Group = AbsentGroup | OpenGroup | DismissedGroup;

/** There never was a group of this id. */
export interface AbsentGroup {
  readonly type: 'absent';
}

/** What grows with the members is shared between states; the rest has small bounds and is copied when it changes. */
export interface OpenGroup {
  readonly type: 'open';
  readonly app: string;
  readonly group: string;
  /** Of everything but requests: 1 at the creation and one more with each change. */
  readonly version: number;
  readonly name: string;
  readonly avatar: string;
  readonly notice: string;
  /** Always a member. */
  readonly owner: string;
  /** Members without the owner. */
  readonly admins: ReadonlySet<string>;
  readonly members: MemberSet;
  /** Of the members of whom there is more to say. */
  readonly details: PersistentMap<MemberDetails>;
  readonly memberLimit: number;
  readonly createdMs: number;
  /** Of owner and members at the creation, to know a repeated creation again. */
  readonly creationHash: number;
  readonly options: GroupOptions;
  /** By key. */
  readonly attributes: ReadonlyMap<string, string>;
  /**
   * Of users and of roles, some of them over already. They outlast the membership. An end of 0 stands for a member who
   * may speak although the role is muted.
   */
  readonly mutes: readonly GroupMute[];
  /** The newest of each user: waiting ones, and those answered within the last 7 days. */
  readonly requests: PersistentMap<GroupRequest>;
}

/** Of one member. */
export interface MemberDetails {
  /** Empty: none. */
  readonly nickname: string;
  /** Empty where nobody brought the member in. */
  readonly invitedBy: string;
}

/** Kept for ever, so that the id is never used again. */
export interface DismissedGroup {
  readonly type: 'dismissed';
  readonly app: string;
  readonly group: string;
  readonly version: number;
  /** The last owner, whose repeated dismissal is no error. */
  readonly owner: string;
  readonly createdMs: number;
}

/** What every command says. */
interface GroupCommandHead {
  readonly app: AppId;
  readonly group: GroupId;
  /** Milliseconds since 1970 (UTC); goes into the events. */
  readonly timeMs: number;
}

/** Makes a group. */
export interface CreateGroup extends GroupCommandHead {
  readonly type: 'create';
  readonly name: string;
  readonly owner: UserId;
  /** With or without the owner. */
  readonly members: readonly UserId[];
  /** 0 means the default. */
  readonly memberLimit: number;
  /** Default: as a group is where nothing is chosen. */
  readonly options?: GroupOptions | undefined;
  readonly avatar?: string;
  readonly notice?: string;
  readonly attributes?: readonly GroupAttribute[];
}

/** Everything else that somebody wants of a group. */
export interface OperateGroup extends GroupCommandHead {
  readonly type: 'operate';
  readonly operation: GroupOperation;
  /** Empty for the application's back end. */
  readonly operator: UserId | '';
  /** Only if the group has this version; 0, the default: whichever it has. */
  readonly ifVersion?: number;
}

/** Something that somebody wants from a group. */
export type GroupCommand = CreateGroup | OperateGroup;

/** A group before anything happened. */
export const initialGroup: Group = { type: 'absent' };
