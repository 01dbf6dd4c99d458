/** Bounds of what is packed into one lane record and of what waits for its lane. */
export const laneWriterLimits = {
  recordCommandsMax: 256,
  recordBytesMax: 256 * 1024,
  /** Per lane and partition; more is refused with OVERLOADED. */
  waitingCommandsMax: 20_000,
} as const;

export const linkLimits = {
  reconnect: { firstMs: 50, longestMs: 2_000 },
  /** After an interruption events may still have gone to the former owner; a second notice follows after this time. */
  settleMs: 10_000,
} as const;
