import type { Contribution, MemberAttributes } from '@parley/contracts/events';
import type { RoomAttribute, RoomMute, RoomOptions } from '@parley/wire';
import type { MemberSet } from './member-set.js';
import type { PersistentMap } from './persistent-map.js';

/** Everything that a decision about one room looks at. */
export type Room = AbsentRoom | OpenRoom;

/** There is no room of this id now; one that was destroyed leaves no trace. */
export interface AbsentRoom {
  readonly type: 'absent';
}

/** What has no bound, or a bound in the thousands, is shared between states; the rest is small and copied when it changes. */
export interface OpenRoom {
  readonly type: 'open';
  readonly app: string;
  readonly room: string;
  /** Of what the router knows: who is in and who may speak; one more with each such event. */
  readonly version: number;
  /** Of attributes, roles, mutes and name: 1 at the creation and one more with each change that clients are told. */
  readonly stateVersion: number;
  readonly name: string;
  /** Empty when the back end made it: then, without a time to live, the room stays when nobody is in it. */
  readonly creator: string;
  readonly options: RoomOptions;
  readonly memberLimit: number;
  readonly createdMs: number;
  readonly members: MemberSet;
  /** Since when nobody is in it; 0 while somebody is. */
  readonly emptySinceMs: number;
  /** Empty while the room has none. Roles outlast absence. */
  readonly owner: string;
  readonly moderators: ReadonlySet<string>;
  /** By key. */
  readonly attributes: ReadonlyMap<string, RoomAttribute>;
  /**
   * One for each user or role that is muted, some of them over already. An end of 0 stands for a user who may
   * speak although his role is muted.
   */
  readonly mutes: readonly RoomMute[];
  /** Until when a user may not come in, some of them over already. */
  readonly bans: ReadonlyMap<string, number>;
  /** Values by name: what everybody has contributed, also those who have left. */
  readonly counters: ReadonlyMap<string, number>;
  /** The newest contributions of each member ('' for the back end), oldest first: to know repeated ones again. */
  readonly contributions: PersistentMap<readonly Contribution[]>;
  /** Of the members that have or had some during their stay. */
  readonly memberAttributes: PersistentMap<MemberAttributes>;
}

/** A room before anything happened, and after it was destroyed. */
export const initialRoom: Room = { type: 'absent' };
