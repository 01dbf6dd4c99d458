import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Deployment, newDeployedApp, startStandalone } from '@parley/testkit';
import { fencedBlocks } from '../readme/marked-blocks.js';
import { curlCalls } from './curl-calls.js';
import { Door } from './door.js';

jest.setTimeout(30_000);

const page = readFileSync(new URL('../../../../docs/backend-api.md', import.meta.url), 'utf8');

/** The expected answer with any text in place of `…`, and further fields where a field is called so. */
function expectedOf(value: unknown): unknown {
  if (value === '…') return expect.any(String);
  if (Array.isArray(value)) return value.map(expectedOf);
  if (typeof value !== 'object' || value === null) return value;
  const { '…': more, ...fields } = value as Readonly<Record<string, unknown>>;
  const expected = Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, expectedOf(item)]));
  return more === undefined ? expected : expect.objectContaining(expected);
}

describe('docs/backend-api.md', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await startStandalone({ apps: [newDeployedApp('demo')] });
  });
  afterAll(async () => {
    await deployment?.[Symbol.asyncDispose]();
  });

  it('shows calls that work and the answers that they have', async () => {
    const door = new Door(deployment);
    let answer: unknown;
    let compared = 0;
    for (const block of fencedBlocks(page)) {
      if (block.language === 'sh') {
        for (const { path, body } of curlCalls(block)) answer = (await door.send(path, body)).body;
      } else if (block.language === 'json') {
        expect({ line: block.line, answer }).toEqual({ line: block.line, answer: expectedOf(JSON.parse(block.text)) });
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(5);
  });
});
