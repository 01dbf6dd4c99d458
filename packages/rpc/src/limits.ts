/** Limits of service calls. Times in milliseconds, sizes in bytes. */
export const rpcLimits = {
  /** For unary calls that name no timeout. */
  callTimeoutMs: 5_000,
  /** Largest encoded message of a transport that encodes. */
  messageBytesMax: 4 * 1024 * 1024,
  /** Messages that wait for a reader before the sender is asked to wait. */
  streamQueueSoft: 128,
  /** Messages that wait for a reader before the stream breaks. */
  streamQueueMax: 8_192,
  /** How long a server that closes lets running calls finish. */
  drainMs: 2_000,
  /** After this time a reader that still serves a partition contradicts another one that has published itself. */
  announceAgainMs: 3_000,
} as const;

if (rpcLimits.streamQueueSoft >= rpcLimits.streamQueueMax) throw new Error('streamQueueSoft must be below streamQueueMax');
