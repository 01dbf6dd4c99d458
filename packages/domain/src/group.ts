import { createGroupState, type GroupEvent, type GroupState } from '@parley/contracts/events';
import type { AppId, GroupId, UserId } from '@parley/kernel';
import { MemberSet } from './member-set.js';

/** Everything that a decision about one group looks at. */
export type Group = AbsentGroup | OpenGroup | DismissedGroup;

/** There never was a group of this id. */
export interface AbsentGroup {
  readonly type: 'absent';
}

export interface OpenGroup {
  readonly type: 'open';
  readonly app: string;
  readonly group: string;
  /** Of the membership: 1 at the creation and one more with each change. */
  readonly version: number;
  readonly name: string;
  readonly owner: string;
  readonly members: MemberSet;
  readonly memberLimit: number;
  readonly createdMs: number;
  /** Of owner and members at the creation, to know a repeated creation again. */
  readonly creationHash: number;
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

/** Something that somebody wants from a group. An empty operator is the application's back end. */
export type GroupCommand = GroupCommandHead &
  (
    | {
        readonly type: 'create';
        readonly name: string;
        readonly owner: UserId;
        /** With or without the owner. */
        readonly members: readonly UserId[];
        /** 0 means the default. */
        readonly memberLimit: number;
      }
    | { readonly type: 'join'; readonly user: UserId }
    | { readonly type: 'invite'; readonly users: readonly UserId[]; readonly operator: UserId | '' }
    | { readonly type: 'leave'; readonly user: UserId }
    | { readonly type: 'dismiss'; readonly operator: UserId | '' }
  );

/** A group before anything happened. */
export const initialGroup: Group = { type: 'absent' };

/** The group after the event. Throws on an event that cannot follow: then the log is not what it should be. */
export function evolveGroup(group: Group, event: GroupEvent): Group {
  const { change, version } = event;
  if (change?.type === 'created') {
    const { name, owner, members, memberLimit, creationHash } = change.value;
    return {
      type: 'open',
      app: event.app,
      group: event.group,
      version,
      name,
      owner,
      members: MemberSet.of(members),
      memberLimit,
      createdMs: event.timeMs,
      creationHash,
    };
  }
  if (group.type !== 'open') throw new Error(`group event '${change?.type}' without a group`);
  switch (change?.type) {
    case 'joined':
      return { ...group, version, members: group.members.withAll(change.value.users) };
    case 'left': {
      const members = group.members.withoutAll(change.value.users);
      return { ...group, version, members, owner: change.value.newOwner === '' ? group.owner : change.value.newOwner };
    }
    case 'dismissed':
      return {
        type: 'dismissed',
        app: group.app,
        group: group.group,
        version,
        owner: group.owner,
        createdMs: group.createdMs,
      };
    default:
      // A change of a newer version of the program: what it means is unknown, going on would be a guess.
      throw new Error('group event of an unknown kind');
  }
}

/** The group as a snapshot holds it. Throws for one that never was. */
export function groupToState(group: Group): GroupState {
  if (group.type === 'absent') throw new Error('an absent group has no state');
  const { app, version, owner, createdMs } = group;
  const head = { app, group: group.group, version, owner, createdMs };
  if (group.type === 'dismissed') {
    return createGroupState({ ...head, isDismissed: true });
  }
  const { name, memberLimit, creationHash } = group;
  return createGroupState({ ...head, name, members: group.members.inJoinOrder(), memberLimit, creationHash });
}

/** The inverse of {@link groupToState}. */
export function groupFromState(state: GroupState): Group {
  const { app, group, version, name, owner, memberLimit, createdMs, creationHash } = state;
  if (state.isDismissed) return { type: 'dismissed', app, group, version, owner, createdMs };
  const members = MemberSet.of(state.members);
  return { type: 'open', app, group, version, name, owner, members, memberLimit, createdMs, creationHash };
}
