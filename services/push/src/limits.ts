/** Bounds of push. */
export const pushLimits = {
  /** Groups whose members are kept in memory per partition. */
  groupsCached: 2_000,
  /** Up to so many members of a group are looked at for each message; what a message costs must not grow with the group. */
  membersTracked: 200,
  /** What comes within this time is looked at together: presence is asked once per user. Milliseconds. */
  gatherMs: 100,
  /** Users asked about in one presence call. */
  presenceUsers: 500,
  unreachedPage: 100,
  /** Pages of unread conversations that one question looks through. */
  unreadPagesMax: 10,
} as const;
