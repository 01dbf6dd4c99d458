/** Bounds and times of the SDK; each can be overridden through `ClientOptions.limits`. Milliseconds and counts. */
export const sdkLimits = {
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
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
  /** Frames are put together into one WebSocket message up to this many bytes. */
  batchBytesMax: 48 * 1024,
} as const;

/** Limits with the defaults filled in. */
export type SdkLimits = { readonly [Name in keyof typeof sdkLimits]: number };
