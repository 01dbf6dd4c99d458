import { limits } from '@parley/kernel';

/** Bounds of the adapter. Sizes in bytes, times in milliseconds. */
export const cassandraLimits = {
  /** Seqs of a conversation in one partition of `messages`. Part of the stored format. */
  bucketSeqs: 4_096,
  /** How long an event of a room lies here at most; an hour more than it may be read, for clocks that differ. */
  roomMessageSeconds: limits.roomHistoryMs / 1_000 + 3_600,
  /** Members asked for in one query. */
  membersPerQuery: 100,
  /** Conversations whose rules are remembered as written. */
  rulesRememberedMax: 10_000,
  /** How long another process may go on before it notices that the history is being wiped. */
  epochCachedMs: 1_000,
  /** Pause before tables are emptied, in which batches end that began before everybody had noticed. */
  wipeQuietMs: 2_500,
  /** Amendments for which timestamps are claimed at once. */
  amendmentsPerClaim: 256,
  /** Rows and bytes of one batch; all of them go to one partition, so a batch is one mutation. */
  batchRowsMax: 100,
  batchBytesMax: 128 * 1024,
  /**
   * The same for rows of one space of details, of which a mark may say how far the others have come. Cassandra takes half of a
   * commit-log segment as one mutation: 16 MiB as it comes, 2.5 MiB where segments are small.
   */
  spaceRowsMax: 5_000,
  spaceBytesMax: 1024 * 1024,
  /** Writes that are out at once for one applied batch. */
  writesInFlightMax: 32,
  readTimeoutMs: 1_500,
  writeTimeoutMs: 5_000,
  /** After this time a read or a write is sent to a second node as well. */
  secondReadAfterMs: 100,
  secondWriteAfterMs: 500,
  schemaTimeoutMs: 30_000,
  /** How long somebody who died while migrating or wiping keeps others from it. */
  migrationLeaseSeconds: 60,
  migrationPollMs: 500,
  /** How long to wait for somebody else who migrates or wipes. */
  migrationWaitMs: 180_000,
} as const;
