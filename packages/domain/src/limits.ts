import { limits } from '@parley/kernel';

/** What deciders enforce; the numbers are the kernel's, because clients and docs name them too. */
export const domainLimits = {
  groupMembersDefault: limits.groupMembersDefault,
  groupMembersCeiling: limits.groupMembersCeiling,
  /** Users per invitation, and members besides the owner that a group can be created with. */
  groupInviteMax: limits.groupInviteMax,
  roomMembersDefault: limits.roomMembersDefault,
  roomMembersCeiling: limits.roomMembersCeiling,
  /** Unicode code points in the name of a group or room. */
  nameCharsMax: limits.nameCharsMax,
} as const;

if (domainLimits.groupMembersDefault > domainLimits.groupMembersCeiling) throw new Error('groupMembersDefault exceeds its ceiling');
if (domainLimits.roomMembersDefault > domainLimits.roomMembersCeiling) throw new Error('roomMembersDefault exceeds its ceiling');
if (domainLimits.groupInviteMax >= domainLimits.groupMembersDefault) throw new Error('an invitation must fit into a group');
