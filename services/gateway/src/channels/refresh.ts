/** What a channel said about a user while history was being asked: it counts more than the answer. */
type MembershipOverride = { readonly type: 'joined'; readonly sinceSeq: number } | { readonly type: 'left' };

/** A running comparison of a user's channels with history. */
export interface Refresh {
  /** Something happened that the question under way may not cover: ask again. */
  isStale: boolean;
  /** By channel id, since the question was asked. */
  readonly overrides: Map<string, MembershipOverride>;
  /** Channels that the user was said to have joined, but that were not heard then. */
  readonly told: Set<string>;
  /** Resolves when nothing is stale any more. */
  done: Promise<void>;
}
