import { domainLimits } from '@parley/domain';
import { limits } from '@parley/kernel';

/** Bounds of the group service; those of the skeleton are in @parley/aggregates. */
export const groupLimits = {
  membersDefault: domainLimits.groupMembersDefault,
  membersCeiling: domainLimits.groupMembersCeiling,
  /** Users per invitation, and members besides the owner at the creation. */
  inviteMax: domainLimits.groupInviteMax,
  nameCharsMax: domainLimits.nameCharsMax,
  memberPageMax: limits.memberPageMax,
  /** Groups that are looked up by one call. */
  groupsAtOnceMax: 100,
  /** Requests about one user, in all groups, that one answer holds. */
  userRequestsMax: 100,
} as const;
