/** Limits of the runtime. Times in milliseconds, sizes in bytes. */
export const runtimeLimits = {
  /** Body of a call of the back-end API. */
  apiBodyBytesMax: 1024 * 1024,
  /** Objects and lists within each other in such a body: more than any request can use. */
  apiBodyDepthMax: 64,
  /** Time for a call of the back-end API. */
  apiTimeoutMs: 10_000,
  /** Time for one readiness check; one that takes longer counts as not ready. */
  readinessCheckMs: 2_000,
  /** Pause before a compacted topic is followed again after a failure: first and longest. */
  followRetryFirstMs: 100,
  followRetryLongestMs: 1_000,
  /** Attempts to append to a compacted topic when the outcome is unknown. */
  publishAttemptsMax: 5,
  /** How often a gateway, or another process that owns no partitions, says that it is there. */
  gatewayEveryMs: 30_000,
  /** One that was not heard of for so long does not count as live. */
  gatewayLostMs: 100_000,
} as const;

if (runtimeLimits.gatewayLostMs < 3 * runtimeLimits.gatewayEveryMs) throw new Error('gatewayLostMs must allow three misses');
