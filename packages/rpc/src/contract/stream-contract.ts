import { expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import { abortOf, collect, gate, nextOf, serve, type ServerStream, settlesSoon, type Setup } from './contract-setup.js';

/** What a stream promises as long as it holds. */
export function streamContract(setup: Setup): void {
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
