import type { BackoffPolicy } from '@parley/kernel';

/** Bounds of this package. Sizes in bytes, times in milliseconds. */
export const ownedLogLimits = {
  /** A snapshot part is closed once it holds this much; larger states are cut. Far below what a log record may hold. */
  snapshotPartBytes: 256 * 1024,
  /** How much a fold asks the log for at once. */
  foldReadBytes: 1024 * 1024,
  /** A run that lasted this long was healthy: the next failure starts with the shortest delay again. */
  healthyRunMs: 30_000,
} as const;

/** Between attempts of one append or read. */
export const attemptBackoff: BackoffPolicy = { firstMs: 20, longestMs: 2_000 };

/** Between runs of a partition that failed. */
export const restartBackoff: BackoffPolicy = { firstMs: 200, longestMs: 10_000 };

/** After losing a partition to another claim: longer, so that two claimants do not fence each other in turns. */
export const lostBackoff: BackoffPolicy = { firstMs: 2_000, longestMs: 30_000 };
