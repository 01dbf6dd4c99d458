import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChatServer } from '../chat/chat-server.js';
import type { Peer, PeerOptions } from './peer.js';
import { startPeerProcess } from './peer-process.js';
import { SocketIoClient, socketIoTemplate } from './socket-io-client.js';

/** The built program, also where these sources run as they are. */
const program = fileURLToPath(new URL('../../dist/peers/socket-io-server.js', import.meta.url));

/** Socket.IO on its default WebSocket server, one Node process. */
export const socketIo: Peer = {
  name: 'socket.io',
  durability: 'D0',
  missing: () => undefined,
  start: startSocketIo,
};

async function startSocketIo(options: PeerOptions): Promise<ChatServer> {
  const running = await startPeerProcess('socket-io', options, async ({ port }) => ({
    program: process.execPath,
    args: [program, String(port)],
  }));
  const address = { host: '127.0.0.1', port: running.port, path: '/socket.io/?EIO=4&transport=websocket' };
  return {
    name: socketIo.name,
    durability: socketIo.durability,
    about: `${versionOf()} on Node ${process.versions.node}`,
    pids: [running.pid],
    isAccountable: false,
    template: ({ room, level, textBytes }) => socketIoTemplate(room, level, textBytes),
    connect: async (who, events) => {
      const client = new SocketIoClient(address, who, events);
      await client.connected();
      return client;
    },
    counters: async () => new Map(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

const versionOf = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return /"socket\.io": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
};
