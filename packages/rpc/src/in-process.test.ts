import { describe, expect, it } from '@jest/globals';
import { ParleyError, type Clock } from '@parley/kernel';
import { EchoService, rpcContract } from './contract/index.js';
import { createInProcessRpc } from './in-process.js';
import { rpcLimits } from './limits.js';

rpcContract(
  'in-process service calls',
  async () => {
    const faults: unknown[] = [];
    const rpc = createInProcessRpc({ onFault: (_method, fault) => faults.push(fault) });
    return { server: rpc.server(), dialer: rpc.dialer, faults };
  },
  { deadAddress: 'nobody' },
);

describe('in-process service calls, beyond the contract', () => {
  it('break a stream whose sender never waits, instead of growing', async () => {
    const rpc = createInProcessRpc();
    const server = rpc.server();
    server.serve(EchoService, { say: async () => ({}), chat: async (_stream, context) => void (await untilAborted(context.signal)) });
    const stream = rpc.dialer.client(EchoService, server.address).chat();
    for (let sent = 0; sent <= rpcLimits.streamQueueMax; sent++) stream.send({});
    expect(stream.signal.aborted).toBe(true);
    await expect(stream.incoming[Symbol.asyncIterator]().next()).rejects.toMatchObject({ error: 'OVERLOADED' });
  });

  it('take deadlines from the clock and leave no timer behind', async () => {
    const timers = new Set<() => void>();
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      setTimer: (_delayMs, action) => {
        timers.add(action);
        return () => timers.delete(action);
      },
    };
    const rpc = createInProcessRpc({ clock });
    const server = rpc.server();
    server.serve(EchoService, { say: async (request) => (request.text === 'hang' ? new Promise(() => {}) : {}), chat: async () => {} });
    const client = rpc.dialer.client(EchoService, server.address);
    await client.say({});
    expect(timers.size).toBe(0);
    const failure = client.say({ text: 'hang' }, { timeoutMs: 10 }).catch((error: unknown) => error);
    await Promise.resolve();
    expect(timers.size).toBe(1);
    for (const action of timers) action();
    expect(await failure).toBeInstanceOf(ParleyError);
    expect(timers.size).toBe(0);
  });

  it('reach a server that comes back at its address', async () => {
    const rpc = createInProcessRpc();
    const serve = (text: string) => {
      const server = rpc.server('router-1');
      server.serve(EchoService, { say: async () => ({ text }), chat: async () => {} });
      return server;
    };
    const client = rpc.dialer.client(EchoService, 'router-1');
    await serve('first')[Symbol.asyncDispose]();
    serve('second');
    expect((await client.say({})).text).toBe('second');
    expect(() => rpc.server('router-1')).toThrow(/already/);
  });
});

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
