import { describe, expect, it } from '@jest/globals';
import { type EdgeListenerFactory, Harness } from './harness.js';
import { opcodes } from './raw-client.js';

const closeFrame = (code: number): Buffer => Buffer.from([code >> 8, code & 255]);

/** Every connection ends once. */
export function closingContract(factory: EdgeListenerFactory): void {
  describe('closing', () => {
    it('answers a closing handshake and reports its code', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      client.send(opcodes.close, closeFrame(4321));
      expect(await harness.events.closeCode()).toBe(4321);
      await client.until(() => client.isEnded);
      expect(client.frames.map((frame) => [frame.opcode, frame.payload.readUInt16BE(0)])).toEqual([[opcodes.close, 4321]]);
    });

    it('closes with code and reason, after what was sent before', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      connection.send(harness.listener.prepare('last words'));
      connection.close(4304, 'draining');
      expect(harness.events.closes).toEqual([]);
      await client.until(() => client.frames.length === 2);
      expect(client.frames[0]?.payload.toString()).toBe('last words');
      expect(client.frames[1]?.payload).toEqual(Buffer.concat([closeFrame(4304), Buffer.from('draining')]));
      client.send(opcodes.close, closeFrame(4304));
      expect(await harness.events.closeCode()).toBe(4304);
      await client.until(() => client.isEnded);
    });

    it('ends a connection whose client does not answer the closing handshake', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      connection.close(4304, '');
      expect(await harness.events.closeCode()).toBe(4304);
      await client.until(() => client.isEnded);
    });

    it('reports an abrupt end as 1006 exactly once', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      await harness.events.connection();
      client.socket.resetAndDestroy();
      expect(await harness.events.closeCode()).toBe(1006);
      const other = await harness.client();
      await harness.events.connection(1);
      other.send(opcodes.text, 'x');
      await harness.events.until(() => harness.events.messages.length === 1);
      expect(harness.events.closes).toHaveLength(1);
    });

    it('terminates at once and reports it later, once', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      connection.terminate();
      expect(harness.events.closes).toEqual([]);
      connection.terminate();
      connection.close(1000, '');
      expect(await harness.events.closeCode()).toBe(1006);
      await client.until(() => client.isEnded);
      expect(harness.events.closes).toHaveLength(1);
    });

    it('ignores what is sent on a connection that has ended', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      client.destroy();
      await harness.events.closeCode();
      connection.send(harness.listener.prepare('too late'));
      connection.close(1000, '');
      connection.terminate();
      expect(connection.bufferedBytes).toBe(0);
      expect(harness.events.closes).toHaveLength(1);
    });

    it('delivers no message that arrives after close', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      harness.events.onMessage = (connection) => connection.close(4000, '');
      client.send(opcodes.text, 'one');
      client.send(opcodes.text, 'two');
      client.send(opcodes.close, closeFrame(4000));
      await harness.events.closeCode();
      expect(harness.events.messages).toEqual(['one']);
      expect(harness.events.late).toEqual([]);
    });

    it('keeps the owner’s context', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const context = { session: 1 };
      (await harness.events.connection()).context = context;
      client.destroy();
      await harness.events.closeCode();
      expect(harness.events.closes[0]?.connection.context).toBe(context);
    });

    it('ends every connection when it is disposed of, before the disposal resolves', async () => {
      const harness = await Harness.open(factory);
      const clients = [await harness.client(), await harness.client(), await harness.client()];
      await harness.events.connection(2);
      await harness[Symbol.asyncDispose]();
      expect(harness.events.closes).toHaveLength(3);
      for (const client of clients) await client.until(() => client.isEnded);
    });
  });
}
