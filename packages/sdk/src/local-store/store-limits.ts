/** Bounds and times of what is kept in a local store. Milliseconds and counts. */
export const storeLimits = {
  /** Newest events of each conversation. */
  eventsMax: 500,
  /** Conversations, those that changed last. */
  conversationsMax: 1_000,
  /** What is learned is written down after so long at the latest. */
  writeEveryMs: 250,
  /** Changes that wait; more are written at once. */
  waitingMax: 500,
  /** A store that does not answer within this is left alone. */
  answerMs: 5_000,
} as const;

/** Bounds that applications may set: `ClientOptions.storeLimits`. */
export type StoreBounds = Partial<Pick<{ readonly [Name in keyof typeof storeLimits]: number }, 'eventsMax' | 'conversationsMax'>>;
