import { conversationOfGroup, type GroupId, isGroupId, limits, randomId } from '@parley/kernel';
import type { CreateGroup, DismissGroup, InviteToGroup, JoinGroup, LeaveGroup, ListGroupMembers } from '@parley/wire';
import { type Answer, type Asker, demand, done, type RequestDeps } from './request-handler.js';
import { demandName, demandPage, demandUsers } from './shared-checks.js';

interface GroupOfService {
  readonly group: string;
  readonly name: string;
  readonly owner: string;
  readonly memberCount: number;
  readonly version: number;
}

export async function createGroup(deps: RequestDeps, asker: Asker, request: CreateGroup): Promise<Answer> {
  const group = request.group === '' ? randomId(deps.random) : request.group;
  demandGroup(group);
  demandName(request.name);
  demandUsers('members', request.members, limits.groupInviteMax);
  const { name, members } = request;
  const whenHeard = deps.expect(asker.user, conversationOfGroup(group as GroupId));
  const answer = await deps.group.createGroup({ app: asker.app, group, name, owner: asker.user.id, members }, asker.call);
  await whenHeard();
  return groupAnswer(group, answer.group);
}

export async function joinGroup(deps: RequestDeps, asker: Asker, { group }: JoinGroup): Promise<Answer> {
  demandGroup(group);
  const whenHeard = deps.expect(asker.user, conversationOfGroup(group as GroupId));
  const answer = await deps.group.joinGroup({ app: asker.app, group, user: asker.user.id }, asker.call);
  await whenHeard();
  return groupAnswer(group, answer.group);
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
  demandUsers('users', users, limits.groupInviteMax);
  demand(users.length > 0, 'users: at least 1');
  const answer = await deps.group.inviteToGroup({ app: asker.app, group, users, operator: asker.user.id }, asker.call);
  return groupAnswer(group, answer.group);
}

export async function listGroupMembers(deps: RequestDeps, asker: Asker, request: ListGroupMembers): Promise<Answer> {
  demandGroup(request.group);
  demandPage(request.limit);
  const { group, page, limit } = request;
  const answer = await deps.group.listMembers({ app: asker.app, group, viewer: asker.user.id, page, limit }, asker.call);
  return { type: 'members', value: answer };
}

function demandGroup(group: string): void {
  demand(isGroupId(group), 'group: 1 to 64 of A-Z a-z 0-9 _ - .');
}

const groupAnswer = (group: string, info: GroupOfService | undefined): Answer => ({
  type: 'group',
  value: info ?? { group },
});
