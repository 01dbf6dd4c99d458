import { type Refusal, refusal } from '@parley/kernel';
import { type GroupOperation, GroupRole, InviteMode } from '@parley/wire';
import type { Group, OpenGroup } from '../group.js';
import { deniedTo, type GroupOperationType, groupNotFound } from './draft.js';
import { groupRoleOf } from './roles.js';

/** What somebody is to a group. */
export type GroupActor = 'owner' | 'admin' | 'member' | 'outsider' | 'backEnd';

/**
 * Whether somebody may carry an operation out.
 * - `yes`; `no` (PERMISSION_DENIED).
 * - `hidden`: GROUP_NOT_FOUND, whether there is such a group or not.
 * - `unchanged`: all is as asked for already.
 * - `senseless`: INVALID_ARGUMENT, because there is no user behind it.
 * - `byJoinMode`: by the group's join mode, or with an invitation.
 * - `ifOption`: if the group's options leave it to members.
 * - `ifLower`: if all whom it concerns have a lower role; `ifOwn`: if it concerns nobody else, or takes an own invitation back;
 *   `ifOwnOrLower`: either.
 */
export type Permission =
  | 'yes'
  | 'no'
  | 'hidden'
  | 'unchanged'
  | 'senseless'
  | 'byJoinMode'
  | 'ifOption'
  | 'ifLower'
  | 'ifOwn'
  | 'ifOwnOrLower';

/** Who may carry one operation out, in each state of a group. */
export interface PermissionRow {
  readonly open: Readonly<Record<GroupActor, Permission>>;
  /** Of a dismissed group only the last owner is known. */
  readonly dismissed: Readonly<Record<'owner' | 'outsider' | 'backEnd', Permission>>;
  readonly absent: Readonly<Record<'outsider' | 'backEnd', Permission>>;
}

const gone = {
  dismissed: { owner: 'hidden', outsider: 'hidden', backEnd: 'hidden' },
  absent: { outsider: 'hidden', backEnd: 'hidden' },
} as const;

const ofModerators = { owner: 'ifLower', admin: 'ifLower', member: 'no', outsider: 'hidden', backEnd: 'yes' } as const;
const ofOwner = { owner: 'yes', admin: 'no', member: 'no', outsider: 'hidden', backEnd: 'yes' } as const;
const ofEditors = { owner: 'yes', admin: 'yes', member: 'ifOption', outsider: 'hidden', backEnd: 'yes' } as const;

/** Who may do what: docs/groups.md is made from it, and each cell has its test. */
export const groupPermissions = {
  join: {
    open: { owner: 'unchanged', admin: 'unchanged', member: 'unchanged', outsider: 'byJoinMode', backEnd: 'senseless' },
    dismissed: { ...gone.dismissed, backEnd: 'senseless' },
    absent: { ...gone.absent, backEnd: 'senseless' },
  },
  invite: { ...gone, open: ofEditors },
  // Whoever is not in it is as they want to be; that also hides whether there is such a group.
  leave: {
    open: { owner: 'yes', admin: 'yes', member: 'yes', outsider: 'unchanged', backEnd: 'senseless' },
    dismissed: { owner: 'unchanged', outsider: 'unchanged', backEnd: 'senseless' },
    absent: { outsider: 'unchanged', backEnd: 'senseless' },
  },
  kick: { ...gone, open: ofModerators },
  dismiss: { ...gone, open: ofOwner, dismissed: { owner: 'unchanged', outsider: 'hidden', backEnd: 'unchanged' } },
  transfer: { ...gone, open: ofOwner },
  setRole: { ...gone, open: ofOwner },
  setNickname: {
    ...gone,
    open: { owner: 'ifOwnOrLower', admin: 'ifOwnOrLower', member: 'ifOwn', outsider: 'hidden', backEnd: 'yes' },
  },
  updateInfo: { ...gone, open: ofEditors },
  changeAttributes: { ...gone, open: ofEditors },
  mute: { ...gone, open: ofModerators },
  setOptions: { ...gone, open: ofOwner },
  answerRequest: { ...gone, open: { owner: 'yes', admin: 'yes', member: 'ifOwn', outsider: 'ifOwn', backEnd: 'yes' } },
  setLimit: { ...gone, open: { owner: 'no', admin: 'no', member: 'no', outsider: 'hidden', backEnd: 'yes' } },
} as const satisfies Readonly<Record<GroupOperationType, PermissionRow>>;

/** What the table says about an operation: a refusal, nothing to do, or go on. */
export type Verdict = Refusal | 'unchanged' | 'allowed';

/** What the operator (empty: the back end) is to the group. */
export function groupActorOf(group: Group, operator: string): GroupActor {
  if (operator === '') return 'backEnd';
  if (group.type === 'dismissed' && group.owner === operator) return 'owner';
  if (group.type !== 'open') return 'outsider';
  return actorOfRole[groupRoleOf(group, operator)];
}

/** Looks the operation up in the table. */
export function verdictOf(group: Group, operator: string, kind: NonNullable<GroupOperation['kind']>): Verdict {
  const actor = groupActorOf(group, operator);
  const permission = permissionOf(groupPermissions[kind.type], group.type, actor);
  switch (permission) {
    case 'yes':
    case 'byJoinMode':
      return 'allowed';
    case 'unchanged':
      return 'unchanged';
    case 'hidden':
      return groupNotFound;
    case 'senseless':
      return refusal('INVALID_ARGUMENT', 'operator: the user whom it is about');
    default:
      break;
  }
  if (group.type === 'open' && isMet(permission, group, operator, kind)) return 'allowed';
  return actor === 'outsider' ? groupNotFound : deniedTo(reasons[permission]);
}

function permissionOf(row: PermissionRow, state: Group['type'], actor: GroupActor): Permission {
  const cells: Partial<Record<GroupActor, Permission>> = row[state];
  return cells[actor] ?? 'hidden';
}

type Condition = 'no' | 'ifOption' | 'ifLower' | 'ifOwn' | 'ifOwnOrLower';

const reasons: Readonly<Record<Condition, string>> = {
  no: 'takes another role',
  ifOption: 'the group leaves it to owner and admins',
  ifLower: 'takes a higher role than that of the other user',
  ifOwn: 'only what is the own',
  ifOwnOrLower: 'takes a higher role than that of the other user',
};

function isMet(condition: Condition, group: OpenGroup, operator: string, kind: NonNullable<GroupOperation['kind']>): boolean {
  const isOwn = (): boolean => ('user' in kind.value && kind.value.user === operator) || isTakenBack(group, operator, kind);
  const isLower = (): boolean => highestRoleIn(group, kind) < groupRoleOf(group, operator);
  switch (condition) {
    case 'no':
      return false;
    case 'ifOption':
      return kind.type === 'invite' ? group.options.inviteMode !== InviteMode.ADMINS : group.options.isEditableByMembers;
    case 'ifLower':
      return isLower();
    case 'ifOwn':
      return isOwn();
    case 'ifOwnOrLower':
      return isOwn() || isLower();
  }
}

/** Whether somebody says no to an invitation that they have made themselves. */
const isTakenBack = ({ requests }: OpenGroup, operator: string, { type, value }: NonNullable<GroupOperation['kind']>): boolean =>
  type === 'answerRequest' && !value.isAccepted && requests.get(value.user)?.invitedBy === operator;

/** The highest role among those whom an operation concerns; UNSPECIFIED where that is no member. */
function highestRoleIn(group: OpenGroup, { type, value }: NonNullable<GroupOperation['kind']>): GroupRole {
  if (type === 'mute' && value.isEveryone) return GroupRole.ADMIN;
  if (type === 'mute' && value.role !== GroupRole.UNSPECIFIED) return value.role;
  const users = 'users' in value ? value.users : 'user' in value ? [value.user] : [];
  return users.reduce<GroupRole>((highest, user) => {
    const role = groupRoleOf(group, user);
    return role > highest ? role : highest;
  }, GroupRole.UNSPECIFIED);
}

const actorOfRole: Readonly<Record<GroupRole, GroupActor>> = {
  [GroupRole.UNSPECIFIED]: 'outsider',
  [GroupRole.MEMBER]: 'member',
  [GroupRole.ADMIN]: 'admin',
  [GroupRole.OWNER]: 'owner',
};
