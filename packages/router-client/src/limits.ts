/** Bounds of what is packed into one lane record and of what waits for its lane. */
export const laneWriterLimits = {
  recordCommandsMax: 256,
  recordBytesMax: 256 * 1024,
  /** Per partition of a lane; more is refused with OVERLOADED. The less urgent the sooner. */
  waitingCommandsMax: { system: 20_000, high: 20_000, medium: 16_000, low: 8_000 },
  /** Per lane, over all partitions. */
  waitingInAllMax: { system: 200_000, high: 100_000, medium: 64_000, low: 32_000 },
} as const;

for (const max of [laneWriterLimits.waitingCommandsMax, laneWriterLimits.waitingInAllMax]) {
  if (max.low > max.medium || max.medium > max.high) throw new Error('LOW must be refused before MEDIUM, MEDIUM before HIGH');
}

export const linkLimits = {
  /** Channels that one message asks for: after a router was lost, a gateway asks for all that it has. */
  wishesMax: 8_192,
  reconnect: { firstMs: 50, longestMs: 2_000 },
  /** After an interruption events may still have gone to the former owner; a second notice follows after this time. */
  settleMs: 10_000,
} as const;
