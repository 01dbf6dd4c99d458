import { describe, expect, it } from '@jest/globals';
import { type EdgeListenerFactory, Harness, messageBytesMax } from './harness.js';
import { opcodes, type RawClient } from './raw-client.js';

/** What goes in comes out, and what must not go in does not. */
export function messageContract(factory: EdgeListenerFactory): void {
  describe('messages', () => {
    it('receives text as a string and binary as bytes, in order', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.text, 'grüße 👋');
      client.send(opcodes.binary, Uint8Array.of(0, 255, 7));
      client.send(opcodes.text, '');
      await harness.events.until(() => harness.events.messages.length === 3);
      expect(harness.events.messages.map((data) => (typeof data === 'string' ? data : [...data]))).toEqual(['grüße 👋', [0, 255, 7], '']);
    });

    it('hands over bytes that stay as they are', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      for (let i = 0; i < 50; i++) client.send(opcodes.binary, new Uint8Array(300).fill(i));
      await harness.events.until(() => harness.events.messages.length === 50);
      expect(harness.events.messages).toEqual(Array.from({ length: 50 }, (_, i) => Buffer.alloc(300, i)));
    });

    it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('sends %d bytes as one frame', async (length) => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      const payload = Buffer.alloc(length, 'x');
      connection.send(harness.listener.prepare(new Uint8Array(payload)));
      connection.send(harness.listener.prepare(payload.toString()));
      await client.until(() => client.frames.length === 2);
      expect(client.frames.map((frame) => frame.opcode)).toEqual([opcodes.binary, opcodes.text]);
      for (const frame of client.frames) expect(frame.payload.equals(payload)).toBe(true);
    });

    it('joins fragments, also with a ping in between', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.text, 'one ', false);
      client.send(opcodes.ping, 'now');
      client.send(opcodes.continuation, 'two ', false);
      client.send(opcodes.continuation, 'three');
      await harness.events.until(() => harness.events.messages.length === 1);
      expect(harness.events.messages).toEqual(['one two three']);
      await client.until(() => client.frames.length === 1);
      expect(client.frames[0]).toEqual({ opcode: opcodes.pong, payload: Buffer.from('now') });
    });

    it('answers pings between messages without tearing them', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      const prepared = harness.listener.prepare(Buffer.alloc(5_000, 'm'));
      for (let i = 0; i < 100; i++) {
        connection.send(prepared);
        client.send(opcodes.ping, `${i}`);
      }
      await client.until(() => client.frames.length === 200);
      expect(client.frames.filter((frame) => frame.opcode === opcodes.pong).map((frame) => frame.payload.toString())).toEqual(
        Array.from({ length: 100 }, (_, i) => `${i}`),
      );
      expect(client.frames.filter((frame) => frame.payload.length === 5_000)).toHaveLength(100);
    });

    it('accepts a message of exactly the limit', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.binary, new Uint8Array(messageBytesMax));
      await harness.events.until(() => harness.events.messages.length === 1);
      expect(harness.events.messages[0]).toHaveLength(messageBytesMax);
    });

    it('tells the client 1009 when a message is longer', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.binary, new Uint8Array(messageBytesMax + 1));
      expect(await harness.events.closeCode()).toBe(1009);
      await client.until(() => client.isEnded);
      expect(client.frames.map((frame) => [frame.opcode, frame.payload.readUInt16BE(0)])).toEqual([[opcodes.close, 1009]]);
      expect(harness.events.messages).toEqual([]);
    });

    it('counts all fragments of a message together', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.binary, new Uint8Array(messageBytesMax), false);
      client.send(opcodes.continuation, new Uint8Array(1));
      expect(await harness.events.closeCode()).toBe(1009);
    });

    it('ends a connection whose message is far too long', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.binary, new Uint8Array(messageBytesMax * 10));
      expect(await harness.events.closeCode()).toBe(1009);
      await client.until(() => client.isEnded);
    });

    it('ends a connection that sends invalid UTF-8 as text with 1007', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.text, Uint8Array.of(0x66, 0xff, 0xfe));
      expect(await harness.events.closeCode()).toBe(1007);
      await client.until(() => client.isEnded);
      expect(harness.events.messages).toEqual([]);
    });

    it.each<[string, (client: RawClient) => void]>([
      ['an unknown opcode', (client) => client.send(3, 'x')],
      ['a continuation of nothing', (client) => client.send(opcodes.continuation, 'x')],
      ['a fragmented ping', (client) => client.send(opcodes.ping, 'x', false)],
    ])('ends a connection that sends %s and leaves the others alone', async (_what, misbehave) => {
      await using harness = await Harness.open(factory);
      const bystander = await harness.client();
      const client = await harness.client();
      await harness.events.connection(1);
      misbehave(client);
      await client.until(() => client.isEnded);
      await harness.events.until(() => harness.events.closes.length === 1);
      bystander.send(opcodes.text, 'still here');
      await harness.events.until(() => harness.events.messages.length === 1);
      expect(harness.events.messages).toEqual(['still here']);
    });

    it('runs next ticks and promises that a handler leaves behind', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        harness.events.onMessage = () => {
          process.nextTick(() => {
            order.push('tick');
            void Promise.resolve().then(() => {
              order.push('promise');
              resolve();
            });
          });
        };
        client.send(opcodes.text, 'go');
      });
      expect(order).toEqual(['tick', 'promise']);
    });
  });
}
