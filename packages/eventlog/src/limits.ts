/** The longest record key, in bytes of UTF-8. */
export const recordKeyBytesMax = 1024;

/** What one partition of a queue topic holds before it refuses more, unless set otherwise. */
export const queueBytesMaxDefault = 8 * 1024 * 1024;

/** About how much one `read` hands over when the caller does not say. */
export const readBytesDefault = 1024 * 1024;

/** About how much one call of `onRecords` gets. */
export const followBytesMax = 256 * 1024;

/** How much a follower hands over in one go before it lets the rest of the process run. */
export const followTurnBytesMax = 1024 * 1024;

/** How often records that are too old are looked for. */
export const sweepIntervalMs = 10_000;

/** What each durable partition keeps in memory for its followers; who lags further reads from disk. */
export const tailBytesMax = 256 * 1024;

/** About how much one commit writes; the rest waits for the next. */
export const commitBytesMax = 8 * 1024 * 1024;

/** What may wait for a commit before appends are refused. */
export const backlogBytesMax = 64 * 1024 * 1024;

/** How many records one sweep looks at or deletes before it lets others have the disk. */
export const sweepRecordsMax = 2_000;

/** Bytes of records of a partition after which a sweep looks at no more of them: it reads what it lets go of. */
export const sweepBytesMax = 4 * 1024 * 1024;

/** How soon a sweep goes on that could not do all its work at once. */
export const sweepPauseMs = 50;

/** Address space set aside for the store; the file grows with what is in it. */
export const mapSizeBytesDefault = 64 * 1024 ** 3;

/**
 * Disk space below which nothing more is written. lmdb can bring the process down when a write finds the disk
 * full, so it must not come to that.
 */
export const diskReserveBytesDefault = 64 * 1024 * 1024;

/** About how much one transaction takes when the file is written anew. */
export const copyBytesMax = 4 * 1024 * 1024;

/** Wishes to write the file anew that come due within such a span are one. */
export const scrubSpanMs = 3_600_000;
