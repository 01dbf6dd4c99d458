import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatServer } from '../chat/chat-server.js';
import { findProgram } from './find-program.js';
import type { Peer, PeerOptions } from './peer.js';
import { startPeerProcess } from './peer-process.js';
import { domains, XmppClient, xmppTemplate } from './xmpp-client.js';

/** Its control script says where its modules are; the machine's `erl` runs them without a name in a network. */
const script = 'ejabberdctl';
const runtime = 'erl';

/** ejabberd with an archive of all rooms in its own database (Mnesia), and nobody told who comes and goes. */
export const ejabberd: Peer = {
  name: 'ejabberd',
  durability: 'D1',
  missing: () => (findProgram(script) === undefined || findProgram(runtime) === undefined ? 'ejabberd is not installed' : undefined),
  start: startEjabberd,
};

async function startEjabberd(options: PeerOptions): Promise<ChatServer> {
  const libraries = /^ERL_LIBS='([^']+)'/m.exec(readFileSync(findProgram(script) ?? script, 'utf8'))?.[1] ?? '';
  const running = await startPeerProcess('ejabberd', options, async ({ folder, port }) => {
    const path = join(folder, 'ejabberd.yml');
    // YAML is a superset of JSON.
    await writeFile(path, JSON.stringify(settings(port), null, 2));
    return {
      program: findProgram(runtime) ?? runtime,
      args: ['+K', 'true', '+P', '250000', '-noinput', '-mnesia', 'dir', `"${join(folder, 'database')}"`, '-s', 'ejabberd'],
      environment: { EJABBERD_CONFIG_PATH: path, EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'), ERL_LIBS: libraries },
    };
  });
  const address = { host: '127.0.0.1', port: running.port, path: '/ws' };
  return {
    name: ejabberd.name,
    durability: ejabberd.durability,
    about: 'Mnesia archive',
    pids: [running.pid],
    isAccountable: false,
    template: ({ room, level, textBytes }) => xmppTemplate(room, level, textBytes),
    connect: async (who, events) => {
      const client = new XmppClient(address, who, events);
      await client.connected();
      return client;
    },
    counters: async () => new Map(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** No limits on what a client sends; a presence is told to nobody, since joining would otherwise cost a room's square. */
const settings = (port: number): object => ({
  hosts: [domains.server],
  loglevel: 'error',
  listen: [{ port, ip: '127.0.0.1', module: 'ejabberd_http', request_handlers: { '/ws': 'ejabberd_http_ws' } }],
  auth_method: ['anonymous'],
  anonymous_protocol: 'sasl_anon',
  modules: {
    mod_mam: { default: 'always' },
    mod_muc: {
      host: domains.rooms,
      access: 'all',
      access_create: 'all',
      max_users: 20_000,
      max_user_conferences: 1_000,
      min_message_interval: 0,
      min_presence_interval: 0,
      history_size: 0,
      default_room_options: { max_users: 20_000, presence_broadcast: [], mam: true, anonymous: false },
    },
  },
});
