import { describe, expect, it } from '@jest/globals';
import { type EdgeListenerFactory, Harness } from './harness.js';

/** Who is let in, and as what. */
export function handshakeContract(factory: EdgeListenerFactory): void {
  describe('handshake', () => {
    it('chooses the subprotocol that the server prefers', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client(['Sec-WebSocket-Protocol: zero, two, one']);
      expect(client.head).toMatch(/^HTTP\/1.1 101 /);
      expect(client.head.toLowerCase()).toContain('sec-websocket-protocol: one');
      expect((await harness.events.connection()).subprotocol).toBe('one');
    });

    it.each([[[]], [['Sec-WebSocket-Protocol: three']]])('refuses with 400 who offers no known subprotocol', async (headers) => {
      await using harness = await Harness.open(factory);
      const client = await harness.client(headers);
      expect(client.head).toMatch(/^HTTP\/1.1 400 /);
      expect(harness.events.connections).toEqual([]);
    });

    it('refuses with the status that the events decide on and ends that connection', async () => {
      await using harness = await Harness.open(factory);
      harness.events.refusal = 429;
      const headers = ['Sec-WebSocket-Protocol: one', 'Origin: https://example.org', 'X-Forwarded-For: 192.0.2.1, 192.0.2.2'];
      const client = await harness.client(headers);
      expect(client.head).toMatch(/^HTTP\/1.1 429 /);
      await client.until(() => client.isEnded);
      expect(harness.events.handshakes).toEqual([
        { remoteAddress: '127.0.0.1', origin: 'https://example.org', forwardedFor: '192.0.2.1, 192.0.2.2', path: '/path' },
      ]);
      expect(harness.events.connections).toEqual([]);
    });

    it('never negotiates compression', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client([
        'Sec-WebSocket-Protocol: one',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      ]);
      expect(client.head.toLowerCase()).not.toContain('permessage-deflate');
    });

    it('answers what is no WebSocket with 426', async () => {
      await using harness = await Harness.open(factory);
      const response = await fetch(`http://127.0.0.1:${harness.listener.port}/`);
      expect(response.status).toBe(426);
    });

    it('tells where a connection comes from', async () => {
      await using harness = await Harness.open(factory);
      await harness.client();
      expect((await harness.events.connection()).remoteAddress).toBe('127.0.0.1');
    });

    it('refuses to open on a port that is taken', async () => {
      await using harness = await Harness.open(factory);
      await expect(Harness.open(factory, { port: harness.listener.port })).rejects.toThrow();
    });

    it('takes no new connections after stopAccepting and keeps those it has', async () => {
      await using harness = await Harness.open(factory);
      const client = await harness.client();
      const connection = await harness.events.connection();
      harness.listener.stopAccepting();
      const late = await harness.client().then(
        (other) => other.head,
        () => '',
      );
      expect(late).not.toContain(' 101 ');
      connection.send(harness.listener.prepare('still here'));
      await client.until(() => client.frames.length > 0);
      expect(client.frames[0]?.payload.toString()).toBe('still here');
    });
  });
}
