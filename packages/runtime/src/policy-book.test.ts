import { afterEach, describe, expect, it } from '@jest/globals';
import { type Config, loadConfig, roomRateDefaults } from '@parley/config';
import { type AdmissionPolicyInit, createAdmissionPolicy, encodeAdmissionPolicy } from '@parley/contracts/policy';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog, type EventLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { defaultPolicy } from '@parley/lanes';
import { createInProcessRpc, createMemoryDirectory } from '@parley/rpc';
import type { Logger } from '@parley/telemetry';
import { silentTelemetry } from '@parley/telemetry';
import { type ApiClients, JsonDoor } from './json-door.js';
import { type LogPolicyBook, openPolicyBook } from './policy-book.js';
import { servePolicies } from './policy-service.js';
import { createServiceClients } from './service-clients.js';
import { topicSpecs } from './topic-specs.js';
import { PolicyService } from '@parley/contracts/policy';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (let next = open.pop(); next !== undefined; next = open.pop()) await next[Symbol.asyncDispose]();
});

async function newLog(): Promise<EventLog> {
  const log = createMemoryLog({ clock: systemClock });
  open.push(log);
  await log.createTopics(topicSpecs({ partitions: 2, timelineRetentionDays: 1 }));
  return log;
}

const key = `{ kid: k, alg: HS256, secret: ${'x'.repeat(32)} }`;
const configOf = (yaml = ''): Config => loadConfig({ environment: {}, readFile: () => yaml.replaceAll('KEY', key) }).config;

interface ProcessOptions {
  readonly config?: Config;
  readonly logger?: Logger;
}

/** What a process of the system has of policies: the book, and the door to change them. */
async function processOn(log: EventLog, { config = configOf(), logger = silentTelemetry.logger }: ProcessOptions = {}) {
  const random = seededRandom(1);
  const policies: LogPolicyBook = await openPolicyBook({ log, clock: systemClock, random, logger, config });
  open.push(policies);
  const rpc = createInProcessRpc();
  const server = rpc.server();
  servePolicies(server, policies);
  const { dialer } = rpc;
  const services = createServiceClients({ dialer, directory: createMemoryDirectory(), partitions: 2, clock: systemClock, random });
  const clients: ApiClients = { ...services, policy: dialer.client(PolicyService, server.address) };
  const door = new JsonDoor(clients);
  const call = (method: string, body: unknown) => door.find('policy', method).call(body, { timeoutMs: 5_000 });
  return { policies, call };
}

/** Polls without waiting for any time; whatever is awaited happens in this process. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('policies', () => {
  it('are the defaults, below what is configured for all, below what is configured for the app', async () => {
    const config = configOf(`
limits: { client: { high: { perSecond: 6 } }, room: { perSecond: 100 }, app: { low: { perSecond: 500, burst: 900 } } }
apps:
  - { id: own, keys: [KEY], limits: { client: { high: { perSecond: 8, burst: 9 } }, room: { lowPercent: 10 } } }
  - { id: plain, keys: [KEY] }
`);
    const { policies } = await processOn(await newLog(), { config });
    const low = { perSecond: 500, burst: 900 };
    expect(policies.policyOf('plain')).toEqual({
      client: { ...defaultPolicy.client, high: { perSecond: 6, burst: 6 } },
      room: { ...defaultPolicy.room, perSecond: 100 },
      app: { low },
    });
    expect(policies.policyOf('own')).toEqual({
      client: { ...defaultPolicy.client, high: { perSecond: 8, burst: 9 } },
      room: { ...defaultPolicy.room, perSecond: 100, lowPercent: 10 },
      app: { low },
    });
    expect(policies.policyOf('unknown')).toEqual(policies.policyOf('plain'));
    const { policies: unset } = await processOn(await newLog());
    expect(unset.policyOf('any')).toEqual(defaultPolicy);
    expect(roomRateDefaults).toEqual(defaultPolicy.room);
  });

  it('leave LOW and MEDIUM room for all that the rates by kind of message admit', async () => {
    const limits = '{ sendsPerSecond: 1000, sendBurst: 5000, bulletsPerSecond: 300 }';
    const { policies } = await processOn(await newLog(), { config: configOf(`apps: [{ id: busy, keys: [KEY], limits: ${limits} }]`) });
    const { low, medium, high } = policies.policyOf('busy').client;
    expect(low?.perSecond).toBeGreaterThanOrEqual(1_000 + 30 + 300);
    expect(low?.burst).toBeGreaterThanOrEqual(5_000 + 60 + 300);
    expect(medium).toEqual(low);
    expect(high).toEqual(defaultPolicy.client.high);
  });

  it('hold where they are set before the call returns, and in the other process as soon as it hears of them', async () => {
    const log = await newLog();
    const [here, there] = [await processOn(log), await processOn(log)];
    const room = { perSecond: 1_000 };
    await here.call('setPolicy', { app: 'shop', policy: { client: { high: { perSecond: 50 } }, room } });
    const expected = {
      client: { ...defaultPolicy.client, high: { perSecond: 50, burst: 50 } },
      room: { ...defaultPolicy.room, perSecond: 1_000 },
      app: {},
    };
    expect(here.policies.policyOf('shop')).toEqual(expected);
    expect(here.policies.policyOf('other')).toEqual(defaultPolicy);
    await until(() => there.policies.policyOf('shop') !== there.policies.policyOf('other'));
    expect(there.policies.policyOf('shop')).toEqual(expected);
    expect(await there.call('getPolicy', { app: 'shop' })).toMatchObject({
      policy: { client: { high: { perSecond: 50, burst: 50 } }, room: { perSecond: 1_000, sliceMs: 200 } },
    });
  });

  it('do not count as set before the process has read them from the log', async () => {
    const log = await newLog();
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const late: EventLog = new Proxy(log, {
      get: (target, key) => {
        if (key !== 'follow') return Reflect.get(target, key).bind(target);
        return async (...[topic, partition, options]: Parameters<EventLog['follow']>) => {
          await released;
          await target.follow(topic, partition, options);
        };
      },
    });
    const { policies, call } = await processOn(late);
    let isSet = false;
    const setting = call('setPolicy', { app: 'shop', policy: { room: { perSecond: 7 } } }).then(() => {
      isSet = true;
    });
    while ((await log.range(topics.policies, 0)).end === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect({ isSet, perSecond: policies.policyOf('shop').room.perSecond }).toEqual({ isSet: false, perSecond: 200 });
    release();
    await setting;
    expect(policies.policyOf('shop').room.perSecond).toBe(7);
  });

  it('hold for a process that starts later', async () => {
    const log = await newLog();
    await (await processOn(log)).call('setPolicy', { app: 'shop', policy: { app: { low: { perSecond: 3, burst: 4 } } } });
    expect((await processOn(log)).policies.policyOf('shop').app.low).toEqual({ perSecond: 3, burst: 4 });
  });

  it('are replaced as a whole, and fall back to the configuration where nothing is said', async () => {
    const { policies, call } = await processOn(await newLog(), {
      config: configOf('apps: [{ id: shop, keys: [KEY], limits: { client: { high: { perSecond: 8 } } } }]'),
    });
    await call('setPolicy', { app: 'shop', policy: { client: { high: { perSecond: 50 } }, room: { perSecond: 7 } } });
    await call('setPolicy', { app: 'shop', policy: { client: { low: { perSecond: 9 } } } });
    expect(policies.policyOf('shop')).toMatchObject({
      client: { low: { perSecond: 9 }, high: { perSecond: 8 } },
      room: { perSecond: 200 },
    });
    await call('setPolicy', { app: 'shop' });
    expect(policies.policyOf('shop').client).toEqual({ ...defaultPolicy.client, high: { perSecond: 8, burst: 8 } });
  });

  it.each<readonly [string, AdmissionPolicyInit]>([
    ['policy.client.low.per_second: expected 1 to 10000000, got 0', { client: { low: { burst: 5 } } }],
    ['policy.client.high.burst: expected 0 to 10000000, got 10000001', { client: { high: { perSecond: 1, burst: 10_000_001 } } }],
    ['policy.app.medium.per_second: expected 1 to 10000000, got 10000001', { app: { medium: { perSecond: 10_000_001 } } }],
    ['policy.room.per_second: expected 1 to 10000000, got 0', { room: { sliceMs: 100 } }],
    ['policy.room.slice_ms: expected 50 to 1000, got 49', { room: { perSecond: 10, sliceMs: 49 } }],
    ['policy.room.low_percent: expected 1 to 100, got 101', { room: { perSecond: 10, lowPercent: 101 } }],
    ['policy.room.medium_percent: expected 60 to 100, got 59', { room: { perSecond: 10, mediumPercent: 59, lowPercent: 60 } }],
  ])('are refused: %s', async (detail, policy) => {
    const log = await newLog();
    const { policies, call } = await processOn(log);
    await expect(call('setPolicy', { app: 'shop', policy })).rejects.toMatchObject({ error: 'INVALID_ARGUMENT', detail });
    await expect(call('setPolicy', { app: 'a b', policy: {} })).rejects.toMatchObject({ error: 'INVALID_ARGUMENT' });
    expect(await log.range(topics.policies, 0)).toEqual({ start: 0, end: 0 });
    expect(policies.policyOf('shop')).toEqual(defaultPolicy);
  });

  it('pass over records that cannot be used, and say so', async () => {
    const log = await newLog();
    const warnings: unknown[] = [];
    const logger: Logger = { ...silentTelemetry.logger, warn: (_message, fields) => void warnings.push(fields?.['offset']) };
    const { policies, call } = await processOn(log, { logger });
    const outOfRange = encodeAdmissionPolicy(createAdmissionPolicy({ room: { perSecond: 10, sliceMs: 1 } }));
    await log.append(topics.policies, 0, [
      { key: 'shop', value: Uint8Array.of(0xff) },
      { key: 'shop', value: outOfRange },
      { key: 'a b', value: new Uint8Array(0) },
    ]);
    await call('setPolicy', { app: 'other', policy: { room: { perSecond: 10 } } });
    expect(policies.policyOf('other').room.perSecond).toBe(10);
    expect(policies.policyOf('shop')).toEqual(defaultPolicy);
    expect(warnings).toEqual([0, 1, 2]);
  });

  it('answer without computing anything', async () => {
    const { policies } = await processOn(await newLog());
    expect(policies.policyOf('a')).toBe(policies.policyOf('b'));
  });
});
