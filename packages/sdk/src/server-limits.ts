/** Those limits of the server that the client looks at: a copy, for the whole table would cost every page a kilobyte. Bytes and counts. */
export const serverLimits = {
  /** Encoded content of any kind. */
  contentBytesMax: 40 * 1024,
  counterNameBytesMax: 32,
  /** Up to so many members everybody is told who comes and goes. */
  roomVisibleMembersMax: 500,
  /** The longest ban or mute. */
  roomBanMsMax: 365 * 24 * 3_600_000,
} as const;
