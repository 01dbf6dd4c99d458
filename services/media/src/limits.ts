import { limits } from '@parley/kernel';

/** Bounds of one media process. Sizes in bytes, times in milliseconds. */
export const mediaLimits = {
  /** What one PATCH should carry: a cut connection loses at most so much. A part of a multipart upload. */
  chunkBytes: 8 * 1024 * 1024,
  /** The most that is read of a file to find out what it is. */
  headBytes: 512 * 1024,
  /** Type and subtype of a file together (RFC 6838, 4.2). */
  mimeTypeBytesMax: 255,
  /** Conversations that one file may be shared with; one more is `LIMIT_REACHED`. */
  conversationsMax: 100,
  /** Files that one page of a list holds. */
  pageMax: 100,
  /** How often uploads that nobody went on with, and files that are too old, are looked for. */
  sweepEveryMs: 3_600_000,
  /** Files of one user that are erased at the same time. */
  eraseWidth: 16,
  /** Files that are looked up at a time to be removed. */
  keptPageMax: 1_000,
  /** Bytes of all uploads that wait in memory until they are enough for a part of a multipart upload; beyond it `OVERLOADED`. */
  waitingBytesMax: 512 * 1024 * 1024,
  /** After this time such an upload should go on. */
  busyRetryMs: 2_000,
  /** Room on the local disk that is not used up by files, which the log may need; uploads beyond it are `UNAVAILABLE`. */
  diskKeptFreeBytes: 256 * 1024 * 1024,
  /** Users whose uploads of the day are counted at a time. */
  countedUsersMax: 100_000,
  /** A connection that is silent for so long is closed; an upload goes on where it was. */
  silentMs: 60_000,
  /** The longest that one request may take to arrive. */
  requestMs: 15 * 60_000,
} as const;

/** Sizes by what a file is said to be. */
export const bytesMaxOf: Readonly<Record<MediaKind, number>> = {
  image: limits.imageBytesMax,
  audio: limits.audioBytesMax,
  video: limits.videoBytesMax,
  file: limits.fileBytesMax,
};

/** What a file is to its message. */
export type MediaKind = 'image' | 'audio' | 'video' | 'file';

export const isMediaKind = (text: string): text is MediaKind => Object.hasOwn(bytesMaxOf, text);
