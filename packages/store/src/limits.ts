import { limits } from '@parley/kernel';

/** Bounds of the read models. Sizes in bytes, times in milliseconds. */
export const storeLimits = {
  /** How long a send is found by its client's id. */
  sendsKeptMs: limits.dedupeMs,
  /** Longest time that a row waits in memory before it is written. */
  flushDelayMs: 1_000,
  /** Rows of waiting partitions that make a transaction full; bounds how long one holds up the event loop. */
  flushRowsMax: 4_096,
  /** Events of a conversation that one write deletes at most; a room from before there was a bound goes in steps. */
  retiredPerWriteMax: 4_096,
  /** Bytes waiting in memory beyond which `apply` waits for the disk. */
  pendingBytesMax: 64 * 1024 * 1024,
  /** Bytes that one transaction takes when a file is written anew. */
  copyBytesMax: 4 * 1024 * 1024,
  /** Pause before a failed write is tried again. */
  flushRetryMs: 1_000,
  /** Address space that a database file starts with; it grows by itself, memory and file are used as needed. */
  mapBytes: 16 * 1024 * 1024 * 1024,
} as const;
