/** Bounds of the user service. Times in milliseconds. */
export const userLimits = {
  /** Users that one question names. */
  usersMax: 100,
  /** Others towards whom one call takes a step. */
  stepsMax: 20,
  /** Requests to be friends that a user has sent in the last 7 days; one more is `LIMIT_REACHED`. */
  requestsMax: 1_000,
  /** History is a little late: so close to a limit it is asked for what is true now. */
  countMargin: 100,
  /** Relations that are read at a time: history sorts all of a user's for each page. */
  relationsPage: 1_000,
  /** Conversations and files that are read at a time. */
  page: 100,
  /** Users whom one notice goes to. */
  noticeUsers: 100,
  /** Messages of one page of an export: so many of the longest fit into an answer. */
  exportMessages: 50,
  /** Conversations that are erased at the same time. */
  eraseWidth: 16,
  /** An erasure answers after this time and is repeated. */
  eraseTurnMs: 3_000,
  /** Repetitions of an erasure within such a span are the same one. */
  eraseSpanMs: 3_600_000,
  /** Erasures whose place is remembered. */
  erasuresRemembered: 1_000,
} as const;
