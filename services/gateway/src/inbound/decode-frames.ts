import { type ClientFrame, decodeClientFrames } from '@parley/wire';
import type { JsonCodec } from '../ports.js';

/** The frames of one WebSocket message; undefined when it is none of the connection's subprotocol. */
export function decodeFrames(data: Uint8Array | string, isJson: boolean, codec: JsonCodec | undefined): readonly ClientFrame[] | undefined {
  if (isJson !== (typeof data === 'string')) return undefined;
  try {
    const bytes = typeof data === 'string' ? codec?.decodeClientFrames(data) : data;
    return bytes === undefined ? undefined : decodeClientFrames(bytes).frames;
  } catch {
    // Whatever a decoder stumbles over is a fault of the bytes.
    return undefined;
  }
}
