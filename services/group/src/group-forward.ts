import type { Forward } from '@parley/aggregates';
import type { GroupEvent } from '@parley/contracts/events';
import { type Group, groupRequestReaders, groupSpeakingOf, type OpenGroup, toldRequest } from '@parley/domain';
import { type GroupChange, type GroupRequest, MembershipCause, type MembershipChangeInit, Priority } from '@parley/wire';

/** What an event of a group means to the router and to the members; `before` is what it happened to. */
export function groupForward(event: GroupEvent, after: Group, before: Group): Forward | undefined {
  const { change, operator, version, timeMs } = event;
  if (change?.type === 'dismissed') {
    const isEmpty = before.type === 'open' && before.members.size === 0;
    return { change: { version, operator, cause: isEmpty ? MembershipCause.EMPTY : MembershipCause.DESTROYED, closed: true } };
  }
  if (after.type !== 'open') throw new Error(`group event '${change?.type}' without a group`);
  switch (change?.type) {
    case 'created':
      return { change: membershipOf(event, after, { joined: change.value.members, operator }), ...rulesOf(after, timeMs) };
    case 'joined':
      return { change: membershipOf(event, after, { joined: change.value.users }) };
    case 'left': {
      const { users, isKicked } = change.value;
      const cause = isKicked ? MembershipCause.KICKED : MembershipCause.UNSPECIFIED;
      const areRulesConcerned = before.type === 'open' && users.some((user) => isNamedInRules(before, user));
      const speaking = areRulesConcerned ? groupSpeakingOf(after, timeMs) : undefined;
      return { change: membershipOf(event, after, { left: users, cause }), speaking };
    }
    case 'changed':
      return { change: { version, operator }, groupChange: change.value, ...rulesChangedBy(change.value, { after, before, timeMs }) };
    case 'requested':
      return { notices: [requestNotice(after, change.value)] };
    default:
      throw new Error('group event of an unknown kind');
  }
}

/** Rules as far as the change touches them. */
function rulesChangedBy({ change }: GroupChange, { after, before, timeMs }: Fold): Forward {
  switch (change?.type) {
    case 'role':
    case 'owner':
    case 'mute':
    case 'mutes':
      return { speaking: groupSpeakingOf(after, timeMs) };
    case 'options':
      return before.type === 'open' ? rulesUnlike(before, after, timeMs) : rulesOf(after, timeMs);
    default:
      return {};
  }
}

interface Fold {
  readonly after: OpenGroup;
  readonly before: Group;
  readonly timeMs: number;
}

/** All rules of a group, as it starts. */
function rulesOf(group: OpenGroup, timeMs: number): Forward {
  const { historyAccess, destroyAfterMs } = group.options;
  const rules = destroyAfterMs === 0 ? undefined : { destroyAfterMs };
  return { speaking: groupSpeakingOf(group, timeMs), historyAccess, rules };
}

/** Those that other options have changed. */
function rulesUnlike({ options: former }: OpenGroup, group: OpenGroup, timeMs: number): Forward {
  const { historyAccess, destroyAfterMs, slowModeMs, isPinningByMembers } = group.options;
  const isSpeakingSame = slowModeMs === former.slowModeMs && isPinningByMembers === former.isPinningByMembers;
  return {
    speaking: isSpeakingSame ? undefined : groupSpeakingOf(group, timeMs),
    historyAccess: historyAccess === former.historyAccess ? undefined : historyAccess,
    rules: destroyAfterMs === former.destroyAfterMs ? undefined : { destroyAfterMs },
  };
}

/** Whether the rules of speaking name the user, so that they must be told without. */
const isNamedInRules = ({ owner, admins, mutes }: OpenGroup, user: string): boolean =>
  user === owner || admins.has(user) || mutes.some((mute) => mute.user === user);

/** An operator is named where it is another user than the one who came or went. */
function membershipOf({ operator, version }: GroupEvent, { members }: OpenGroup, moved: MembershipChangeInit): MembershipChangeInit {
  const users = moved.joined ?? moved.left ?? [];
  const isSelf = users.length === 1 && users[0] === operator;
  return { version, operator: isSelf ? '' : operator, memberCount: members.size, ...moved };
}

const requestNotice = (group: OpenGroup, request: GroupRequest) => ({
  priority: Priority.MEDIUM,
  onlyTo: groupRequestReaders(group, request),
  body: { type: 'groupRequest', value: { request: toldRequest(group, request) } } as const,
});
