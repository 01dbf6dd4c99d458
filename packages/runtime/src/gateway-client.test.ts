import { describe, expect, it } from '@jest/globals';
import { GatewayService } from '@parley/contracts/gateway';
import { ParleyError } from '@parley/kernel';
import { createInProcessRpc, createMemoryDirectory, type ServiceHandlers } from '@parley/rpc';
import { createGatewayClient } from './gateway-client.js';
import { publishGateway } from './publish-process.js';
import { ManualClock } from './testing/manual-clock.js';

/** A cluster whose gateways are added one by one. */
function arrange() {
  const rpc = createInProcessRpc();
  const directory = createMemoryDirectory();
  const clock = new ManualClock();
  const add = async (name: string, handlers: Partial<ServiceHandlers<typeof GatewayService>> = {}): Promise<() => Promise<void>> => {
    const server = rpc.server(name);
    server.serve(GatewayService, {
      listSessions: async ({ user }) => ({ sessions: [{ session: `${user} at ${name}`, device: 'd', isConnected: true }] }),
      disconnect: async () => ({ sessions: 1 }),
      ...handlers,
    });
    return publishGateway({ directory, address: server.address, peer: `peer of ${name}`, clock });
  };
  return { add, directory, client: createGatewayClient(rpc.dialer, directory) };
}

const sessionsOf = async ({ client }: ReturnType<typeof arrange>): Promise<readonly string[]> =>
  (await client.listSessions({ app: 'shop', user: 'ann' })).sessions.map(({ session }) => session).sort();

describe('the client of all gateways', () => {
  it('joins the answers of all gateways', async () => {
    const cluster = arrange();
    expect(await sessionsOf(cluster)).toEqual([]);
    await cluster.add('a');
    await cluster.add('b');
    expect(await sessionsOf(cluster)).toEqual(['ann at a', 'ann at b']);
    expect(await cluster.client.disconnect({ app: 'shop', user: 'ann' })).toEqual({ sessions: 2 });
  });

  it('leaves out gateways that left or are gone', async () => {
    const cluster = arrange();
    const leave = await cluster.add('a');
    await cluster.add('b');
    await publishGateway({ directory: cluster.directory, address: 'nobody there', peer: 'gone', clock: new ManualClock() });
    await leave();
    expect(await sessionsOf(cluster)).toEqual(['ann at b']);
    expect(cluster.directory.peersOf('gateway').map(({ peer }) => peer)).toEqual(['peer of b', 'gone']);
  });

  it('takes a gateway that starts, and does not serve yet, for one without sessions', async () => {
    const cluster = arrange();
    const startUp = async () => {
      throw new ParleyError('UNSUPPORTED');
    };
    await cluster.add('a', { listSessions: startUp });
    await cluster.add('b');
    expect(await sessionsOf(cluster)).toEqual(['ann at b']);
  });

  it('knows a gateway that came back at its old address once', async () => {
    const cluster = arrange();
    const leave = await cluster.add('a');
    await leave();
    await publishGateway({ directory: cluster.directory, address: 'a', peer: 'the next process', clock: new ManualClock() });
    expect(await sessionsOf(cluster)).toEqual(['ann at a']);
  });

  it('fails when one does not answer, after the others did as they were told', async () => {
    const cluster = arrange();
    let ended = 0;
    const disconnect = async () => ({ sessions: ++ended });
    const hang = async () => {
      throw new ParleyError('TIMEOUT', 'no answer');
    };
    await cluster.add('a', { disconnect: hang });
    await cluster.add('b', { disconnect });
    await expect(cluster.client.disconnect({ app: 'shop', user: 'ann' })).rejects.toMatchObject({ error: 'TIMEOUT' });
    expect(ended).toBe(1);
  });
});
