import { Priority } from '@parley/wire';
import { countersOf } from '../measure/prometheus-text.js';
import { EdgeClient } from '../protocol/edge-client.js';
import { SendTemplate } from '../protocol/send-template.js';
import { mintToken } from '../protocol/token.js';
import type { ServerUnderTest } from '../server/server-under-test.js';
import type { ChatEvents, ChatServer, ConnectOptions, Level } from './chat-server.js';

const priorities: Readonly<Record<Level, Priority>> = { high: Priority.HIGH, medium: Priority.MEDIUM, low: Priority.LOW };

/** Parley as one of several servers. Disposing it stops the server. */
export function parleyChat(server: ServerUnderTest, nowMs: () => number): ChatServer {
  return {
    name: 'parley',
    durability: server.durability,
    about: server.listener,
    pids: server.pids,
    isAccountable: true,
    template: ({ room, level, isTransient = false, textBytes }) =>
      new SendTemplate({ conversation: `r:${room}`, priority: priorities[level], isBullet: isTransient, textBytes }),
    connect: (options, events) => {
      const token = mintToken(server.app, options.user, nowMs());
      return openEdgeClient(server, { ...options, token }, events);
    },
    counters: async () => {
      const processes = [...server.metricsUrls].map(async ([name, url]) => {
        const answer = await fetch(url);
        return [name, countersOf(await answer.text())] as const;
      });
      return new Map(await Promise.all(processes));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Connects one client, logs it in and syncs its empty list: login and sync go out together. */
export async function openEdgeClient(
  { addresses }: ServerUnderTest,
  { token, ...options }: ConnectOptions & { readonly token: string },
  events: ChatEvents,
): Promise<EdgeClient> {
  const address = addresses[options.index % addresses.length];
  if (address === undefined) throw new Error('a server without an address');
  const client = new EdgeClient(address, options, events);
  await client.opened();
  const login = client.request({ type: 'login', value: { token, device: 'bench', client: 'parley-bench' } });
  const sync = client.request({ type: 'sync', value: {} });
  client.flush();
  await login;
  await sync;
  return client;
}
