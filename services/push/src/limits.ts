/** Bounds of push. */
export const pushLimits = {
  /** Groups whose members are kept in memory per partition. */
  groupsCached: 2_000,
  /** What comes within this time is looked at together: presence is asked once per user. Milliseconds. */
  gatherMs: 100,
  /** Users asked about in one presence call. */
  presenceUsers: 500,
  unreachedPage: 100,
} as const;
