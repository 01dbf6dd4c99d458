/** Bounds and times of live collections. Milliseconds and counts. */
export const liveLimits = {
  /** Messages that a page brings. */
  pageSize: 50,
  /** Messages that a collection holds; the farthest from where it was last asked for are let go. */
  heldMax: 1_000,
  /** Conversations that the list holds; the rest is there by `loadMore`. */
  listMax: 1_000,
  /** What happened lately in a conversation, for heads that were made before it. */
  laterMax: 300,
  /** Own messages that have failed and that nobody has put away. */
  failedMax: 100,
  /** The longest a timer may run. */
  timerMsMax: 2 ** 31 - 1,
} as const;
