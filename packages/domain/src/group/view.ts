import { limits } from '@parley/kernel';
import { type GroupInfo, type GroupMember, type GroupRequest, GroupRequestKind, GroupRole } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import { requestAt, waitingRequest } from './requests.js';
import { groupRoleOf } from './roles.js';
import { groupMutedUntilMs } from './speaking.js';

/** What the viewer (empty: the back end) learns of the group, who must be one of those who may know it. */
export function groupInfoOf(group: OpenGroup, viewer: string): GroupInfo {
  const { name, owner, members, version, avatar, notice, attributes, admins, options, memberLimit, createdMs, mutes } = group;
  const isModerator = mayModerate(group, viewer);
  return {
    ...{ group: group.group, name, owner, version, avatar, notice, options, memberLimit, createdMs },
    memberCount: members.size,
    attributes: [...attributes].map(([key, value]) => ({ key, value })),
    admins: [...admins],
    mutes: mutes.filter(({ user }) => isModerator || user === '' || user === viewer),
    isLarge: memberLimit > limits.groupLargeAbove,
    isDismissed: false,
  };
}

/** One member; undefined for who is not in the group. */
export function groupMemberOf(group: OpenGroup, user: string, nowMs: number): GroupMember | undefined {
  const role = groupRoleOf(group, user);
  if (role === GroupRole.UNSPECIFIED) return undefined;
  const { nickname = '', invitedBy = '' } = group.details.get(user) ?? {};
  const joinedMs = group.members.sinceMs(user);
  return { user, role, nickname, joinedMs, invitedBy, mutedUntilMs: groupMutedUntilMs(group, user, nowMs) };
}

/** Members that can be read in pages. */
export interface GroupMembersPage {
  /** Of the whole group. */
  readonly size: number;
  /** Up to `limit` users behind `after` ('' for the first) in the order of their ids. */
  page(after: string, limit: number): readonly string[];
}

/** The members of a role, or all (UNSPECIFIED), page by page. */
export function groupMembersPage(group: OpenGroup, role: GroupRole): GroupMembersPage {
  const { members, owner, admins } = group;
  const { size } = members;
  const pageOf = (users: readonly string[]) => (after: string, limit: number) =>
    users
      .filter((user) => user > after)
      .sort()
      .slice(0, limit);
  switch (role) {
    case GroupRole.OWNER:
      return { size, page: pageOf([owner]) };
    case GroupRole.ADMIN:
      return { size, page: pageOf([...admins]) };
    case GroupRole.MEMBER: {
      const isPlain = (user: string): boolean => user !== owner && !admins.has(user);
      // Even if all of the others lie behind `after`, enough are left.
      const page = (after: string, limit: number): readonly string[] =>
        members
          .page(after, limit + admins.size + 1)
          .filter(isPlain)
          .slice(0, limit);
      return { size, page };
    }
    default:
      return members;
  }
}

/**
 * Requests in the order of their users, expired ones marked so: all of them for owner, admins and back end, for others
 * those that they have sent or got.
 */
export function groupRequestsOf(group: OpenGroup, viewer: string, nowMs: number): readonly GroupRequest[] {
  const isModerator = mayModerate(group, viewer);
  const requests: GroupRequest[] = [];
  for (const [user, request] of group.requests.entries()) {
    if (isModerator || user === viewer || request.invitedBy === viewer) requests.push(toldRequest(group, requestAt(request, nowMs)));
  }
  return requests;
}

/** The request about a user that waits, as it is told. */
export function waitingRequestOf(group: OpenGroup, user: string, nowMs: number): GroupRequest | undefined {
  const waiting = waitingRequest(group, user, nowMs);
  return waiting === undefined ? undefined : toldRequest(group, waiting);
}

/** A request as it is told: of an invitation with the name of the group, which who is invited could not look up. */
export const toldRequest = ({ group, name }: OpenGroup, request: GroupRequest): GroupRequest => ({
  ...request,
  group,
  groupName: request.kind === GroupRequestKind.INVITATION ? name : '',
});

/** Whom a request concerns: those who may answer it, whom it is about, and the member who invited. */
export function groupRequestReaders({ owner, admins, members }: OpenGroup, { user, invitedBy }: GroupRequest): readonly string[] {
  const inviter = members.has(invitedBy) ? [invitedBy] : [];
  return [...new Set([owner, ...admins, user, ...inviter])];
}

const mayModerate = ({ owner, admins }: OpenGroup, viewer: string): boolean => viewer === '' || viewer === owner || admins.has(viewer);
