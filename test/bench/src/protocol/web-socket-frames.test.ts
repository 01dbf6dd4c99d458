import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientMessage, opcodes, ServerMessageReader } from './web-socket-frames.js';

/** What a server sends: as a client's message, without the mask. */
function serverMessage(payload: Uint8Array, opcode: number = opcodes.binary): Buffer {
  const masked = clientMessage([payload], opcode);
  const headerBytes = masked.length - payload.length - 4;
  const header = Buffer.from(masked.subarray(0, headerBytes));
  header[1] = (header[1] ?? 0) & 0x7f;
  return Buffer.concat([header, payload]);
}

function messagesFrom(chunks: readonly Uint8Array[]): readonly string[] {
  const found: string[] = [];
  const reader = new ServerMessageReader((opcode, bytes, start, end) =>
    found.push(`${opcode}:${Buffer.from(bytes.subarray(start, end)).toString('hex')}`),
  );
  const shared = new Uint8Array(1 << 20);
  for (const chunk of chunks) {
    shared.set(chunk);
    reader.push(shared.subarray(0, chunk.length));
    shared.fill(0xff, 0, chunk.length);
  }
  return found;
}

describe('the reader of server messages', () => {
  it('finds the same messages however the bytes are cut, though their memory is used again', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (messages, sizes) => {
        const bytes = Buffer.concat(messages.map((payload) => serverMessage(payload)));
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(messagesFrom(chunks)).toEqual(messages.map((payload) => `2:${Buffer.from(payload).toString('hex')}`));
      }),
    );
  });

  it('reads all three kinds of length', () => {
    for (const length of [125, 126, 65_535, 65_536]) {
      const [found] = messagesFrom([serverMessage(new Uint8Array(length))]);
      expect(found?.length).toBe(2 + 2 * length);
    }
  });

  it('refuses fragments and masked messages', () => {
    expect(() => messagesFrom([Uint8Array.of(0x02, 0x00)])).toThrow('fragments');
    expect(() => messagesFrom([clientMessage([Uint8Array.of(1)])])).toThrow('masks');
  });
});

describe('a client message', () => {
  it('joins its parts and says that it is masked', () => {
    const message = clientMessage([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expect([...message]).toEqual([0x82, 0x83, 0, 0, 0, 0, 1, 2, 3]);
  });
});
