import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import { apiServices, loadDescriptors } from '@parley/runtime';
import fc from 'fast-check';
import { ServerUnderAttack } from '../bad-input/server-under-attack.js';
import { Door } from './door.js';
import { randomCall } from './random-request.js';

jest.setTimeout(120_000);

const callsAtOnce = 100;
const rounds = 20;

/** The only failures of the server's own that a body may lead to: asking to wait for what does not come. */
const allowedServerErrors = new Set(['UNAVAILABLE', 'TIMEOUT', 'OVERLOADED']);

describe('the back-end API', () => {
  let server: ServerUnderAttack;
  beforeAll(async () => {
    server = await ServerUnderAttack.start();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it('answers any JSON with a result or a refusal from the table, never with a fault', async () => {
    const registry = loadDescriptors();
    const methods = Object.entries(apiServices).flatMap(([name, { typeName }]) =>
      (registry.getService(typeName)?.methods ?? [])
        .filter(({ methodKind }) => methodKind === 'unary')
        .map((method) => [`${name}/${method.localName}`, method.input] as const)
        // Whoever begins history anew makes everybody wait: that is what it is for.
        .filter(([call]) => call !== 'history/rebuild'),
    );
    expect(methods.length).toBeGreaterThan(20);
    const door = new Door(server.deployment);
    const statuses = new Map<string, number>();
    const calls = fc.array(randomCall(new Map(methods)), { minLength: callsAtOnce, maxLength: callsAtOnce });
    await fc.assert(
      fc.asyncProperty(calls, async (batch) => {
        const answers = await Promise.all(
          batch.map(async ({ method, body }) => ({ method, body, answer: await door.send(`/v1/${method}`, JSON.stringify(body)) })),
        );
        for (const { method, body, answer } of answers) {
          const { name, code } = (answer.body['error'] ?? {}) as { readonly name?: string; readonly code?: number };
          const spec = name === undefined ? undefined : errorTable[name as keyof typeof errorTable];
          const isRight = name === undefined ? answer.status === 200 : spec?.http === answer.status && spec.code === code;
          const isAllowed = answer.status < 500 || allowedServerErrors.has(name ?? '');
          if (!isRight || !isAllowed) throw new Error(`${method} ${JSON.stringify(body)}: ${answer.status} ${JSON.stringify(answer.body)}`);
          statuses.set(`${answer.status}`, (statuses.get(`${answer.status}`) ?? 0) + 1);
        }
      }),
      { numRuns: rounds, endOnFailure: true },
    );
    // Bodies that never get past the first check would prove little.
    expect(statuses.get('200') ?? 0).toBeGreaterThan((rounds * callsAtOnce) / 50);
    expect(statuses.get('404') ?? 0).toBeGreaterThan(0);
    await server.checkHealth();
    expect((await fetch(`${server.deployment.adminUrl}/readyz`)).status).toBe(200);
  });
});
