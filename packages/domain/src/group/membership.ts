import { limits, ok, refusal, refused } from '@parley/kernel';
import { GroupRequestKind, InviteeMode, JoinMode } from '@parley/wire';
import type { GroupJoined, GroupLeft } from '@parley/contracts/events';
import type { OpenGroup } from '../group.js';
import {
  type GroupDecision,
  type GroupDraft,
  type GroupFold,
  groupNotFound,
  invalidOperation,
  noGroupChange,
  type Operation,
} from './draft.js';
import { runningMutes } from './mutes.js';
import { accepting, asking, refusalOfRequestText, waitingRequest } from './requests.js';

/** Lets the operator in or asks those who may; an invitation that waits opens every door. */
export function decideJoin(group: OpenGroup, { operator, value, timeMs }: Operation<'join'>): GroupDecision {
  const wrong = refusalOfRequestText(value.text);
  if (wrong !== undefined) return refused(wrong);
  const waiting = waitingRequest(group, operator, timeMs);
  const isInvited = waiting?.kind === GroupRequestKind.INVITATION;
  const { joinMode } = group.options;
  if (joinMode === JoinMode.CLOSED && !isInvited) return refused(groupNotFound);
  if (joinMode === JoinMode.APPROVAL && !isInvited) {
    return asking(group, { kind: GroupRequestKind.JOIN, users: [operator], invitedBy: '', text: value.text }, { operator, timeMs });
  }
  return letIn(group, { users: [operator], invitedBy: waiting?.invitedBy ?? '' }, { operator, timeMs });
}

/**
 * Lets users in or, where the group asks for their consent, asks them; whoever wished to join has consented. The back
 * end asks nobody. All or nobody: who asks should not have to find out which half came in.
 */
export function decideInvite(group: OpenGroup, { operator, value, timeMs }: Operation<'invite'>): GroupDecision {
  const wrong = refusalOfRequestText(value.text);
  if (wrong !== undefined) return refused(wrong);
  if (!isFewUsers(value.users)) return wrongUsers;
  const users = [...new Set(value.users)].filter((user) => !group.members.has(user));
  const needsConsent = group.options.inviteeMode === InviteeMode.CONSENT && operator !== '';
  const wishes = (user: string): boolean => waitingRequest(group, user, timeMs)?.kind === GroupRequestKind.JOIN;
  const direct = needsConsent ? users.filter(wishes) : users;
  const joining = letIn(group, { users: direct, invitedBy: operator }, { operator, timeMs });
  if (!joining.ok || !needsConsent) return joining;
  const others = users.filter((user) => !direct.includes(user));
  const question = { kind: GroupRequestKind.INVITATION, users: others, invitedBy: operator, text: value.text };
  const asked = asking(group, question, { operator, timeMs });
  return asked.ok ? ok([...joining.value, ...asked.value]) : asked;
}

export const decideLeave = (group: OpenGroup, { operator }: Operation<'leave'>): GroupDecision =>
  ok(departure(group, operator, { users: [operator], isKicked: false }));

/** Makes members leave; those who are not in it are passed over. */
export function decideKick(group: OpenGroup, { operator, value }: Operation<'kick'>): GroupDecision {
  if (!isFewUsers(value.users)) return wrongUsers;
  const users = [...new Set(value.users)].filter((user) => group.members.has(user));
  return users.length === 0 ? noGroupChange : ok(departure(group, operator, { users, isKicked: true }));
}

export function foldJoined(group: OpenGroup, { users, invitedBy }: GroupJoined, timeMs: number): GroupFold {
  const members = group.members.withAll(users, timeMs);
  if (invitedBy === '') return { members };
  return { members, details: users.reduce((details, user) => details.with(user, { nickname: '', invitedBy }), group.details) };
}

/** What a group is without the users: of them it remembers mutes only, which they would otherwise shake off. */
export function foldGroupLeft(group: OpenGroup, { users, newOwner }: GroupLeft, timeMs: number): GroupFold {
  const members = group.members.withoutAll(users);
  const details = users.reduce((rest, user) => rest.without(user), group.details);
  const owner = newOwner === '' ? group.owner : newOwner;
  const gone = new Set([...users, newOwner]);
  const admins = new Set([...group.admins].filter((user) => !gone.has(user)));
  const mutes = group.mutes.filter(({ user }) => user === '' || user !== newOwner);
  return { members, details, owner, admins, mutes: runningMutes({ members, owner, admins, mutes }, timeMs) };
}

/** The leaving of members, and what comes of it: another owner, or the end of an empty group. */
function departure(group: OpenGroup, operator: string, { users, isKicked }: Pick<GroupLeft, 'users' | 'isKicked'>): readonly GroupDraft[] {
  const rest = group.members.withoutAll(users);
  const newOwner = rest.has(group.owner) ? '' : (rest.longestOf(group.admins) ?? rest.longest() ?? '');
  const left: GroupDraft = { operator, change: { type: 'left', value: { users, newOwner, isKicked } } };
  if (rest.size === 0) return [left, { operator, change: { type: 'dismissed', value: {} } }];
  if (newOwner === '') return [left];
  return [left, { operator, change: { type: 'changed', value: { version: 0, change: { type: 'owner', value: { owner: newOwner } } } } }];
}

function letIn(group: OpenGroup, joined: GroupJoined, context: { readonly operator: string; readonly timeMs: number }): GroupDecision {
  const { users } = joined;
  if (users.length === 0) return noGroupChange;
  if (group.members.size + users.length > group.memberLimit) return refused(refusal('GROUP_FULL'));
  return ok([...accepting(group, users, context), { operator: context.operator, change: { type: 'joined', value: joined } }]);
}

const isFewUsers = ({ length }: readonly string[]): boolean => length > 0 && length <= limits.groupInviteMax;
const wrongUsers = invalidOperation(`users: 1 to ${limits.groupInviteMax}`);
