import { describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { bufferBytesMax, type EdgeListenerFactory, Harness } from './harness.js';
import { opcodes } from './raw-client.js';

const chunkBytes = 256 * 1024;
const manyConnections = 1_000;
/** These tests move much; a busy machine may take its time. */
const withinMs = 60_000;

/** Slow and many receivers. */
export function pressureContract(factory: EdgeListenerFactory): void {
  describe('pressure', () => {
    it(
      'counts what a client does not read and tells when it has caught up',
      async () => {
        await using harness = await Harness.open(factory, { bufferBytesMax: 64 * 1024 * 1024 });
        const client = await harness.client();
        const connection = await harness.events.connection();
        client.socket.pause();
        const prepared = harness.listener.prepare(new Uint8Array(chunkBytes));
        let sent = 0;
        while (connection.bufferedBytes < 1024 * 1024) {
          connection.send(prepared);
          sent++;
        }
        expect(harness.events.drains).toBe(0);
        client.socket.resume();
        await harness.events.until(() => harness.events.drains === 1);
        expect(connection.bufferedBytes).toBe(0);
        await client.until(() => client.frames.length === sent);
        expect(client.frames.every((frame) => frame.payload.length === chunkBytes)).toBe(true);
      },
      withinMs,
    );

    it(
      'reports being drained also when little was left over',
      async () => {
        await using harness = await Harness.open(factory, { bufferBytesMax: 64 * 1024 * 1024 });
        const client = await harness.client();
        const connection = await harness.events.connection();
        client.socket.pause();
        const prepared = harness.listener.prepare(new Uint8Array(1_000));
        while (connection.bufferedBytes === 0) connection.send(prepared);
        expect(connection.bufferedBytes).toBeLessThan(16 * 1024);
        client.socket.resume();
        await harness.events.until(() => harness.events.drains === 1);
        expect(connection.bufferedBytes).toBe(0);
      },
      withinMs,
    );

    it(
      'does not speak of being drained while more keeps coming',
      async () => {
        await using harness = await Harness.open(factory, { bufferBytesMax: 256 * 1024 * 1024 });
        const client = await harness.client();
        const connection = await harness.events.connection();
        const prepared = harness.listener.prepare(new Uint8Array(chunkBytes));
        client.socket.pause();
        let sent = 0;
        for (; connection.bufferedBytes < 1024 * 1024; sent++) connection.send(prepared);
        client.socket.resume();
        // More per turn than the system takes at once, so that something is always left.
        for (const until = sent + 160; sent < until; sent++) {
          connection.send(prepared);
          if (sent % 40 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await client.until(() => client.frames.length === sent);
        await harness.events.until(() => connection.bufferedBytes === 0);
        expect(harness.events.leftAtDrain).toBe(0);
      },
      withinMs,
    );

    it(
      'drops a connection whose client never reads, once the buffer is full',
      async () => {
        await using harness = await Harness.open(factory);
        const client = await harness.client();
        const connection = await harness.events.connection();
        client.socket.pause();
        const prepared = harness.listener.prepare(new Uint8Array(chunkBytes));
        let most = 0;
        for (let i = 0; i < 500 && harness.events.closes.length === 0; i++) {
          connection.send(prepared);
          most = Math.max(most, connection.bufferedBytes);
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(await harness.events.closeCode()).toBe(1013);
        expect(most).toBeLessThanOrEqual(bufferBytesMax + chunkBytes);
        expect(connection.bufferedBytes).toBe(0);
        expect(harness.events.late).toEqual([]);
      },
      withinMs,
    );

    it(
      'keeps no unlimited pile of pongs for a client that does not read',
      async () => {
        await using harness = await Harness.open(factory, { bufferBytesMax: 64 * 1024 });
        const client = await harness.client();
        const connection = await harness.events.connection();
        client.socket.pause();
        const pings = Array.from({ length: 2_000 }, () => 'p'.repeat(120));
        for (let round = 0; round < 40 && !client.isEnded; round++) {
          for (const ping of pings) client.send(opcodes.ping, ping);
          await new Promise((resolve) => setImmediate(resolve));
          expect(connection.bufferedBytes).toBeLessThan(128 * 1024);
        }
      },
      withinMs,
    );

    it(
      `sends one prepared message to ${manyConnections} connections`,
      async () => {
        await using harness = await Harness.open(factory);
        const url = `ws://127.0.0.1:${harness.listener.port}`;
        const clients = Array.from({ length: manyConnections }, () => new WebSocket(url, ['two']));
        const received = clients.map((client) => new Promise<string>((resolve) => client.on('message', (data) => resolve(String(data)))));
        await harness.events.until(() => harness.events.connections.length === manyConnections);
        const prepared = harness.listener.prepare('to all of you');
        for (const connection of harness.events.connections) connection.send(prepared);
        expect(new Set(await Promise.all(received))).toEqual(new Set(['to all of you']));
        for (const client of clients) client.terminate();
        await harness.events.until(() => harness.events.closes.length === manyConnections);
      },
      withinMs,
    );
  });
}
