/** Bounds of push. */
export const pushLimits = {
  /** Groups whose members are kept in memory per partition. */
  groupsCached: 2_000,
  /** Users asked about in one presence call. */
  presenceUsers: 500,
  unreachedPage: 100,
} as const;
