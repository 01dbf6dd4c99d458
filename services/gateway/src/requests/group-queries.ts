import { isGroupId } from '@parley/kernel';
import { type GetGroupMembers, type GetGroups, GroupRole, type ListGroupMembers, type ListGroupRequests } from '@parley/wire';
import { demandGroup } from './group-checks.js';
import { type Answer, type Asker, demand, type RequestDeps } from './request-handler.js';
import { demandPage, demandSomeUsers } from './shared-checks.js';

/** Groups, or members, that one request names. */
const namesMax = 100;

/** Those of the groups that the user is in. */
export async function getGroups(deps: RequestDeps, asker: Asker, { groups }: GetGroups): Promise<Answer> {
  demand(groups.length > 0 && groups.length <= namesMax, `groups: 1 to ${namesMax}`);
  demand(groups.every(isGroupId), 'groups: 1 to 64 of A-Z a-z 0-9 _ - . each');
  const answer = await deps.group.getGroups({ app: asker.app, groups, viewer: asker.user.id }, asker.call);
  return { type: 'groups', value: answer };
}

export async function listGroupMembers(deps: RequestDeps, asker: Asker, request: ListGroupMembers): Promise<Answer> {
  const { group, page, limit, ifChangedSince, role } = request;
  demandGroup(group);
  demandPage(limit);
  demand(role <= GroupRole.OWNER, 'role: MEMBER, ADMIN, OWNER or none');
  const question = { app: asker.app, group, viewer: asker.user.id, page, limit, ifChangedSince, role };
  const { users, nextPage, memberCount, members, version } = await deps.group.listMembers(question, asker.call);
  return { type: 'members', value: { users, nextPage, memberCount, groupMembers: members, version } };
}

/** Those of the users who are members. */
export async function getGroupMembers(deps: RequestDeps, asker: Asker, { group, users }: GetGroupMembers): Promise<Answer> {
  demandGroup(group);
  demandSomeUsers('users', users, namesMax);
  const { members } = await deps.group.getMembers({ app: asker.app, group, viewer: asker.user.id, users }, asker.call);
  return { type: 'members', value: { users: members.map(({ user }) => user), groupMembers: members } };
}

/** Of one group; or what is about the user, in all of them. */
export async function listGroupRequests(deps: RequestDeps, asker: Asker, { group, page, limit }: ListGroupRequests): Promise<Answer> {
  if (group === '') {
    const { requests } = await deps.group.listUserRequests({ app: asker.app, user: asker.user.id }, asker.call);
    return { type: 'groupRequests', value: { requests } };
  }
  demandGroup(group);
  demandPage(limit);
  const answer = await deps.group.listRequests({ app: asker.app, group, viewer: asker.user.id, page, limit }, asker.call);
  return { type: 'groupRequests', value: answer };
}
