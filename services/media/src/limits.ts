import { limits } from '@parley/kernel';

/** Bounds of one media process. Sizes in bytes, times in milliseconds. */
export const mediaLimits = {
  /** What one PATCH should carry: a cut connection loses at most so much. A part of a multipart upload. */
  chunkBytes: 8 * 1024 * 1024,
  /** The most that is read of a file to find out what it is. */
  headBytes: 512 * 1024,
  /** Conversations that one file may be shared with. */
  conversationsMax: 100,
  /** Files that one page of a list holds. */
  pageMax: 100,
  /** How often uploads that nobody went on with are looked for. */
  sweepEveryMs: 3_600_000,
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
