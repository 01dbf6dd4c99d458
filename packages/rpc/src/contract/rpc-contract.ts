import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import type { BidiStream, RpcDialer, RpcServer, ServiceClient, ServiceHandlers } from '../port.js';
import { AbsentService, type Echo, type EchoInit, EchoService, NewerEchoService } from './echo-service.js';

/** A server and a way to reach it. Faults that handlers should not throw go to `faults`. */
export interface RpcFixture {
  readonly server: RpcServer;
  readonly dialer: RpcDialer;
  readonly faults: unknown[];
}

export interface RpcContractOptions {
  /** Largest encoded message; absent where messages are handed over by reference, without a limit. */
  readonly messageBytesMax?: number;
  /** An address where nobody listens. */
  readonly deadAddress: string;
}

type Handlers = ServiceHandlers<typeof EchoService>;
type ServerStream = BidiStream<Echo, EchoInit>;

/** What every transport of service calls promises. */
export function rpcContract(name: string, create: () => Promise<RpcFixture>, options: RpcContractOptions): void {
  describe(name, () => {
    const setup: Setup = { create, options, fixture: undefined };
    beforeEach(async () => {
      setup.fixture = await create();
    });
    afterEach(async () => {
      await setup.fixture?.dialer[Symbol.asyncDispose]();
      await setup.fixture?.server[Symbol.asyncDispose]();
    });
    describe('a unary call', () => unaryContract(setup));
    describe('a call that fails', () => failureContract(setup));
    describe('a stream', () => streamContract(setup));
    describe('a stream that breaks', () => brokenStreamContract(setup));
  });
}

interface Setup {
  readonly create: () => Promise<RpcFixture>;
  readonly options: RpcContractOptions;
  fixture: RpcFixture | undefined;
}

function fixtureOf(setup: Setup): RpcFixture {
  if (setup.fixture === undefined) throw new Error('the fixture is made before each test');
  return setup.fixture;
}

/** Serves the given handlers; methods without one are refused. */
function serve(setup: Setup, handlers: Partial<Handlers>): ServiceClient<typeof EchoService> {
  const { server, dialer } = fixtureOf(setup);
  const refuse = async (): Promise<never> => {
    throw new ParleyError('UNSUPPORTED');
  };
  server.serve(EchoService, { say: refuse, chat: refuse, ...handlers });
  return dialer.client(EchoService, server.address);
}

const failureOf = (promise: Promise<unknown>): Promise<ParleyError> =>
  promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(ParleyError);
      return error as ParleyError;
    },
  );

async function collect(incoming: AsyncIterable<Echo>): Promise<Echo[]> {
  const messages: Echo[] = [];
  for await (const message of incoming) messages.push(message);
  return messages;
}

async function nextOf(incoming: AsyncIterable<Echo>): Promise<Echo | undefined> {
  const result = await incoming[Symbol.asyncIterator]().next();
  return result.done === true ? undefined : result.value;
}

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Whether a promise settles while the event loop turns a number of times: enough for everything that needs no reader. */
async function settlesSoon(promise: Promise<void>): Promise<boolean> {
  let isSettled = false;
  void promise.then(() => {
    isSettled = true;
  });
  for (let turn = 0; turn < 100 && !isSettled; turn++) await new Promise((resolve) => setImmediate(resolve));
  return isSettled;
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

function unaryContract(setup: Setup): void {
  it('brings the request to the handler and the response back, absent fields filled', async () => {
    let seen: Echo | undefined;
    const client = serve(setup, {
      say: async (request) => {
        seen = request;
        return { text: `${request.text}!`, body: Uint8Array.of(1, 2, 3) };
      },
    });
    const response = await client.say({ text: 'hé' });
    expect({ ...seen, body: [...(seen?.body ?? [9])] }).toEqual({ text: 'hé', number: 0, body: [] });
    expect({ ...response, body: [...response.body] }).toEqual({ text: 'hé!', number: 0, body: [1, 2, 3] });
  });

  it('hands the trace on, and an empty one where there is none', async () => {
    const client = serve(setup, { say: async (_request, context) => ({ text: context.trace }) });
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect((await client.say({}, { trace })).text).toBe(trace);
    expect((await client.say({})).text).toBe('');
  });

  it('keeps concurrent calls apart', async () => {
    const client = serve(setup, { say: async (request) => ({ number: request.number * 2 }) });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, number) => client.say({ number })));
    expect(answers.map((answer) => answer.number)).toEqual(Array.from({ length: 50 }, (_, number) => number * 2));
  });

  it('carries a message of three megabytes', async () => {
    const client = serve(setup, { say: async (request) => ({ body: request.body }) });
    const response = await client.say({ body: new Uint8Array(3 * 1024 * 1024).fill(7) });
    expect(response.body.length).toBe(3 * 1024 * 1024);
    expect(response.body[response.body.length - 1]).toBe(7);
  });

  const limit = setup.options.messageBytesMax;
  if (limit === undefined) return;

  it('refuses a request over the size limit before it is sent', async () => {
    let calls = 0;
    const client = serve(setup, {
      say: async () => {
        calls++;
        return {};
      },
    });
    const failure = await failureOf(client.say({ body: new Uint8Array(limit + 1) }));
    expect(failure.error).toBe('MESSAGE_TOO_LARGE');
    expect(calls).toBe(0);
    expect((await client.say({})).text).toBe('');
  });

  it('refuses a response over the size limit', async () => {
    const client = serve(setup, { say: async () => ({ body: new Uint8Array(limit + 1) }) });
    expect((await failureOf(client.say({}))).error).toBe('MESSAGE_TOO_LARGE');
  });
}

function failureContract(setup: Setup): void {
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

function streamContract(setup: Setup): void {
  const echo = async (stream: ServerStream): Promise<void> => {
    for await (const message of stream.incoming) stream.send({ ...message, text: `${message.text}!` });
  };

  it('carries messages both ways, in order, and ends when both sides have', async () => {
    const stream = serve(setup, { chat: echo }).chat();
    for (let number = 0; number < 100; number++) stream.send({ number });
    stream.end();
    const answers = await collect(stream.incoming);
    expect(answers.map((answer) => answer.number)).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(answers[0]?.text).toBe('!');
    await abortOf(stream.signal);
  });

  it('answers while the caller still sends, and hands the trace on', async () => {
    const stream = serve(setup, {
      chat: async (server, context) => {
        for await (const message of server.incoming) server.send({ text: context.trace, number: message.number + 1 });
      },
    }).chat({ trace: 'trace-1' });
    stream.send({ number: 1 });
    const first = await nextOf(stream.incoming);
    expect([first?.text, first?.number]).toEqual(['trace-1', 2]);
    stream.send({ number: first?.number ?? 0 });
    expect((await nextOf(stream.incoming))?.number).toBe(3);
    expect(stream.signal.aborted).toBe(false);
  });

  it('ends for the caller when the handler returns, after everything that was sent', async () => {
    const stream = serve(setup, {
      chat: async (server) => {
        for (let number = 0; number < 40; number++) server.send({ number });
      },
    }).chat();
    await abortOf(stream.signal);
    expect((await collect(stream.incoming)).length).toBe(40);
    expect(stream.send({ text: 'too late' })).toBe(true);
    await stream.drained();
  });

  it('is closed by the server when it ends its side', async () => {
    const [told, closed] = [gate(), gate()];
    const stream = serve(setup, {
      chat: async (server, context) => {
        await nextOf(server.incoming);
        server.send({ number: 9 });
        server.end();
        server.send({ number: 10 });
        expect(await collect(server.incoming)).toEqual([]);
        await abortOf(context.signal);
        told.open();
        await closed.opened;
      },
    }).chat();
    stream.send({ number: 1 });
    expect((await collect(stream.incoming)).map((message) => message.number)).toEqual([9]);
    await abortOf(stream.signal);
    stream.send({ number: 2 });
    await told.opened;
    closed.open();
  });

  it('makes a fast sender wait for a slow reader, and loses nothing', async () => {
    const start = gate();
    const counts: number[] = [];
    const stream = serve(setup, {
      chat: async (server) => {
        await start.opened;
        for await (const message of server.incoming) counts.push(message.number);
      },
    }).chat();
    const body = new Uint8Array(64 * 1024);
    let sent = 0;
    let drained = Promise.resolve();
    for (let mayGoOn = true; mayGoOn; mayGoOn = await settlesSoon(drained)) {
      while (stream.send({ number: sent++, body })) if (sent > 2_000) throw new Error('the sender was never asked to wait');
      drained = stream.drained();
    }
    start.open();
    await drained;
    stream.send({ number: sent++ });
    stream.end();
    await collect(stream.incoming);
    expect(counts).toEqual(Array.from({ length: sent }, (_, number) => number));
  });

  it('makes a fast server wait for a slow caller', async () => {
    const full = gate();
    let sent = 0;
    const stream = serve(setup, {
      chat: async (server) => {
        const body = new Uint8Array(64 * 1024);
        for (let waits = 0; waits < 3; sent++) {
          if (server.send({ number: sent, body })) {
            if (sent > 5_000) throw new Error('the sender was never asked to wait');
            continue;
          }
          waits++;
          full.open();
          await server.drained();
        }
      },
    }).chat();
    await full.opened;
    const numbers = (await collect(stream.incoming)).map((message) => message.number);
    expect(numbers).toEqual(Array.from({ length: sent }, (_, number) => number));
  });

  it('lets a reader leave its loop and come back', async () => {
    const stream = serve(setup, { chat: echo }).chat();
    for (const number of [1, 2, 3]) stream.send({ number });
    for await (const message of stream.incoming) if (message.number === 2) break;
    expect((await nextOf(stream.incoming))?.number).toBe(3);
  });

  const limit = setup.options.messageBytesMax;
  if (limit === undefined) return;

  it('refuses a message over the size limit and goes on', async () => {
    const stream = serve(setup, { chat: echo }).chat();
    expect(() => stream.send({ body: new Uint8Array(limit + 1) })).toThrow(ParleyError);
    stream.send({ number: 5 });
    expect((await nextOf(stream.incoming))?.number).toBe(5);
  });
}

function brokenStreamContract(setup: Setup): void {
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
