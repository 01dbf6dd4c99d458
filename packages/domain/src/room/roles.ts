import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { type RoleChanged, RoomRole } from '@parley/wire';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { invalid, noChange, type RoomDecision, type RoomDraft, type RoomFold, roomNotFound } from './draft.js';
import { runningRules } from './running-rules.js';

/** Above everybody in the room. */
const backEndRank = RoomRole.OWNER + 1;

/** What the user is in the room. Roles above MEMBER outlast absence; others who are not in it have none (UNSPECIFIED). */
export function roleOf(room: OpenRoom, user: string): RoomRole {
  if (user !== '' && user === room.owner) return RoomRole.OWNER;
  if (room.moderators.has(user)) return RoomRole.MODERATOR;
  return room.members.has(user) ? RoomRole.MEMBER : RoomRole.UNSPECIFIED;
}

/** Why the operator may not do what takes that role: outsiders do not learn of the room, whatever their role in it. */
export function refusalOfOperator(room: OpenRoom, operator: string, least: RoomRole): Refusal | undefined {
  if (operator === '') return undefined;
  if (!room.members.has(operator)) return roomNotFound;
  if (roleOf(room, operator) >= least) return undefined;
  return refusal('PERMISSION_DENIED', least === RoomRole.OWNER ? 'takes the owner' : 'takes a moderator');
}

/** Why the operator may not act on users of that role: one acts on lower roles only, the back end on all. */
export function refusalOfRank(room: OpenRoom, operator: string, target: RoomRole): Refusal | undefined {
  const rank = operator === '' ? backEndRank : roleOf(room, operator);
  return rank > target ? undefined : refusal('PERMISSION_DENIED', 'takes a higher role than that of the other user');
}

/** Names a role. There is one owner: naming another makes the former one a moderator, and only the back end leaves a room without. */
export function decideSetRole(room: OpenRoom, { operator, user, role }: RoomCommandOf<'setRole'>): RoomDecision {
  const denied = refusalOfOperator(room, operator, RoomRole.OWNER);
  if (denied !== undefined) return refused(denied);
  if (role === RoomRole.UNSPECIFIED) return invalid('role: missing');
  const current = roleOf(room, user);
  if (current === role || (current === RoomRole.UNSPECIFIED && role === RoomRole.MEMBER)) return noChange;
  if (current === RoomRole.OWNER && operator !== '') {
    return refused(refusal('PERMISSION_DENIED', 'name another owner, which ends the own role'));
  }
  const former = role === RoomRole.OWNER ? room.owner : '';
  const roles: readonly RoleChanged[] = [...(former === '' ? [] : [{ user: former, role: RoomRole.MODERATOR }]), { user, role }];
  if (moderatorsAfter(room, roles).size > limits.roomModeratorsMax) {
    return invalid(`role: at most ${limits.roomModeratorsMax} moderators`);
  }
  return ok(roles.map((value): RoomDraft => ({ operator, change: { type: 'role', value } })));
}

/** Who moderates after a change of roles, and whose exception from a mute ends with it. */
export function foldRole(room: OpenRoom, changed: RoleChanged, timeMs: number): RoomFold {
  const { user, role } = changed;
  const formerOwner = room.owner === user ? '' : room.owner;
  const roles = { owner: role === RoomRole.OWNER ? user : formerOwner, moderators: moderatorsAfter(room, [changed]) };
  return { ...roles, ...runningRules({ ...room, ...roles }, timeMs) };
}

function moderatorsAfter(room: OpenRoom, changes: readonly RoleChanged[]): ReadonlySet<string> {
  const moderators = new Set(room.moderators);
  for (const { user, role } of changes) {
    if (role === RoomRole.MODERATOR) moderators.add(user);
    else moderators.delete(user);
  }
  return moderators;
}
