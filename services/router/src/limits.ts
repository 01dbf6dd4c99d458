/** Bounds of the router. Sizes in bytes, times in milliseconds. */
export const routerLimits = {
  /** Commands per lane and partition that wait in memory; then the lane is read no further. */
  laneCommandsMax: 8_192,
  /** Commands decided between two appends. */
  batchCommandsMax: 2_048,
  /** Encoded entries per append; an append's time bounds how long HIGH may wait, and with one more lane record it fits into a log record. */
  batchBytesMax: 384 * 1024,
  /** A stored send that waited longer in its lane is refused with OVERLOADED. */
  staleAfterMs: 30_000,
  /** A transient message that waited longer is dropped. */
  transientStaleAfterMs: 5_000,
  /**
   * How long a send is remembered for unflagged duplicates. Covers the silence after which a gateway drops a
   * connection (35 s) plus the longest stay in a lane.
   */
  dedupeWindowMs: 90_000,
  dedupeEntriesMax: 200_000,
  /** Conversations kept in memory per partition. */
  conversationsMax: 65_536,
  /** What was decided about messages of late, kept in memory per partition: a removal, a pin or a reaction each. */
  recentTargetsMax: 65_536,
  /** Cursors kept in memory per partition. */
  cursorsMax: 65_536,
  /** Messages of a conversation whose senders are told who has read them. */
  receiptWishesMax: 100,
  /** Senders of a conversation in slow mode whose last message is remembered. */
  slowModeSendersMax: 10_000,
  /** Pages of 100 events that are looked through for who has spoken, when a conversation in slow mode is loaded. */
  slowModePagesMax: 5,
  /** Commands of a partition that stand aside until history answers; beyond, their lanes wait. */
  waitingCommandsMax: 8_192,
  /** Calls of a partition to history, for commands, at a time; more are refused with OVERLOADED. */
  questionsMax: 16_384,
  /** A conversation that cannot be loaded in this time refuses its commands with UNAVAILABLE. */
  loadWithinMs: 5_000,
  /** A take-over waits this long for history, which may start after the router. */
  checkpointWithinMs: 30_000,
  /** Positions without output are written at most this often. */
  positionEveryMs: 1_000,
  /** An idle partition repeats its positions this often, so that the log's retention always leaves a record. */
  idlePositionEveryMs: 24 * 3_600_000,
  /** What may wait for one link before it is broken (its gateway then resubscribes and resyncs). */
  linkBytesMax: 32 * 1024 * 1024,
  /** Deliveries of about so many bytes leave in one message: far below what a call carries, with all that stands around them. */
  linkMessageBytesMax: 1024 * 1024,
  /** Answers that leave in one message. */
  linkAnswersMax: 4_096,
  /** Subscriptions of a partition that went to another owner are served this much longer. */
  formerOwnerGraceMs: 30_000,
  /** Commands that are shed between two appends; they cost little, and nothing of the round's share of the lanes. */
  batchShedMax: 8_192,
  /** A linked process that does not read for so long loses transient LOW that has waited as long, … */
  linkShedAfterMs: 20,
  /** … and after this time transient MEDIUM as well. */
  linkShedMediumAfterMs: 120,
  /** How much the delay of a lane must have changed to be told: by so many milliseconds and by such a share. */
  loadChange: { ms: 5, share: 0.2 },
  /** Listeners of a channel are told of dropped messages at most this often. */
  dropNoticeEveryMs: 1_000,
  /** Channels that wait to be told of dropped messages. */
  dropNoticesMax: 10_000,
  relayDeliveriesMax: 50_000,
  presenceUsersMax: 1_000,
} as const;

if (routerLimits.dedupeWindowMs < 35_000 + routerLimits.staleAfterMs) {
  throw new Error('dedupeWindowMs must cover offlineAfterMs plus staleAfterMs');
}
