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
