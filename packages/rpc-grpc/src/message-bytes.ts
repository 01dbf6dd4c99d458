import { type Codec, ParleyError } from '@parley/kernel';
import { grpcLimits } from './limits.js';

/** Encodes a message; throws MESSAGE_TOO_LARGE over the limit. */
export function encodeMessage(codec: Codec<unknown, unknown>, message: unknown): Buffer {
  const bytes = codec.encode(message);
  if (bytes.length > grpcLimits.messageBytesMax) {
    throw new ParleyError('MESSAGE_TOO_LARGE', `${codec.typeName}: ${bytes.length} bytes, at most ${grpcLimits.messageBytesMax}`);
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Decodes a message; throws INVALID_ARGUMENT for bytes that are none. */
export function decodeMessage(codec: Codec<unknown, unknown>, bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw new ParleyError('INVALID_ARGUMENT', `the bytes are no ${codec.typeName}`, { cause });
  }
}

/** gRPC's serialisers do nothing here: encoding errors must reach the caller as they are. */
export const passBytes = (bytes: Buffer): Buffer => bytes;
