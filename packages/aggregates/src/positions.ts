/** Input positions that the records of an aggregate topic carry. Part of the stored format. */
export const inputs = {
  /** Index of the last record of which, and of all before it, the routers have confirmed every change. */
  forwarded: 'forwarded',
  /** The partition's clock: above every version given out. */
  versions: 'versions',
} as const;
