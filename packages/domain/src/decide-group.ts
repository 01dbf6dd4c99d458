import { createGroupCreated, type GroupEvent } from '@parley/contracts/events';
import { assertNever, hashBytes, ok, type Refusal, type Result, refusal, refused, type UserId } from '@parley/kernel';
import { refusalOfName } from './display-name.js';
import type { Group, GroupCommand } from './group.js';
import { domainLimits } from './limits.js';
import { memberLimitOf } from './member-limit.js';

type Decision = Result<readonly GroupEvent[], Refusal>;
type Command<Type extends GroupCommand['type']> = GroupCommand & { readonly type: Type };

const noChange: Decision = ok([]);
/** "Absent" and "not allowed to know" answer alike. */
const notFound: Decision = refused(refusal('GROUP_NOT_FOUND'));

/** What happens to the group when the command is carried out; no events when it already is as asked for. */
export function decideGroup(group: Group, command: GroupCommand): Decision {
  switch (command.type) {
    case 'create':
      return create(group, command);
    case 'join':
      return join(group, command);
    case 'invite':
      return invite(group, command);
    case 'leave':
      return leave(group, command);
    case 'dismiss':
      return dismiss(group, command);
    default:
      return assertNever(command);
  }
}

function create(group: Group, command: Command<'create'>): Decision {
  const { owner, name } = command;
  const members = [...new Set([owner, ...command.members])];
  if (members.length - 1 > domainLimits.groupInviteMax) return tooMany('members');
  const creationHash = hashOfCreation(owner, members);
  if (group.type === 'open' && group.creationHash === creationHash) return noChange;
  if (group.type !== 'absent') return refused(refusal('GROUP_EXISTS'));
  const wrongName = refusalOfName(name);
  if (wrongName !== undefined) return refused(wrongName);
  const limit = memberLimitOf(command.memberLimit, domainLimits.groupMembersDefault, domainLimits.groupMembersCeiling);
  if (!limit.ok) return limit;
  if (members.length > limit.value) return refused(refusal('GROUP_FULL'));
  return ok([
    eventOf(command, 1, owner, {
      type: 'created',
      value: createGroupCreated({ name, owner, members, memberLimit: limit.value, creationHash }),
    }),
  ]);
}

function join(group: Group, command: Command<'join'>): Decision {
  if (group.type !== 'open') return notFound;
  if (group.members.has(command.user)) return noChange;
  if (group.members.size >= group.memberLimit) return refused(refusal('GROUP_FULL'));
  return ok([eventOf(command, group.version + 1, command.user, { type: 'joined', value: { users: [command.user], invitedBy: '' } })]);
}

function invite(group: Group, command: Command<'invite'>): Decision {
  const { operator } = command;
  if (group.type !== 'open') return notFound;
  if (operator !== '' && !group.members.has(operator)) return notFound;
  if (command.users.length > domainLimits.groupInviteMax) return tooMany('users');
  const users = [...new Set(command.users)].filter((user) => !group.members.has(user));
  if (users.length === 0) return noChange;
  // All or nobody: who asks should not have to find out which half came in.
  if (group.members.size + users.length > group.memberLimit) return refused(refusal('GROUP_FULL'));
  return ok([eventOf(command, group.version + 1, operator, { type: 'joined', value: { users, invitedBy: operator } })]);
}

function leave(group: Group, command: Command<'leave'>): Decision {
  const { user } = command;
  // Whoever is not in it is as they want to be; that also hides whether there is such a group.
  if (group.type !== 'open' || !group.members.has(user)) return noChange;
  const rest = group.members.without(user);
  const newOwner = user === group.owner ? (rest.longest() ?? '') : '';
  const left = eventOf(command, group.version + 1, user, { type: 'left', value: { users: [user], newOwner, isKicked: false } });
  if (rest.size > 0) return ok([left]);
  return ok([left, eventOf(command, group.version + 2, user, { type: 'dismissed', value: {} })]);
}

function dismiss(group: Group, command: Command<'dismiss'>): Decision {
  const { operator } = command;
  if (group.type === 'absent') return notFound;
  const isOwner = operator === '' || operator === group.owner;
  if (group.type === 'dismissed') return isOwner ? noChange : notFound;
  if (isOwner) return ok([eventOf(command, group.version + 1, operator, { type: 'dismissed', value: {} })]);
  return group.members.has(operator) ? refused(refusal('PERMISSION_DENIED', 'only the owner dismisses a group')) : notFound;
}

const tooMany = (field: string): Decision => refused(refusal('INVALID_ARGUMENT', `${field}: at most ${domainLimits.groupInviteMax}`));

function eventOf(command: GroupCommand, version: number, operator: string, change: GroupEvent['change']): GroupEvent {
  const { app, group, timeMs } = command;
  return { app, group, version, timeMs, operator, change };
}

function hashOfCreation(owner: UserId, members: readonly UserId[]): number {
  return hashBytes(new TextEncoder().encode([owner, ...members.toSorted()].join('|')));
}
