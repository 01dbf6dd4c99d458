/** Bounds and times of the SDK; each can be overridden through `ClientOptions.limits`. Milliseconds and counts. */
export const sdkLimits = {
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  /** Requests that wait for an answer at a time; more wait for their turn. The server takes 16. */
  openRequestsMax: 12,
  /** How long the answer to one send may take before the send is repeated. */
  sendTimeoutMs: 10_000,
  tokenTimeoutMs: 15_000,
  reconnectFirstMs: 500,
  reconnectLongestMs: 30_000,
  /** A connection that lasted this long forgets earlier failures. */
  stableAfterMs: 10_000,
  retryFirstMs: 500,
  retryLongestMs: 15_000,
  /** How often a send that the server refuses for now is repeated before it fails. */
  sendRetriesMax: 5,
  /** What was not sent after so long, over restarts, fails: for 7 days servers know a repetition. */
  sendKeptMs: 7 * 24 * 3_600_000,
  /** Sends that wait or are under way; one more fails at once. */
  outboxMax: 1_000,
  /** Unanswered sends of one conversation and priority; 1 keeps their order even when the server refuses one. */
  inFlightMax: 64,
  /** How long an event waits for those before it, which travel on another stream, until they are fetched. */
  gapHoldMs: 150,
  /** Events of one conversation that wait for earlier ones; what exceeds it is fetched later. */
  heldMax: 256,
  /** Newest events that are fetched per conversation when catching up; the rest is reported as a gap. */
  catchUpMax: 200,
  /** Conversations that are caught up at the same time. */
  catchUpParallel: 4,
  /** Changes of a room that wait for an earlier one; what exceeds it is asked for. */
  roomHeldMax: 64,
  /** A room is asked for at most this often. */
  roomRefreshEveryMs: 2_000,
  /** A room that may be out of date is asked for at a random time within so much per member … */
  roomSpreadPerMemberMs: 0.5,
  /** … but within this. */
  roomSpreadMaxMs: 5_000,
  /** How long an own change of a room waits to be seen there before it counts as done all the same. */
  roomReachMs: 3_000,
  /** What is added to a counter is collected for so long. */
  counterEveryMs: 500,
  /** How long leaving a room waits until what was added to its counters is told. */
  counterFlushMs: 2_000,
  /** Cursors are told at most this often. */
  cursorEveryMs: 1_000,
  /** Own writing is told at most this often, and ends for others after so long without being told again. */
  typingEveryMs: 3_000,
  typingEndsMs: 6_000,
  /** Frames are put together into one WebSocket message up to this many bytes. */
  batchBytesMax: 48 * 1024,
} as const;

/** Limits with the defaults filled in. */
export type SdkLimits = { readonly [Name in keyof typeof sdkLimits]: number };
