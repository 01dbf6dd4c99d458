import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeClientFrames, encodeServerFrames, type ServerFrameInit, subprotocols } from '@parley/wire';
import { WebSocketServer } from 'ws';
import { type Client, createClient } from '../src/node.js';

let server: WebSocketServer | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  for (const socket of server?.clients ?? []) socket.terminate();
  server?.close();
});

/** A real server that accepts every login and stores every message. */
async function listen(): Promise<string> {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: (offered) => [...offered][0] ?? false });
  let seq = 0;
  server.on('connection', (socket) => {
    expect(socket.protocol).toBe(subprotocols.proto);
    socket.on('message', (data: Buffer) => {
      const frames = decodeClientFrames(data).frames.map(({ id, body }): ServerFrameInit => {
        switch (body?.type) {
          case 'login':
            return { id, body: { type: 'loggedIn', value: { user: body.value.token, resumeKey: 'key', heartbeatMs: 10_000 } } };
          case 'send':
            return { id, body: { type: 'stored', value: { seq: ++seq, messageId: `m${seq}` } } };
          case 'sync':
            return { id, body: { type: 'syncResult', value: { epoch: 'e', cursor: 'c' } } };
          default:
            return { id, body: { type: 'done', value: {} } };
        }
      });
      socket.send(encodeServerFrames({ frames }));
    });
  });
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('over real sockets', () => {
  it('logs in, sends, and comes back after the connection was torn down', async () => {
    client = createClient({ url: await listen(), token: () => 'alice', limits: { reconnectFirstMs: 10 } });
    await expect(client.connect()).resolves.toBe('alice');
    await expect(client.user('bob').send('one').done).resolves.toMatchObject({ seq: 1 });
    for (const socket of server?.clients ?? []) socket.terminate();
    await expect(client.user('bob').send('two').done).resolves.toMatchObject({ seq: 2 });
  });

  it('lives through a server that is not there', async () => {
    const url = await listen();
    server?.close();
    const absent = createClient({ url, token: () => 'alice', limits: { reconnectFirstMs: 1, reconnectLongestMs: 5 } });
    const attempts = await new Promise<number>((resolve) => {
      absent.on('connection', (status) => {
        if (status.state === 'connecting' && status.attempt === 3) resolve(status.attempt);
      });
      void absent.connect();
    });
    absent.close();
    expect(attempts).toBe(3);
  });

  it('can be closed while it is still connecting', async () => {
    const early = createClient({ url: await listen(), token: () => 'alice' });
    const connected = early.connect();
    await new Promise((resolve) => setImmediate(resolve));
    early.close();
    await expect(connected).rejects.toMatchObject({ name: 'UNAVAILABLE' });
  });

  it('reports an address that is none', async () => {
    await expect(createClient({ url: 'not an address', token: () => 'alice' }).connect()).rejects.toMatchObject({
      name: 'INVALID_ARGUMENT',
    });
  });
});
