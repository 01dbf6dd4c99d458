import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatEvents, ChatServer, ConnectOptions } from '../chat/chat-server.js';
import { findProgram } from './find-program.js';
import { allRooms, NatsClient, natsTemplate } from './nats-client.js';
import type { Peer, PeerOptions } from './peer.js';
import { startPeerProcess } from './peer-process.js';

const program = 'nats-server';
const missing = (): string | undefined => (findProgram(program) === undefined ? `${program} is not installed` : undefined);

/** NATS without storage: what routing alone costs. It has no chat of its own. */
export const nats: Peer = { name: 'nats', durability: 'D0', missing, start: (options) => startNats(nats, options) };

/** NATS with a JetStream stream over all rooms, in files. It syncs to the disk every two minutes. */
export const natsJetStream: Peer = {
  name: 'nats-jetstream',
  durability: 'D1',
  missing,
  start: (options) => startNats(natsJetStream, options),
};

async function startNats({ name, durability }: Peer, options: PeerOptions): Promise<ChatServer> {
  const path = findProgram(program) ?? program;
  const isStored = durability !== 'D0';
  const running = await startPeerProcess(name, options, async ({ folder, port }) => {
    const storage = isStored ? `jetstream { store_dir: "${join(folder, 'data')}" }\n` : '';
    await writeFile(join(folder, 'nats.conf'), `host: 127.0.0.1\nport: ${port}\n${storage}`);
    return { program: path, args: ['-c', join(folder, 'nats.conf')] };
  });
  const connect = async (who: ConnectOptions, events: ChatEvents): Promise<NatsClient> => {
    const client = new NatsClient(running.port, who, { events, isStored });
    await client.connected();
    return client;
  };
  if (isStored) await makeStream(connect);
  return {
    name,
    durability,
    about: spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim(),
    pids: [running.pid],
    isAccountable: false,
    template: ({ room, level, textBytes }) => natsTemplate(room, level, { textBytes, isStored }),
    connect,
    counters: async () => new Map(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function makeStream(connect: (who: ConnectOptions, events: ChatEvents) => Promise<NatsClient>): Promise<void> {
  const nothing = (): void => undefined;
  const events = { stored: nothing, arrived: nothing, refused: nothing, dropped: nothing, trouble: nothing };
  const client = await connect({ index: 0, user: 'setup', localAddress: '127.0.0.1' }, events);
  const answer = await client.call('$JS.API.STREAM.CREATE.rooms', { name: 'rooms', subjects: [allRooms], storage: 'file' });
  await client.logout();
  if (answer.includes('"error"')) throw new Error(`JetStream refused the stream: ${answer}`);
}
