import { sleep, systemClock } from '@parley/kernel';
import { EdgeClient, type ChatEvents } from '@parley/test-bench/protocol';
import { appToken } from '@parley/testkit';
import type { World } from '../world/world.js';

export interface CrowdOptions {
  readonly size: number;
  /** Index of the app; 0 by default. */
  readonly app?: number;
  readonly events: ChatEvents;
}

const heartbeatMs = 10_000;

/** Users by the hundred on light clients, which only count: as many of the SDK do not fit into the process of a test. */
export class Crowd implements AsyncDisposable {
  readonly members: readonly EdgeClient[];
  readonly #connect: (index: number) => Promise<void>;
  readonly #end = new AbortController();

  private constructor(members: readonly EdgeClient[], connect: (index: number) => Promise<void>) {
    this.members = members;
    this.#connect = connect;
    void this.#beat();
  }

  /** Everybody connected and logged in, spread over the gateways. */
  static async gather(world: World, { size, app = 0, events }: CrowdOptions): Promise<Crowd> {
    const name = world.id('viewer');
    const members: EdgeClient[] = [];
    const connect = async (index: number): Promise<void> => {
      members[index] = await connected(world, { index, user: `${name}-${index}`, app }, events);
    };
    await forEachOf(Array(size).keys(), connect);
    return new Crowd(members, connect);
  }

  async enter(room: string): Promise<void> {
    await forEachOf(this.members, (member) => member.enter(room));
  }

  /** One of them, counting around. */
  member(index: number): EdgeClient {
    const member = this.members[index % this.members.length];
    if (member === undefined) throw new Error('an empty crowd');
    return member;
  }

  /** Ends the session of a member and logs the same user in again. */
  async reload(index: number): Promise<EdgeClient> {
    await this.member(index).logout();
    await this.#connect(index);
    return this.member(index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await forEachOf(this.members, (member) => (member.isClosed ? Promise.resolve() : member.logout()));
  }

  async #beat(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await sleep(systemClock, heartbeatMs, signal).catch(() => {});
      if (!signal.aborted) for (const member of this.members) if (!member.isClosed) member.ping();
    }
  }
}

interface Identity {
  readonly index: number;
  readonly user: string;
  readonly app: number;
}

async function connected(world: World, { index, user, app }: Identity, events: ChatEvents): Promise<EdgeClient> {
  const { hostname: host, port, pathname: path } = new URL(world.url(index));
  const client = new EdgeClient({ host, port: Number(port), path }, { index, user, localAddress: '127.0.0.1' }, events);
  await client.opened();
  const login = ask(client, {
    type: 'login',
    value: { token: appToken(world.app(app), user), device: 'viewer', client: 'parley-crowd' },
  });
  await Promise.all([login, ask(client, { type: 'sync', value: {} })]);
  return client;
}

/** The answer to a request; rejects with an Error that begins with the name of the refusal. */
export function ask(client: EdgeClient, body: Parameters<EdgeClient['request']>[0]): ReturnType<EdgeClient['request']> {
  const answer = client.request(body);
  client.flush();
  return answer;
}

/** Runs the action for every item, some at a time. */
export async function forEachOf<T>(items: Iterable<T>, act: (item: T) => Promise<unknown>, atOnce = 32): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
