import { conversationOfGroup, type GroupId, limits, ParleyError, randomId } from '@parley/kernel';
import type { ChangeGroup, CreateGroup, DismissGroup, GroupInfo, GroupOperation, InviteToGroup, JoinGroup, LeaveGroup } from '@parley/wire';
import { demandGroup, demandGroupAttributes, demandOperation } from './group-checks.js';
import { type Answer, type Asker, done, type RequestDeps } from './request-handler.js';
import { demandBytes, demandName, demandSomeUsers, demandUsers } from './shared-checks.js';

export async function createGroup(deps: RequestDeps, asker: Asker, request: CreateGroup): Promise<Answer> {
  const group = request.group === '' ? randomId(deps.random) : request.group;
  const { name, members, options, avatar, notice, attributes } = request;
  demandGroup(group);
  demandName(name);
  demandUsers('members', members, limits.groupInviteMax);
  demandBytes('avatar', avatar, limits.avatarBytesMax);
  demandBytes('notice', notice, limits.groupNoticeBytesMax);
  demandGroupAttributes('attributes', attributes, []);
  const whenHeard = deps.expect(asker.user, channelOf(group));
  const owner = asker.user.id;
  const command = { app: asker.app, group, name, owner, operator: owner, members, options, avatar, notice, attributes };
  const answer = await deps.group.createGroup(command, asker.call);
  await whenHeard();
  return groupAnswer(group, answer.group);
}

/** Joins, or asks to: then the answer names the user under `asked`. */
export async function joinGroup(deps: RequestDeps, asker: Asker, { group, text }: JoinGroup): Promise<Answer> {
  demandGroup(group);
  demandBytes('text', text, limits.userNameBytesMax);
  return operate(deps, asker, group, { kind: { type: 'join', value: { text } } });
}

export async function leaveGroup(deps: RequestDeps, asker: Asker, { group }: LeaveGroup): Promise<Answer> {
  demandGroup(group);
  await deps.group.leaveGroup({ app: asker.app, group, user: asker.user.id }, asker.call);
  return done;
}

export async function dismissGroup(deps: RequestDeps, asker: Asker, { group }: DismissGroup): Promise<Answer> {
  demandGroup(group);
  await deps.group.dismissGroup({ app: asker.app, group, operator: asker.user.id }, asker.call);
  return done;
}

export async function inviteToGroup(deps: RequestDeps, asker: Asker, { group, users }: InviteToGroup): Promise<Answer> {
  demandGroup(group);
  demandSomeUsers('users', users, limits.groupInviteMax);
  const answer = await deps.group.inviteToGroup({ app: asker.app, group, users, operator: asker.user.id }, asker.call);
  return groupAnswer(group, answer.group);
}

/** Everything else that may be done to a group. */
export async function changeGroup(deps: RequestDeps, asker: Asker, { group, operation, ifVersion }: ChangeGroup): Promise<Answer> {
  demandGroup(group);
  if (operation?.kind === undefined) throw new ParleyError('INVALID_ARGUMENT', 'operation: what is to be done');
  demandOperation(operation.kind);
  return operate(deps, asker, group, operation, ifVersion);
}

async function operate(deps: RequestDeps, asker: Asker, group: string, operation: GroupOperation, ifVersion = 0): Promise<Answer> {
  const { id } = asker.user;
  const whenHeard = bringsIn(operation, id) ? deps.expect(asker.user, channelOf(group)) : undefined;
  const command = { app: asker.app, group, operator: id, operation, ifVersion };
  const { group: info, users, asked } = await deps.group.changeGroup(command, asker.call);
  // Who has only asked is not in it, so there is nothing to hear yet.
  if (!asked.includes(id)) await whenHeard?.();
  return { type: 'groupResult', value: { group: info, users, asked } };
}

/** Whether the operation can make the one who asks for it a member. */
function bringsIn({ kind }: GroupOperation, asker: string): boolean {
  return kind?.type === 'join' || (kind?.type === 'answerRequest' && kind.value.isAccepted && kind.value.user === asker);
}

const channelOf = (group: string): string => conversationOfGroup(group as GroupId);

const groupAnswer = (group: string, info: GroupInfo | undefined): Answer => ({ type: 'group', value: info ?? { group } });
