import { afterEach, describe, expect, it } from '@jest/globals';
import { ParleyError, partitionOf } from '@parley/kernel';
import { decodeContent, encodeContent } from '@parley/wire';
import { apiServices } from './json-door.js';
import { loadDescriptors } from './proto-json.js';
import { adminKey as key, adminPartitions as partitions, arrangeAdmin as arrange, closeAdmins, errorOf } from './testing/admin-fixture.js';

afterEach(closeAdmins);

describe('the back-end API', () => {
  it('calls a contract with JSON and answers with every field', async () => {
    const { post } = await arrange({
      group: {
        createGroup: async (request) => ({
          group: { group: request.group, owner: request.owner, memberCount: request.members.length, version: 2 ** 40 },
        }),
      },
    });
    const answer = await post('/v1/group/createGroup', { app: 'shop', group: 'g1', owner: 'ann', members: ['bob', 'cid'] });
    expect(answer.status).toBe(200);
    const given = { group: 'g1', owner: 'ann', memberCount: 2, version: String(2 ** 40) };
    const unset = { name: '', avatar: '', notice: '', attributes: [], admins: [], mutes: [], memberLimit: 0, createdMs: '0' };
    expect(answer.body).toEqual({ group: { ...given, ...unset, isLarge: false, isDismissed: false } });
  });

  it('knows the names of the contract too', async () => {
    const { post } = await arrange({ group: { getGroup: async (request) => ({ group: { group: request.group } }) } });
    expect((await post('/parley.group.v1.GroupService/GetGroup', { app: 'shop', group: 'g1' })).body).toMatchObject({
      group: { group: 'g1' },
    });
    expect((await post('/v1/parley.group.v1.GroupService/GetGroup', { group: 'g2' })).body).toMatchObject({ group: { group: 'g2' } });
  });

  it('carries the content of a message to the bytes that clients see', async () => {
    let seen = new Uint8Array(0);
    let priority = 0;
    const { post } = await arrange({
      router: {
        sendMessage: async (request) => {
          seen = Uint8Array.from(request.content);
          priority = request.priority;
          return { seq: 7, messageId: 'm1', timeMs: 5 };
        },
      },
    });
    const message = { app: 'shop', conversation: 'u:ann|bob', priority: 'PRIORITY_HIGH', content: { text: { text: 'hé' } } };
    expect((await post('/v1/router/sendMessage', message)).body).toEqual({ seq: '7', messageId: 'm1', timeMs: '5' });
    expect(seen).toEqual(encodeContent(decodeContent(seen)));
    expect(decodeContent(seen).kind).toMatchObject({ type: 'text', value: { text: 'hé' } });
    expect(priority).toBeGreaterThan(0);
  });

  it('asks each partition for the presence of its own users', async () => {
    const asked: number[] = [];
    const { post } = await arrange({
      router: {
        queryPresence: async ({ app, users }) => {
          const numbers = new Set(users.map((user) => partitionOf(app, `user:${user}`, partitions)));
          asked.push(numbers.size);
          return { online: users.filter((user) => user !== 'u3') };
        },
      },
    });
    const users = Array.from({ length: 12 }, (_, index) => `u${index}`);
    expect((await post('/v1/router/queryPresence', { app: 'shop', users })).body).toEqual({
      online: users.filter((user) => user !== 'u3'),
    });
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked)).toEqual(new Set([1]));
  });

  it('hands the trace on', async () => {
    let trace = '';
    const { post } = await arrange({
      group: {
        getGroup: async (_request, context) => {
          trace = context.trace;
          return {};
        },
      },
    });
    await post('/v1/group/getGroup', {}, { authorization: `bearer ${key}`, traceparent: '00-a-b-01' });
    expect(trace).toBe('00-a-b-01');
  });

  it('answers refusals from the table, with advice', async () => {
    const { post } = await arrange({
      group: {
        createGroup: async () => {
          throw new ParleyError('RATE_LIMITED', 'group: 1/s', { retryAfterMs: 1_500 });
        },
      },
    });
    const answer = await post('/v1/group/createGroup', {});
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('2');
    const message = 'Too many requests; try again after the given time.';
    expect(answer.body).toEqual({
      error: { name: 'RATE_LIMITED', code: 2001, message, detail: 'group: 1/s', retry: 'after-backoff', retryAfterMs: 1_500 },
    });
  });

  it('says which field is wrong', async () => {
    const { post } = await arrange({});
    const details = async (method: string, body: unknown): Promise<string> => {
      const { status, name, detail } = errorOf(await post(`/v1/${method}`, body));
      expect([status, name]).toEqual([400, 'INVALID_ARGUMENT']);
      return detail;
    };
    expect(await details('group/createGroup', { ap: 'x' })).toBe('ap: CreateGroupRequest has no such field');
    expect(await details('group/createGroup', { memberLimit: -1 })).toBe('memberLimit: expected number (uint32): -1 out of range');
    expect(await details('group/createGroup', { members: ['a', 2] })).toBe('members: list item #2: expected string, got 2');
    expect(await details('router/sendMessage', { content: { text: { text: 5 } } })).toBe('text: expected string, got 5');
    expect(await details('router/sendMessage', { priority: 'URGENT' })).toBe('"URGENT" is no Priority');
    expect(await details('group/createGroup', [1])).toBe('the body must be a JSON object');
    expect(await details('group/createGroup', 'null')).toBe('the body must be a JSON object');
    expect(await details('group/createGroup', '{"app": ')).toMatch(/^the body is no JSON: /);
    expect(await details('history/queryHistory', { fromSeq: '99999999999999999999' })).toMatch(/^fromSeq: /);
    expect(await details('history/queryHistory', { fromSeq: '9007199254740993' })).toBe('integer of 2^53 or more');
  });

  it('refuses a body that is too large', async () => {
    const { post } = await arrange({});
    expect(errorOf(await post('/v1/group/createGroup', 'x'.repeat(1024 * 1024 + 1)))).toMatchObject({
      status: 413,
      name: 'MESSAGE_TOO_LARGE',
    });
  });

  it('asks for the key', async () => {
    const { post } = await arrange({});
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${key}`, key]) {
      expect(errorOf(await post('/v1/group/getGroup', {}, { authorization }))).toMatchObject({ status: 401, name: 'UNAUTHENTICATED' });
    }
  });

  it('is closed when there is no key', async () => {
    const { post } = await arrange({ key: undefined });
    expect(errorOf(await post('/v1/group/getGroup', {}))).toMatchObject({ status: 403, name: 'PERMISSION_DENIED' });
    expect(errorOf(await post('/v1/group/getGroup', {}, { authorization: 'Bearer undefined' }))).toMatchObject({ status: 403 });
  });

  it('does not know streams, other methods or other paths', async () => {
    const { post, base } = await arrange({});
    for (const path of ['/v1/router/link', '/v1/group/nope', '/v1/nope/x', '/v1/group/toString']) {
      expect(errorOf(await post(path, {}))).toMatchObject({ status: 501, name: 'UNSUPPORTED' });
    }
    const answer = await fetch(`${base}/v1/group/getGroup?x=1`);
    expect(await answer.json()).toMatchObject({ error: { name: 'UNSUPPORTED', detail: 'GET /v1/group/getGroup' } });
  });

  it('tells the handler when the caller hangs up', async () => {
    let started = (): void => {};
    const calling = new Promise<void>((resolve) => {
      started = resolve;
    });
    let told = (): void => {};
    const heard = new Promise<void>((resolve) => {
      told = resolve;
    });
    const { base } = await arrange({
      group: {
        getGroup: async (_request, { signal }) => {
          signal.addEventListener('abort', () => told());
          started();
          await heard;
          return {};
        },
      },
    });
    const caller = new AbortController();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const failed = fetch(`${base}/v1/group/getGroup`, { method: 'POST', body: '{}', headers, signal: caller.signal }).catch(
      () => 'hung up',
    );
    await calling;
    caller.abort();
    expect(await failed).toBe('hung up');
    await heard;
  });
});

describe('health', () => {
  it('is ready when every check says so', async () => {
    const { base, readiness } = await arrange({});
    let reason: string | undefined = 'no partition yet';
    readiness.set('router', () => reason);
    readiness.set('store', async () => {
      if (reason !== undefined) throw new Error('no connection');
      return undefined;
    });
    const ask = async () => {
      const response = await fetch(`${base}/readyz`);
      return [response.status, await response.json()];
    };
    expect(await ask()).toEqual([503, { status: 'not ready', reasons: { router: 'no partition yet', store: 'no connection' } }]);
    reason = undefined;
    expect(await ask()).toEqual([200, { status: 'ready', reasons: {} }]);
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  it('shows the metrics', async () => {
    const { base, post } = await arrange({ group: { getGroup: async () => ({}) } });
    await post('/v1/group/getGroup', {});
    await post('/v1/group/getGroup', { nope: 1 });
    const text = await (await fetch(`${base}/metrics`)).text();
    expect(text).toContain('parley_api_calls_total{call="group/getGroup",error=""} 1');
    expect(text).toContain('parley_api_calls_total{call="group/getGroup",error="INVALID_ARGUMENT"} 1');
  });
});

describe('the descriptor set', () => {
  it('knows the same methods as the generated contracts', () => {
    const registry = loadDescriptors();
    for (const service of Object.values(apiServices)) {
      const described = registry.getService(service.typeName)?.methods.map((method) => `${method.localName} ${method.name}`);
      expect(described).toEqual(Object.entries(service.methods).map(([name, method]) => `${name} ${method.name}`));
    }
  });
});
