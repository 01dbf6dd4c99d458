import { expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import { abortOf, collect, failureOf, fixtureOf, gate, serve, type Setup } from './contract-setup.js';
import { AbsentService, EchoService, NewerEchoService } from './echo-service.js';

/** What a call that fails promises. */
export function failureContract(setup: Setup): void {
  it('keeps name, detail and retry time of a refusal', async () => {
    const client = serve(setup, {
      say: async () => {
        throw new ParleyError('RATE_LIMITED', 'naïve: 10/s, “per user” – 100 %\n', { retryAfterMs: 1_234 });
      },
    });
    const failure = await failureOf(client.say({}));
    expect([failure.error, failure.detail, failure.retryAfterMs]).toEqual(['RATE_LIMITED', 'naïve: 10/s, “per user” – 100 %\n', 1_234]);
    expect(fixtureOf(setup).faults).toEqual([]);
  });

  it('shows a fault of the handler as INTERNAL without its text, and reports it', async () => {
    const client = serve(setup, {
      say: async () => {
        throw new TypeError('secret');
      },
    });
    const failure = await failureOf(client.say({}));
    expect([failure.error, failure.detail]).toEqual(['INTERNAL', '']);
    expect(failure.message).not.toContain('secret');
    expect(fixtureOf(setup).faults).toEqual([new TypeError('secret')]);
  });

  it('fails with TIMEOUT at the deadline and tells the handler', async () => {
    const told = gate();
    const client = serve(setup, {
      say: async (_request, context) => {
        await abortOf(context.signal);
        told.open();
        return {};
      },
    });
    expect((await failureOf(client.say({}, { timeoutMs: 100 }))).error).toBe('TIMEOUT');
    await told.opened;
  });

  it('fails when the caller gives up and tells the handler', async () => {
    const [started, told] = [gate(), gate()];
    const client = serve(setup, {
      say: async (_request, context) => {
        started.open();
        await abortOf(context.signal);
        told.open();
        return {};
      },
    });
    const caller = new AbortController();
    const failure = failureOf(client.say({}, { signal: caller.signal }));
    await started.opened;
    caller.abort();
    expect((await failure).error).toBe('TIMEOUT');
    await told.opened;
  });

  it('does not start when the caller has given up before', async () => {
    let calls = 0;
    const client = serve(setup, {
      say: async () => {
        calls++;
        return {};
      },
    });
    await failureOf(client.say({}, { signal: AbortSignal.abort() }));
    await client.say({});
    expect(calls).toBe(1);
  });

  it('answers UNSUPPORTED for a service or method that is not served', async () => {
    serve(setup, {});
    const { dialer, server } = fixtureOf(setup);
    expect((await failureOf(dialer.client(AbsentService, server.address).say({}))).error).toBe('UNSUPPORTED');
    expect((await failureOf(dialer.client(NewerEchoService, server.address).shout({}))).error).toBe('UNSUPPORTED');
    const stream = dialer.client(NewerEchoService, server.address).sing();
    expect((await failureOf(collect(stream.incoming))).error).toBe('UNSUPPORTED');
  });

  it('answers UNAVAILABLE where nobody listens', async () => {
    const client = fixtureOf(setup).dialer.client(EchoService, setup.options.deadAddress);
    expect((await failureOf(client.say({}))).error).toBe('UNAVAILABLE');
    expect((await failureOf(collect(client.chat().incoming))).error).toBe('UNAVAILABLE');
  });

  it('lets a running call finish while the server closes, and takes no new one', async () => {
    const [started, proceed] = [gate(), gate()];
    const client = serve(setup, {
      say: async () => {
        started.open();
        await proceed.opened;
        return { text: 'done' };
      },
    });
    const answer = client.say({});
    await started.opened;
    const closing = fixtureOf(setup).server[Symbol.asyncDispose]();
    const late = failureOf(client.say({}));
    expect((await late).error).toBe('UNAVAILABLE');
    proceed.open();
    expect((await answer).text).toBe('done');
    await closing;
  });
}
