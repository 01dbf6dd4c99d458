import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import fc from 'fast-check';
import { ServerUnderAttack } from '../bad-input/server-under-attack.js';
import { soakRounds } from '../soak.js';
import { Door, type DoorAnswer } from './door.js';
import { OpenApi, type Operation } from './open-api.js';
import { randomCall } from './random-request.js';
import { tour } from './tour.js';

jest.setTimeout(120_000);

const callsAtOnce = 100;
const rounds = soakRounds({ short: 10, full: 200 });

type Json = Readonly<Record<string, unknown>>;

/** The only failure of the server's own that a body may lead to: asking to wait for what does not come. A machine may be busy besides. */
const waiting = /"(atLeast\w+|isCurrent)"/;

/** Whoever begins history anew makes everybody wait, and who sets what an app may send lets others send less: that is what they are for. */
const disturbing = new Set(['history/rebuild', 'policy/setPolicy']);

describe('the back-end API', () => {
  let server: ServerUnderAttack;
  let api: OpenApi;
  let door: Door;
  const proper = new Map<string, Json>();
  beforeAll(async () => {
    server = await ServerUnderAttack.start();
    api = await OpenApi.fetch(server.deployment.adminUrl);
    door = new Door(server.deployment);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  function operationOf(method: string): Operation {
    const operation = api.operations.find((each) => each.method === method);
    if (operation === undefined) throw new Error(`${method} is not described`);
    return operation;
  }

  /** Throws unless the answer is one that the document describes. */
  function check(method: string, body: unknown, { status, body: answer }: DoorAnswer): void {
    const schema = operationOf(method).answers.get(status);
    const { name = '', code } = (answer['error'] ?? {}) as { readonly name?: string; readonly code?: number };
    const spec = errorTable[name as keyof typeof errorTable];
    const isRight = status === 200 || (spec?.http === status && spec.code === code);
    const isAllowed = status < 500 || name === 'OVERLOADED' || (name === 'TIMEOUT' && waiting.test(JSON.stringify(body)));
    const deviation = schema === undefined ? 'a status that is not described' : api.deviationOf(answer, schema);
    if (isRight && isAllowed && deviation === undefined) return;
    throw new Error(`${method} ${JSON.stringify(body)}: ${status} ${JSON.stringify(answer).slice(0, 2_000)} (${deviation})`);
  }

  it('does everything that its document describes, and answers as it says', async () => {
    await tour(async (method, request) => {
      const answer = await door.call(method, request);
      if (answer.status !== 200) throw new Error(`${method} ${JSON.stringify(request)}: ${answer.status} ${JSON.stringify(answer.body)}`);
      check(method, request, answer);
      proper.set(method, { ...request });
      return answer.body;
    });
    expect([...proper.keys()].sort()).toEqual(api.operations.map(({ method }) => method).sort());
  });

  it('answers any JSON with a result or a refusal that its document describes, never with a fault', async () => {
    const operations = api.operations.filter(({ method }) => !disturbing.has(method));
    const statuses = new Map<string, number>();
    const calls = fc.array(randomCall(api, operations, proper), { minLength: callsAtOnce, maxLength: callsAtOnce });
    await fc.assert(
      fc.asyncProperty(calls, async (batch) => {
        const answers = await Promise.all(
          batch.map(async ({ method, body }) => ({ method, body, answer: await door.send(`/v1/${method}`, JSON.stringify(body)) })),
        );
        for (const { method, body, answer } of answers) {
          check(method, body, answer);
          statuses.set(`${answer.status}`, (statuses.get(`${answer.status}`) ?? 0) + 1);
        }
      }),
      { numRuns: rounds, endOnFailure: true },
    );
    // Bodies that never get past the first check would prove little.
    expect(statuses.get('200') ?? 0).toBeGreaterThan((rounds * callsAtOnce) / 10);
    expect(statuses.get('404') ?? 0).toBeGreaterThan(0);
    await server.checkHealth();
    expect((await fetch(`${server.deployment.adminUrl}/readyz`)).status).toBe(200);
  });
});
