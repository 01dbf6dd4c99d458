import type { ParleyClientError } from '../client-error.js';
import type { MembershipCauseName, RoomAttributeValue, RoomMuteEntry, RoomRoleName } from './room-details.js';

/**
 * `connecting`: on the way in, also again and by itself after the connection was lost. `connected`: in, and told of
 * everything. `disconnected`: out; nothing happens any more until the application enters again.
 */
export type RoomConnectionState = 'connecting' | 'connected' | 'disconnected';

/**
 * Why the state changed. In: `entering`, `entered`; `connection-lost` and `resumed` when the server kept the place;
 * `offline`: the server had given the place away, it is entered again. Out: `left`, `switched` (by this user, here or on
 * another device), `kicked`, `banned`, `destroyed`, `empty` (closed because nobody was left), `refused`: the room could
 * not be entered (again), see `error`; `lost`: the server says that the user is not in it, but not why; `closed`: the
 * client was closed.
 */
export type RoomStateCause =
  | 'entering'
  | 'entered'
  | 'connection-lost'
  | 'resumed'
  | 'left'
  | 'refused'
  | 'lost'
  | 'closed'
  | Exclude<MembershipCauseName, ''>;

/** What is told of rooms, by the client for all rooms and by a `Room` for itself. `room` is the room's id. */
export interface RoomEvents {
  roomStateChanged: {
    readonly room: string;
    readonly state: RoomConnectionState;
    readonly cause: RoomStateCause;
    readonly error?: ParleyClientError;
  };
  /** One whole batch; `room.attributes` has all of it by now. After a gap, everything that had changed meanwhile. */
  roomAttributesUpdated: {
    readonly room: string;
    /** `stateVersion` with which the room looks like this. */
    readonly version: number;
    readonly set: ReadonlyMap<string, RoomAttributeValue>;
    readonly deleted: readonly string[];
    /** Who did it; empty for the server, and after a gap. */
    readonly operator: string;
  };
  roomMembersChanged: {
    readonly room: string;
    readonly joined: readonly string[];
    readonly left: readonly string[];
    readonly cause: MembershipCauseName;
    readonly operator: string;
    readonly memberCount: number;
    /** False in large rooms and after a gap: others came and went as well; who is in tells `members`. */
    readonly isComplete: boolean;
  };
  roomMemberAttributesUpdated: {
    readonly room: string;
    readonly user: string;
    /** Of the member's attributes; grows by 1. */
    readonly version: number;
    readonly set: ReadonlyMap<string, string>;
    readonly deleted: readonly string[];
    readonly operator: string;
    /** False when changes before it were missed, or when it is the first that is seen of the member: `members` has the whole. */
    readonly isComplete: boolean;
  };
  /** Counters that have grown, with their newest values. */
  roomCountersUpdated: { readonly room: string; readonly counters: ReadonlyMap<string, number> };
  roomRoleChanged: { readonly room: string; readonly user: string; readonly role: RoomRoleName; readonly operator: string };
  /** A mute of a role or of this user, for moderators of anybody; `untilMs` 0: it was lifted. */
  roomMuted: RoomMuteEntry & { readonly room: string; readonly operator: string };
  roomRenamed: { readonly room: string; readonly name: string; readonly operator: string };
  /** Transient messages that were not passed on because something was over its capacity. */
  messagesDropped: {
    /** Empty for those that were meant for this connection, which read too slowly. */
    readonly conversation: string;
    readonly low: number;
    readonly medium: number;
  };
}

/** Calls the listeners of an event. */
export type TellRoomEvent = <Name extends keyof RoomEvents>(name: Name, value: RoomEvents[Name]) => void;

/** An emitter of more events than these; which of them it is, the types of `TellRoomEvent` hold to. */
export const tellThrough =
  (emitter: { emit(name: never, value: never): void }): TellRoomEvent =>
  (name, value) =>
    emitter.emit(name as never, value as never);
