import type { PreparedMessage } from './port.js';

const finalText = 0x81;
const finalBinary = 0x82;

/** A complete WebSocket frame from server to client: final, unmasked (RFC 6455, 5.2). */
export class FramedMessage implements PreparedMessage {
  readonly frame: Buffer;
  readonly byteLength: number;

  constructor(payload: Uint8Array | string) {
    const isText = typeof payload === 'string';
    const length = isText ? Buffer.byteLength(payload) : payload.length;
    const headerLength = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
    const frame = Buffer.allocUnsafe(headerLength + length);
    frame[0] = isText ? finalText : finalBinary;
    if (length < 126) {
      frame[1] = length;
    } else if (length < 0x10000) {
      frame[1] = 126;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = 127;
      frame.writeUIntBE(0, 2, 2);
      frame.writeUIntBE(length, 4, 6);
    }
    if (isText) frame.write(payload, headerLength);
    else frame.set(payload, headerLength);
    this.frame = frame;
    this.byteLength = frame.length;
  }
}
