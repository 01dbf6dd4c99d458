/** Limits of the runtime. Times in milliseconds, sizes in bytes. */
export const runtimeLimits = {
  /** Body of a call of the back-end API. */
  apiBodyBytesMax: 1024 * 1024,
  /** Time for a call of the back-end API. */
  apiTimeoutMs: 10_000,
  /** Time for one readiness check; one that takes longer counts as not ready. */
  readinessCheckMs: 2_000,
  /** Pause before the directory follows its topic again after a failure: first and longest. */
  directoryRetryFirstMs: 100,
  directoryRetryLongestMs: 5_000,
  /** Attempts to publish an owner whose append has an unknown outcome. */
  publishAttemptsMax: 5,
} as const;
