/** Bounds and times of files. Bytes, milliseconds and counts. */
export const mediaLimits = {
  /** Larger files are sent without a checksum: it would have to be computed over all of it first. */
  checksumBytesMax: 16 * 1024 * 1024,
  /** Per request, where the server does not say. */
  chunkBytes: 4 * 1024 * 1024,
  /** A request that sends nothing for so long is given up; so is one of which that cannot be seen after the second time. */
  silentMs: 60_000,
  chunkMs: 10 * 60_000,
  /** Failures one after the other, without a byte having come through. */
  failuresMax: 8,
  /** A picture inside a message. */
  thumbnailBytesMax: 8 * 1024,
  /** URLs that are remembered. */
  urlsMax: 500,
  /** A URL that holds for less than this is not handed out. */
  urlLeftMs: 30_000,
} as const;
