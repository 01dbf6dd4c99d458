/** Bounds of history. Times in milliseconds. */
export const historyLimits = {
  /** A read that asks for what is not projected yet waits this long, then fails with TIMEOUT. */
  waitMs: 4_000,
  /** A read waits this long for what is durable but not projected yet, then answers with what is there. */
  freshWithinMs: 500,
  /** Event time that a router's window of recent sends reaches back; its tail starts at least this far behind. */
  tailMs: 95_000,
  /** Conversations whose heads are kept in memory per process, shared evenly by the partitions; about 1 KiB each. */
  headsCached: 320_000,
  /** Members' states that are kept in memory per process: of those who write; about 500 bytes each. */
  statesCached: 320_000,
  /** Messages to which something was done, and blocks of them, that are kept in memory per process. */
  messagesCached: 80_000,
  /** Readings of a user that are remembered, to say when a message was read. */
  readingsKept: 8,
  /** Rows of details that are read at once. */
  detailPage: 1_000,
  /** Conversations of which it is remembered, per process, where what they show begins. */
  windowsCached: 20_000,
  /** How often a room in which something happens is looked through for events that are too old. */
  retireEveryMs: 3_600_000,
  memberPage: 1_000,
  conversationsPage: 1_000,
  /** Encoded heads of one answer, about; what does not fit comes with the next page. */
  answerBytesMax: 1024 * 1024,
  /** Encoded events of one answer; together with what they have become it stays below what calls can carry. */
  eventBytesMax: 2 * 1024 * 1024,
  filterUsersMax: 10_000,
  /** How often work is looked for that follows from time. */
  sweepEveryMs: 15_000,
  /** How often it is looked whether another process has wiped the store. */
  epochEveryMs: 1_000,
  /** Messages that one pass takes out because their time is over, per partition. */
  expiriesPerSweep: 500,
  /** How far behind the newest event it is noted up to when expiries are done, against clocks that differ, and how often. */
  expiriesDoneMarginMs: 3_600_000,
  /** Conversations that one pass takes a block of an erased user's messages out of, per partition. */
  erasuresPerSweep: 20,
  /** Conversations whose retention one pass looks at. */
  retentionsPerSweep: 1_000,
  searchPageDefault: 20,
  /** Conversations in which the beginning of a page is looked for at once. */
  searchStartsAtOnce: 64,
  /** Messages after which a search lets others have the event loop. */
  searchBreathEvery: 512,
  /** Events that an export or a fingerprint reads at once. */
  exportPage: 500,
  /** Users whose profiles or relations one call asks for. */
  peopleMax: 100,
  relationsPageMax: 1_000,
  /** Events among which the newest message that somebody may see is looked for. */
  lastMessageLooks: 64,
  /** Reactions that one call looks at, where only some are wanted. */
  reactionsLookedAt: 1_000,
  /** How often other processes' progress is looked up while a call waits for it. */
  progressEveryMs: 20,
  /** An answer to "what has changed" is dated back by this much, against clocks that differ. */
  asOfMarginMs: 60_000,
} as const;
