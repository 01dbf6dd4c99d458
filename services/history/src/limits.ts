/** Bounds of history. Times in milliseconds. */
export const historyLimits = {
  /** A read that asks for what is not projected yet waits this long, then fails with TIMEOUT. */
  waitMs: 4_000,
  /** Event time that a router's window of recent sends reaches back; its tail starts at least this far behind. */
  tailMs: 95_000,
  /** Conversations whose heads are kept in memory per partition. */
  headsCached: 20_000,
  /** Rooms of which it is remembered, per process, where what they show begins. */
  roomWindowsCached: 20_000,
  /** How often a room in which something happens is looked through for events that are too old. */
  retireEveryMs: 3_600_000,
  memberPage: 1_000,
  conversationsPage: 1_000,
  filterUsersMax: 10_000,
  /** How often other processes' progress is looked up while a call waits for it. */
  progressEveryMs: 20,
  /** An answer to "what has changed" is dated back by this much, against clocks that differ. */
  asOfMarginMs: 60_000,
} as const;
