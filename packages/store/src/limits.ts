import { limits } from '@parley/kernel';

/** Bounds of the read models. Sizes in bytes, times in milliseconds. */
export const storeLimits = {
  /** How long a send is found by its client's id. */
  sendsKeptMs: limits.dedupeMs,
  /** Longest time that a row waits in memory before it is written. */
  flushDelayMs: 1_000,
  /** Rows of waiting partitions that make a transaction full; bounds how long one holds up the event loop. */
  flushRowsMax: 4_096,
  /** Bytes waiting in memory beyond which `apply` waits for the disk. */
  pendingBytesMax: 64 * 1024 * 1024,
  /** Pause before a failed write is tried again. */
  flushRetryMs: 1_000,
  /** Upper bound of a database file; address space, not memory. */
  mapBytesMax: 1024 * 1024 * 1024 * 1024,
} as const;
