import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { FrameSocket } from './frame-socket.js';

const api = { apiKey: 3, apiVersion: 1 };
const servers: Server[] = [];
const peers: Socket[] = [];
const sockets: FrameSocket[] = [];

/** A broker that does what it is told with each connection. */
async function serve(onConnection: (peer: Socket) => void): Promise<FrameSocket> {
  const server = createServer((peer) => {
    peers.push(peer.on('error', () => {}));
    onConnection(peer);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return connectTo((server.address() as AddressInfo).port);
}

function connectTo(port: number): FrameSocket {
  const socket = new FrameSocket(`127.0.0.1:${port}`, { clock: systemClock, clientId: 'test' });
  sockets.push(socket);
  return socket;
}

/** The answer to a request: its correlation id and a body. */
function answer(request: Buffer, body: string): Buffer {
  const frame = Buffer.alloc(8 + body.length);
  frame.writeInt32BE(4 + body.length, 0);
  request.copy(frame, 4, 8, 12);
  frame.write(body, 8);
  return frame;
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close('end of test');
  for (const peer of peers.splice(0)) peer.destroy();
  for (const server of servers.splice(0)) server.close();
});

describe('a connection to a broker', () => {
  it('gives each request its own answer, however the bytes are cut', async () => {
    const socket = await serve((peer) => {
      let received = Buffer.alloc(0);
      peer.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const size = 4 + received.readInt32BE(0);
          const body = received.subarray(size - 1, size).toString();
          for (const byte of answer(received, `re ${body}`)) peer.write(Buffer.of(byte));
          received = received.subarray(size);
        }
      });
    });
    await socket.opened();
    const bodies = await Promise.all(['a', 'b', 'c'].map((text) => socket.request(api, Buffer.from(text), 5_000)));
    expect(bodies.map(String)).toEqual(['re a', 're b', 're c']);
  });

  it('says that a silent broker may have seen the request', async () => {
    const socket = await serve(() => {});
    await socket.opened();
    await expect(socket.request(api, Buffer.alloc(1), 50)).rejects.toMatchObject({ wasSent: true, isSilence: true });
    await expect(socket.request(api, Buffer.alloc(1), 50)).rejects.toMatchObject({ wasSent: false });
  });

  it('says that a broker which hung up may have seen the request', async () => {
    const socket = await serve((peer) => peer.once('data', () => peer.destroy()));
    await socket.opened();
    await expect(socket.request(api, Buffer.alloc(1), 5_000)).rejects.toMatchObject({
      wasSent: true,
      isSilence: false,
    });
  });

  it('says that nothing was sent where nobody listens', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    taken.close();
    await once(taken, 'close');
    await expect(connectTo(port).opened()).rejects.toMatchObject({ wasSent: false, isSilence: false });
  });

  it('gives up on a peer that does not speak Kafka', async () => {
    const socket = await serve((peer) => peer.write('HTTP/1.1 400 Bad Request'));
    await socket.opened();
    await expect(socket.request(api, Buffer.alloc(1), 5_000)).rejects.toThrow('a frame of');
  });

  it('ends after the last answer when it is replaced', async () => {
    const socket = await serve((peer) => peer.once('data', (request: Buffer) => peer.write(answer(request, 'last'))));
    await socket.opened();
    const last = socket.request(api, Buffer.alloc(1), 5_000);
    socket.retire();
    expect(String(await last)).toBe('last');
    expect(socket.isOpen).toBe(false);
  });
});
