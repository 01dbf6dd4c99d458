import { expect, it } from '@jest/globals';
import { failureOf, serve, type Setup } from './contract-setup.js';
import type { Echo } from './echo-service.js';

/** What a call that succeeds promises, and what is too large for it. */
export function unaryContract(setup: Setup): void {
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
