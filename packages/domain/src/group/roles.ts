import { limits, ok, refusal, refused } from '@parley/kernel';
import { type GroupOwnerChanged, GroupRole, type GroupRoleChanged } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import { changed, type GroupDecision, type GroupFold, invalidOperation, noGroupChange, type Operation } from './draft.js';

/** What the user is in the group; UNSPECIFIED for who is not in it. */
export function groupRoleOf(group: OpenGroup, user: string): GroupRole {
  if (user === group.owner) return GroupRole.OWNER;
  if (group.admins.has(user)) return GroupRole.ADMIN;
  return group.members.has(user) ? GroupRole.MEMBER : GroupRole.UNSPECIFIED;
}

/** Makes a member an admin or an admin a member. */
export function decideSetRole(group: OpenGroup, { operator, value }: Operation<'setRole'>): GroupDecision {
  const { user, role } = value;
  if (role !== GroupRole.MEMBER && role !== GroupRole.ADMIN) return invalidOperation('role: member or admin');
  const current = groupRoleOf(group, user);
  if (current === GroupRole.UNSPECIFIED) return invalidOperation('user: no member');
  if (current === GroupRole.OWNER) return invalidOperation('user: the owner; make another one the owner first');
  if (current === role) return noGroupChange;
  if (role === GroupRole.ADMIN && group.admins.size >= limits.groupAdminsMax) return tooManyAdmins;
  return ok([changed(operator, { type: 'role', value: { user, role } })]);
}

/** Gives the group to another member; the former owner becomes an admin. */
export function decideTransfer(group: OpenGroup, { operator, value }: Operation<'transfer'>): GroupDecision {
  const owner = value.user;
  if (!group.members.has(owner)) return invalidOperation('user: no member');
  if (owner === group.owner) return noGroupChange;
  const others = group.admins.has(owner) ? group.admins.size - 1 : group.admins.size;
  if (others >= limits.groupAdminsMax) return tooManyAdmins;
  return ok([changed(operator, { type: 'owner', value: { owner } })]);
}

export function foldGroupRole(group: OpenGroup, { user, role }: GroupRoleChanged): GroupFold {
  const admins = new Set(group.admins);
  if (role === GroupRole.ADMIN) admins.add(user);
  else admins.delete(user);
  return { admins };
}

/** Who owned it so far stays as an admin; after the leaving of an owner the new one is named already. */
export function foldGroupOwner(group: OpenGroup, { owner }: GroupOwnerChanged): GroupFold {
  const admins = new Set(group.admins);
  if (group.owner !== owner) admins.add(group.owner);
  admins.delete(owner);
  // What binds others does not bind an owner.
  return { owner, admins, mutes: group.mutes.filter(({ user }) => user !== owner) };
}

const tooManyAdmins: GroupDecision = refused(refusal('LIMIT_REACHED', `admins: at most ${limits.groupAdminsMax}`));
