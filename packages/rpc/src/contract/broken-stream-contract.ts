import { expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import { abortOf, collect, failureOf, fixtureOf, gate, nextOf, serve, type Setup } from './contract-setup.js';

/** What a stream that breaks promises. */
export function brokenStreamContract(setup: Setup): void {
  it('shows the caller what the handler threw, behind what it sent', async () => {
    const stream = serve(setup, {
      chat: async (server) => {
        server.send({ number: 1 });
        throw new ParleyError('NOT_OWNER', 'ask another', { retryAfterMs: 5 });
      },
    }).chat();
    expect((await nextOf(stream.incoming))?.number).toBe(1);
    const failure = await failureOf(collect(stream.incoming));
    expect([failure.error, failure.detail, failure.retryAfterMs]).toEqual(['NOT_OWNER', 'ask another', 5]);
    await abortOf(stream.signal);
  });

  it('breaks on both sides when the caller gives it up', async () => {
    const [started, seen] = [gate(), gate()];
    let serverFailure: unknown;
    const caller = new AbortController();
    const stream = serve(setup, {
      chat: async (server, context) => {
        started.open();
        await collect(server.incoming).catch((error: unknown) => {
          serverFailure = error;
        });
        await abortOf(context.signal);
        await abortOf(server.signal);
        seen.open();
      },
    }).chat({ signal: caller.signal });
    await started.opened;
    caller.abort();
    expect((await failureOf(collect(stream.incoming))).error).toBe('UNAVAILABLE');
    await abortOf(stream.signal);
    await seen.opened;
    expect(serverFailure).toBeInstanceOf(ParleyError);
    expect((serverFailure as ParleyError).error).toBe('UNAVAILABLE');
  });

  it('breaks with TIMEOUT when it has a deadline', async () => {
    const told = gate();
    const stream = serve(setup, {
      chat: async (_server, context) => {
        await abortOf(context.signal);
        told.open();
      },
    }).chat({ timeoutMs: 100 });
    expect((await failureOf(collect(stream.incoming))).error).toBe('TIMEOUT');
    await told.opened;
  });

  it('breaks on both sides when the server closes', async () => {
    const [started, told] = [gate(), gate()];
    const stream = serve(setup, {
      chat: async (server) => {
        started.open();
        await failureOf(collect(server.incoming));
        told.open();
      },
    }).chat();
    stream.send({});
    await started.opened;
    const failure = failureOf(collect(stream.incoming));
    await fixtureOf(setup).server[Symbol.asyncDispose]();
    expect((await failure).error).toBe('UNAVAILABLE');
    await told.opened;
  });

  it('breaks on both sides when the client closes', async () => {
    const [started, told] = [gate(), gate()];
    const stream = serve(setup, {
      chat: async (server) => {
        started.open();
        await failureOf(collect(server.incoming));
        told.open();
      },
    }).chat();
    await started.opened;
    const failure = failureOf(collect(stream.incoming));
    await fixtureOf(setup).dialer[Symbol.asyncDispose]();
    expect((await failure).error).toBe('UNAVAILABLE');
    await told.opened;
  });

  it('lets go a server that waits', async () => {
    const [full, released] = [gate(), gate()];
    const caller = new AbortController();
    const stream = serve(setup, {
      chat: async (server) => {
        const body = new Uint8Array(256 * 1024);
        for (let sent = 0; server.send({ body }); sent++) if (sent > 2_000) throw new Error('the sender was never asked to wait');
        const drained = server.drained();
        full.open();
        await drained;
        released.open();
      },
    }).chat({ signal: caller.signal });
    await full.opened;
    caller.abort();
    await released.opened;
    await abortOf(stream.signal);
  });

  it('lets go a sender that waits', async () => {
    const stream = serve(setup, { chat: async (_server, context) => abortOf(context.signal) }).chat();
    const body = new Uint8Array(256 * 1024);
    for (let sent = 0; stream.send({ body }); sent++) if (sent > 2_000) throw new Error('the sender was never asked to wait');
    const drained = stream.drained();
    await fixtureOf(setup).server[Symbol.asyncDispose]();
    await drained;
    expect(stream.send({})).toBe(true);
  });
}
