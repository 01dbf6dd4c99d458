import type { BackoffPolicy } from '@parley/kernel';

/** Bounds of the skeleton. Times in milliseconds. */
export const aggregateLimits = {
  /** Commands per partition that wait for their turn; more are refused with OVERLOADED. */
  waitingCommandsMax: 4_096,
  /** Commands decided between two appends. */
  batchCommandsMax: 128,
  /** Bytes of events after which a batch takes no more commands. With the last one it fits into one append. */
  batchBytesMax: 256 * 1024,
  /** Changes per partition that the routers have not confirmed; above it commands are refused. */
  pendingForwardsMax: 50_000,
  /** Notices among them, which may be some KiB each. */
  pendingNoticesMax: 8_192,
  /** Users in one membership change, where changes may be merged. */
  mergedUsersMax: 200,
  /** Notices in one command, and their bytes; a single change may have more bytes. */
  mergedNoticesMax: 64,
  mergedNoticeBytesMax: 32 * 1024,
  /** How long a caller waits for the router. Below the 5 s after which clients give a call up. */
  outcomeWaitMs: 4_000,
  /** A forwarded change without an answer is sent again after this time. */
  forwardAgainMs: 2_000,
  /** What was confirmed is written down at most this late when no other record carries it. */
  positionAfterMs: 1_000,
  /** A snapshot is taken after this many records. */
  snapshotEveryRecords: 10_000,
  /** … or once the first record since the last one is so old: what nobody holds any more must not stay in the log for ever. */
  snapshotAfterMs: 24 * 3_600_000,
  /** How often it is looked whether that is so; partitions of a process begin one after the other. */
  snapshotLookEveryMs: 3_600_000,
  snapshotLookSpreadMs: 100,
  /** The log before a snapshot is cut off once the snapshot has been complete for so long. */
  trimAfterMs: 3_600_000,
} as const;

/** Between attempts to forward a change that a lane or router refused. */
export const forwardBackoff: BackoffPolicy = { firstMs: 50, longestMs: 5_000 };
/** Told to callers who are refused because too much waits. */
export const overloadedRetryMs = 500;

if (aggregateLimits.outcomeWaitMs <= aggregateLimits.forwardAgainMs) {
  throw new Error('a caller must wait long enough for a second attempt');
}
