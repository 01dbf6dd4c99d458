import { domainLimits } from '@parley/domain';
import { limits } from '@parley/kernel';

/** Bounds of the room service; those of the skeleton are in @parley/aggregates. Times in milliseconds. */
export const roomLimits = {
  membersDefault: domainLimits.roomMembersDefault,
  membersCeiling: domainLimits.roomMembersCeiling,
  nameCharsMax: domainLimits.nameCharsMax,
  memberPageMax: limits.memberPageMax,

  /** Contributions to counters of one room that come within this time are committed together. */
  countWithinMs: 50,
  /** Contributions in one commit; more go at once. */
  countContributionsMax: 256,
  /** Callers per partition that wait for such a commit; more are refused with OVERLOADED. */
  countCallersMax: 16_384,

  /** How long the router may take to answer a tally before it is told again. */
  tallyOutcomeMs: 2_000,
  /** Between two attempts to tell a tally that is refused. */
  tallyRetryMsMax: 5_000,
  /** Rooms whose tally a new owner tells in one go, and the time between two goes. */
  tallyCatchUpRooms: 50,
  tallyCatchUpEveryMs: 100,

  presenceEveryMs: 5_000,
  /** Users in one question; the routers answer no more. */
  presenceUsersMax: 1_000,
  /** Between two questions of one sweep. */
  presencePauseMs: 20,
  /** Users who leave by one command. */
  leaveUsersMax: 100,

  expireEveryMs: 1_000,
  /** Rooms that are ended in one go. */
  expireRoomsMax: 200,

  listPageMax: 100,
  listPageDefault: 50,
  /** Rooms that one call looks at in one partition. */
  listScannedMax: 500,
  /** Partitions that are asked at once. */
  listPartitionsAtOnce: 16,
  filterTextBytesMax: 1_024,

  /** Partitions of a message to all rooms that are at work at once, and its rooms per partition. */
  sendPartitionsAtOnce: 4,
  sendRoomsAtOnce: 32,
  sendPartitionWithinMs: 120_000,
  sendOutcomeMs: 5_000,
  sendAttempts: 4,
} as const;

if (roomLimits.countContributionsMax > roomLimits.countCallersMax) throw new Error('a commit must fit into what may wait');
