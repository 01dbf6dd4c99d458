import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { peersNamed } from './all-peers.js';
import { findProgram } from './find-program.js';
import { natsTemplate } from './nats-client.js';
import { NatsReader } from './nats-reader.js';
import { socketIoTemplate } from './socket-io-client.js';
import { readDigits } from './text-template.js';
import { xmppTemplate } from './xmpp-client.js';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('messages of peers', () => {
  it('carry their index wherever the protocol wants it, and the level', () => {
    const natsFrame = textOf(natsTemplate('hall', 'high', { textBytes: 40, isStored: true }).frame(0, 1_234));
    expect(natsFrame).toMatch(/^PUB room\.hall _INBOX\.@\.0000001234 40\r\nb-0000001234 high \.{22}\r\n$/);
    const socketIoFrame = textOf(socketIoTemplate('hall', 'low', 30).frame(0, 7));
    expect(socketIoFrame).toBe('420000000007["m","hall","b-0000000007 low ............."]');
    expect(textOf(xmppTemplate('hall', 'low', 20).frame(0, 9_999_999_999))).toContain("id='b-9999999999'><body>b-9999999999 low ");
  });

  it('are templates that stay as they are', () => {
    const template = socketIoTemplate('hall', 'low', 30);
    template.frame(0, 7);
    expect(textOf(template.frame(0, 8))).not.toContain('7');
  });
});

describe('the reader of NATS', () => {
  it('finds the same operations however the bytes are cut', () => {
    const stream = Buffer.from(
      'INFO {"server_id":"x"}\r\nMSG room.hall 1 14\r\nb-0000000042 \n\r\nPING\r\nMSG _INBOX.3.0000000005 2 2\r\n{}\r\nPONG\r\n-ERR \'slow\'\r\n',
    );
    const read = (chunks: readonly Uint8Array[]): readonly string[] => {
      const found: string[] = [];
      const reader = new NatsReader({
        message: (bytes, { subjectAt, subjectEnd, payloadAt, payloadEnd }) =>
          found.push(`${textOf(bytes.subarray(subjectAt, subjectEnd))} ${textOf(bytes.subarray(payloadAt, payloadEnd))}`),
        ping: () => found.push('ping'),
        pong: () => found.push('pong'),
        line: (text) => found.push(text),
      });
      for (const chunk of chunks) reader.push(chunk);
      return found;
    };
    const whole = ['INFO {"server_id":"x"}', 'room.hall b-0000000042 \n', 'ping', '_INBOX.3.0000000005 {}', 'pong', "-ERR 'slow'"];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(read(chunks)).toEqual(whole);
      }),
    );
    expect(readDigits(Buffer.from('b-0000000042'), 2)).toBe(42);
  });
});

describe('peers', () => {
  it('are chosen by name', () => {
    expect(peersNamed(['ejabberd', 'nats']).map(({ name }) => name)).toEqual(['ejabberd', 'nats']);
    expect(peersNamed(['all'])).toHaveLength(4);
    expect(() => peersNamed(['openim'])).toThrow('--against: expected some of socket.io, nats');
  });

  it('that are programs of the machine are looked up, not assumed', () => {
    expect(findProgram('node', '/nowhere')).toBeUndefined();
    expect(findProgram('no-such-program')).toBeUndefined();
    expect(findProgram('sh')).toMatch(/\/sh$/);
  });
});
