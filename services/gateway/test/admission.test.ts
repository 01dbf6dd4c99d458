import { describe, expect, it } from '@jest/globals';
import { defaultPolicy, type ResolvedPolicy } from '@parley/lanes';
import { closeCodes, Priority, type SendMessageInit, type ServerFrame } from '@parley/wire';
import { type GatewayDeps, gatewayLimits } from '../src/index.js';
import { Harness, textContent, tokenOf } from './harness.js';
import { MeasuredTelemetry } from './measured-telemetry.js';
import type { TestClient } from './test-client.js';

const much = { perSecond: 100_000, burst: 100_000 };
/** Nothing but what a test sets. */
const free: ResolvedPolicy = { client: {}, room: { ...defaultPolicy.room, perSecond: 1_000_000 }, app: {} };
const limits = { ...gatewayLimits, rates: { ...gatewayLimits.rates, frames: much, stored: much, command: much, bullet: much } };

let lastMessage = 0;
const message = (priority: Priority, changes: SendMessageInit = {}): SendMessageInit => ({
  ...{ conversation: 'u:alice|bob', clientMsgId: `m${++lastMessage}`, priority, content: textContent('hi') },
  ...changes,
});

/** Sends so many and answers the refusals; what was let in is in the router. */
async function refusals(client: TestClient, count: number, priority: Priority, changes: SendMessageInit = {}) {
  const bodies = Array.from({ length: count }, () => ({ type: 'send', value: message(priority, changes) }) as const);
  const last = client.send(...bodies);
  await client.ask({ type: 'ping', value: {} });
  const first = last - count + 1;
  return client.frames.flatMap((frame) => (frame.id >= first && frame.id <= last ? [errorOf(frame)] : []));
}

const errorOf = ({ body }: ServerFrame): string => (body?.type === 'error' ? `${body.value.name} ${body.value.message}` : '');

const start = async (policy: ResolvedPolicy, overrides: Partial<GatewayDeps> = {}): Promise<Harness> => {
  const harness = await Harness.start({ limits, ...overrides });
  harness.policies.policy = policy;
  return harness;
};

const submitted = (harness: Harness): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { lane } of harness.router.submitted) counts[lane] = (counts[lane] ?? 0) + 1;
  return counts;
};

describe('admission', () => {
  it('holds a client to a rate per level, and one level does not use up another', async () => {
    await using harness = await start({ ...free, client: { low: { perSecond: 0.001, burst: 4 }, high: { perSecond: 0.001, burst: 2 } } });
    const alice = await harness.member('alice');
    const low = await refusals(alice, 10, Priority.LOW);
    expect(low).toHaveLength(6);
    expect(low[0]).toMatch(/^RATE_LIMITED .*\(client: LOW messages\)$/);
    expect(await refusals(alice, 3, Priority.HIGH)).toEqual([expect.stringContaining('client: HIGH messages')]);
    expect(await refusals(alice, 50, Priority.MEDIUM)).toEqual([]);
    expect(submitted(harness)).toEqual({ low: 4, high: 2, medium: 50 });
  });

  it('lets HIGH in though the client’s own flood of LOW has used up its rates', async () => {
    await using harness = await Harness.start();
    harness.policies.policy = { ...free, client: { high: { perSecond: 5, burst: 10 } } };
    const alice = await harness.member('alice');
    const { frames, stored } = gatewayLimits.rates;
    expect(await refusals(alice, 2 * frames.burst, Priority.LOW)).not.toEqual([]);
    expect(await refusals(alice, 8, Priority.HIGH)).toEqual([]);
    expect(submitted(harness)).toMatchObject({ high: 8, low: Math.ceil((stored.burst * 2) / 3) });
  });

  it('divides what an app may send among the gateways, per level', async () => {
    await using harness = await start({ ...free, app: { low: { perSecond: 0.001, burst: 40 } } }, { liveGateways: () => 4 });
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    const refused = [...(await refusals(alice, 8, Priority.LOW)), ...(await refusals(bob, 8, Priority.LOW))];
    expect(refused).toHaveLength(6);
    expect(refused[0]).toContain('app: LOW messages');
    expect(await refusals(bob, 20, Priority.HIGH)).toEqual([]);
  });

  it('takes a room’s messages in slices, of which half is HIGH’s', async () => {
    const room = { perSecond: 20, sliceMs: 1_000, mediumPercent: 50, lowPercent: 40 };
    await using harness = await start({ ...free, room });
    harness.history.join('alice', 'r:hall');
    harness.history.join('bob', 'r:hall');
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    const hall = { conversation: 'r:hall' };
    const low = await refusals(alice, 15, Priority.LOW, hall);
    expect(low).toHaveLength(7);
    expect(low[0]).toContain('room: LOW messages');
    expect(await refusals(bob, 15, Priority.MEDIUM, hall)).toHaveLength(13);
    expect(await refusals(bob, 10, Priority.HIGH, hall)).toEqual([]);
    expect(submitted(harness)).toEqual({ low: 8, medium: 2, high: 10 });
    // Other conversations have nothing to do with it.
    expect(await refusals(alice, 10, Priority.LOW)).toEqual([]);
    expect(await refusals(alice, 10, Priority.LOW, { conversation: 'r:elsewhere' })).toEqual([]);
  });

  it('does not let what one room turns away use up what the app has for others', async () => {
    const room = { perSecond: 5, sliceMs: 1_000, mediumPercent: 100, lowPercent: 100 };
    await using harness = await start({ ...free, room, app: { low: { perSecond: 0.001, burst: 20 } } });
    for (const name of ['r:hall', 'r:quiet']) harness.history.join('alice', name);
    const alice = await harness.member('alice');
    expect(await refusals(alice, 100, Priority.LOW, { conversation: 'r:hall' })).toHaveLength(95);
    expect(await refusals(alice, 5, Priority.LOW, { conversation: 'r:quiet' })).toEqual([]);
  });

  it('obeys a policy that changes while clients are connected, with their next message', async () => {
    await using harness = await start(free);
    const alice = await harness.member('alice');
    expect(await refusals(alice, 20, Priority.LOW)).toEqual([]);
    harness.policies.policy = { ...free, client: { low: { perSecond: 0.001, burst: 3 } } };
    expect(await refusals(alice, 5, Priority.LOW)).toHaveLength(2);
    harness.policies.policy = free;
    expect(await refusals(alice, 5, Priority.LOW)).toEqual([]);
  });

  it('says after which time there is room again', async () => {
    await using harness = await start({ ...free, client: { low: { perSecond: 10, burst: 1 } } });
    const alice = await harness.member('alice');
    await refusals(alice, 2, Priority.LOW);
    const { body } = alice.frames.findLast((frame) => frame.body?.type === 'error') ?? {};
    expect(body?.type === 'error' && body.value.retryAfterMs).toBeGreaterThanOrEqual(90);
    expect(body?.type === 'error' && body.value.retryAfterMs).toBeLessThanOrEqual(100);
  });

  it('counts what was admitted and what was not, by level and door', async () => {
    const telemetry = new MeasuredTelemetry();
    await using harness = await start({ ...free, client: { low: { perSecond: 0.001, burst: 2 } } }, { telemetry });
    const alice = await harness.member('alice');
    await refusals(alice, 5, Priority.LOW);
    await refusals(alice, 3, Priority.HIGH);
    const connection = harness.router.submitted[0]?.command.origin?.connection ?? 0;
    harness.router.outcome({ connection, request: 2, seq: 1 });
    harness.router.outcome({ connection, request: 3, error: 2002 });
    expect(telemetry.counts).toMatchObject({
      'parley_gateway_admitted_total low': 2,
      'parley_gateway_admitted_total high': 3,
      'parley_gateway_not_admitted_total client low': 3,
      'parley_gateway_outcomes_total accepted': 1,
      'parley_gateway_outcomes_total OVERLOADED': 1,
    });
  });
});

describe('overloaded routers', () => {
  it('get part of the stored LOW and MEDIUM while their lanes wait too long, and all of HIGH', async () => {
    await using harness = await start(free);
    const alice = await harness.member('alice');
    harness.router.delaysMs.set('low', 400).set('medium', 400);
    for (let window = 0; window < 12; window++) {
      await refusals(alice, 1, Priority.LOW);
      harness.clock.freeze(100);
    }
    const before = submitted(harness)['low'] ?? 0;
    const low = await refusals(alice, 100, Priority.LOW);
    expect(low[0]).toMatch(/^OVERLOADED .*router: LOW/);
    expect((submitted(harness)['low'] ?? 0) - before).toBeLessThan(10);
    // MEDIUM has a larger budget, HIGH none.
    expect(await refusals(alice, 20, Priority.MEDIUM)).toEqual([]);
    expect(await refusals(alice, 20, Priority.HIGH)).toEqual([]);
    harness.router.delaysMs.clear();
    harness.clock.freeze(3_000);
    await refusals(alice, 1, Priority.LOW);
    harness.clock.freeze(3_000);
    expect(await refusals(alice, 50, Priority.LOW)).toEqual([]);
  });
});

describe('a connection that floods', () => {
  const flooding = { ...gatewayLimits, floodRefusalsMax: 100 };

  it('is read slowly, answered all the same, and read at once again when it stops', async () => {
    const floodTurnMs = 5_000;
    await using harness = await Harness.start({ limits: { ...flooding, floodTurnMs } });
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    const { burst } = gatewayLimits.rates.frames;
    const ping = { type: 'ping', value: {} } as const;
    const flood = alice.send(...Array.from({ length: burst + 200 }, () => ping));
    const ids = Array.from({ length: 2 * flooding.floodMessagesPerTurn }, () => alice.send(ping));
    const answered = (): number => ids.filter((id) => alice.frames.some((frame) => frame.id === id)).length;
    expect((await alice.answer(flood)).type).toBe('error');
    for (let i = 0; i < 3; i++) expect((await bob.ask(ping)).type).toBe('pong');
    expect(answered()).toBe(0);
    for (const turns of [1, 2]) {
      harness.clock.skip(floodTurnMs);
      await alice.until(() => answered() >= turns * flooding.floodMessagesPerTurn);
      await bob.ask(ping);
      expect(answered()).toBe(turns * flooding.floodMessagesPerTurn);
    }
    expect((await alice.ask(ping)).type).toBe('pong');
    expect(alice.closeCode).toBeUndefined();
  });

  it('is closed when it does not stop', async () => {
    await using harness = await Harness.start({ limits: { ...flooding, floodBacklogBytesMax: 10_000 } });
    const alice = await harness.client();
    await alice.login(tokenOf('alice'));
    const content = textContent('x'.repeat(1_000));
    for (let i = 0; i < 2_000 && alice.closeCode === undefined; i++)
      alice.send({ type: 'send', value: message(Priority.LOW, { content }) });
    expect(await alice.closed()).toBe(closeCodes.RATE_LIMITED);
  });
});
