import { rpcLimits } from '@parley/rpc';

/** Limits of calls over gRPC. Times in milliseconds, sizes in bytes. */
export const grpcLimits = {
  /** Largest encoded message. */
  messageBytesMax: rpcLimits.messageBytesMax,
  /** Outgoing bytes of a stream from which on its sender is asked to wait. */
  streamBytesSoft: 256 * 1024,
  /** Outgoing bytes of a stream that break it. */
  streamBytesMax: 32 * 1024 * 1024,
  /** Incoming messages of a stream that are read ahead. */
  streamReadAhead: 32,
  /** HTTP/2 flow control window of each stream. */
  windowBytes: 1024 * 1024,
  keepaliveMs: 10_000,
  keepaliveTimeoutMs: 5_000,
  reconnectFirstMs: 100,
  reconnectLongestMs: 2_000,
  /** Addresses that a dialer stays connected to; the least recently dialled goes first. */
  connectionsMax: 256,
  /** Characters of a refusal's detail; trailers must stay small. */
  detailCharsMax: 1_024,
} as const;

if (grpcLimits.streamBytesSoft >= grpcLimits.streamBytesMax) throw new Error('streamBytesSoft must be below streamBytesMax');
if (grpcLimits.messageBytesMax >= grpcLimits.streamBytesMax) throw new Error('a message must fit into a stream');
