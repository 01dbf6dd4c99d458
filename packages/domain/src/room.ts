import type { RoomEvent, RoomState } from '@parley/contracts/events';
import type { AppId, RoomId, UserId } from '@parley/kernel';
import { MemberSet } from './member-set.js';

/** Everything that a decision about one room looks at. */
export type Room = AbsentRoom | OpenRoom;

/** There is no room of this id now; one that was destroyed leaves no trace. */
export interface AbsentRoom {
  readonly type: 'absent';
}

export interface OpenRoom {
  readonly type: 'open';
  readonly app: string;
  readonly room: string;
  /** Of the membership; one more with each change. */
  readonly version: number;
  readonly name: string;
  /** Empty when the back end made it: then the room stays when nobody is in it. */
  readonly creator: string;
  readonly members: MemberSet;
  readonly memberLimit: number;
  readonly createdMs: number;
}

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

/** Something that somebody wants from a room. An empty operator or creator is the application's back end. */
export type RoomCommand = RoomCommandHead &
  (
    | {
        readonly type: 'create';
        readonly name: string;
        readonly creator: UserId | '';
        /** 0 means the default. */
        readonly memberLimit: number;
      }
    | {
        readonly type: 'enter';
        readonly user: UserId;
        /** Used when the room is made. */
        readonly name: string;
        /** Refuse instead of making the room. */
        readonly mustExist: boolean;
      }
    | { readonly type: 'leave'; readonly user: UserId }
    | { readonly type: 'destroy'; readonly operator: UserId | '' }
  );

/** A room before anything happened, and after it was destroyed. */
export const initialRoom: Room = { type: 'absent' };

/** The room after the event. Throws on an event that cannot follow: then the log is not what it should be. */
export function evolveRoom(room: Room, event: RoomEvent): Room {
  const { change, version } = event;
  if (change?.type === 'created') {
    const { name, creator, memberLimit } = change.value;
    const members = creator === '' ? MemberSet.empty : MemberSet.of([creator]);
    return {
      type: 'open',
      app: event.app,
      room: event.room,
      version,
      name,
      creator,
      members,
      memberLimit,
      createdMs: event.timeMs,
    };
  }
  if (room.type !== 'open') throw new Error(`room event '${change?.type}' without a room`);
  switch (change?.type) {
    case 'entered':
      return { ...room, version, members: room.members.withAll(change.value.users) };
    case 'left':
      return { ...room, version, members: room.members.withoutAll(change.value.users) };
    case 'destroyed':
      return initialRoom;
    default:
      // A change of a newer version of the program: what it means is unknown, going on would be a guess.
      throw new Error('room event of an unknown kind');
  }
}

/** The room as a snapshot holds it. Throws for one that is not there. */
export function roomToState(room: Room): RoomState {
  if (room.type === 'absent') throw new Error('an absent room has no state');
  const { app, version, name, creator, memberLimit, createdMs } = room;
  return { app, room: room.room, version, name, creator, members: room.members.inJoinOrder(), memberLimit, createdMs };
}

/** The inverse of {@link roomToState}. */
export function roomFromState(state: RoomState): Room {
  return { ...state, type: 'open', members: MemberSet.of(state.members) };
}
