import { domainLimits } from '@parley/domain';
import { limits } from '@parley/kernel';

/** Bounds of the room service; those of the skeleton are in @parley/aggregates. */
export const roomLimits = {
  membersDefault: domainLimits.roomMembersDefault,
  membersCeiling: domainLimits.roomMembersCeiling,
  nameCharsMax: domainLimits.nameCharsMax,
  memberPageMax: limits.memberPageMax,
} as const;
