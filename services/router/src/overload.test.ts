import { describe, expect, it } from '@jest/globals';
import { createGetConversationResponse } from '@parley/contracts/history';
import type { Delivery, Outcome } from '@parley/contracts/router';
import { errorTable, seededRandom } from '@parley/kernel';
import { defaultPolicy, type Lane, lanes, type PolicyBook, priorityOf } from '@parley/lanes';
import { decodeConversationEvent, type MembershipChangeInit, Priority } from '@parley/wire';
import { results } from './overload/ledger.js';
import { bulletContent, emptyHistory, RouterFixture, type SendOptions, textContent } from './testing/router-fixture.js';

const room = 'r:live';
const { OVERLOADED } = errorTable;

/** A room that takes whatever comes: what is told apart here is load, not rate. */
const generous: PolicyBook = {
  policyOf: () => ({ ...defaultPolicy, room: { perSecond: 1_000_000, sliceMs: 200, mediumPercent: 100, lowPercent: 100 } }),
};

async function openRoom(history = emptyHistory): Promise<RouterFixture> {
  const routers = await RouterFixture.open(history);
  routers.startRouter('a', generous);
  await routers.subscribe(room);
  for (const conversation of [room, 'r:other']) await routers.room(conversation, { change: { joined: ['ann'], version: 1 } });
  return routers;
}

/** A send that came into its gateway so long ago. */
const old = (routers: RouterFixture, ageMs: number, options: SendOptions = {}): Promise<Outcome> =>
  routers.send(room, 'ann', { ingressMs: routers.clock.now() - ageMs, content: bulletContent(), ...options });

/** One window in which messages waited for 100 ms. */
async function overloadedWindow(routers: RouterFixture): Promise<void> {
  for (let i = 0; i < 3; i++) await old(routers, 100, { content: textContent('late'), priority: Priority.LOW });
  routers.clock.skip(100);
}

const droppedIn = (deliveries: readonly Delivery[]): readonly { readonly priority: number; readonly count: number }[] =>
  deliveries
    .filter(({ event, seq }) => seq === 0 && event.length > 0)
    .flatMap(({ event }) => {
      const { body } = decodeConversationEvent(event);
      return body?.type === 'messagesDropped' ? body.value.counts : [];
    });

describe('a router under overload', () => {
  it('decides about HIGH first, though thousands of LOW came before it', async () => {
    const asked: string[] = [];
    let answer = (): void => {};
    const isAnswering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    // Nothing is decided before both lanes have been read.
    await using routers = await RouterFixture.open({
      ...emptyHistory,
      getConversation: async ({ conversation = '' }) => {
        if (asked.push(conversation) === 2) answer();
        await isAnswering;
        return createGetConversationResponse({ exists: true, membershipVersion: 1, members: ['ann'] });
      },
    });
    const submit = (conversation: string, priority: Priority): number =>
      routers.submit(routers.sendOf(conversation, 'ann', { priority }), { priority });
    for (let i = 0; i < 7_000; i++) submit(room, Priority.LOW);
    submit('r:other', Priority.HIGH);
    routers.startRouter('a', generous);
    await routers.until(() => (routers.outcomes.length === 7_001 ? true : undefined));
    expect(routers.outcomes.map(({ error }) => error)).toEqual(Array<number>(7_001).fill(0));
    const place = (await routers.timeline()).findIndex(({ conversation }) => conversation === 'r:other');
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThan(64);
  });

  it('sheds transient LOW that waited too long, then transient MEDIUM, never HIGH or what is stored', async () => {
    await using routers = await openRoom();
    expect((await old(routers, 100, { priority: Priority.LOW })).error).toBe(0);
    await overloadedWindow(routers);
    expect(await old(routers, 100, { priority: Priority.LOW })).toMatchObject({ error: OVERLOADED.code, retryAfterMs: 1_000 });
    expect((await old(routers, 0, { priority: Priority.LOW })).error).toBe(0);
    expect((await old(routers, 100, { priority: Priority.MEDIUM })).error).toBe(0);
    await overloadedWindow(routers);
    expect((await old(routers, 100, { priority: Priority.MEDIUM })).error).toBe(OVERLOADED.code);
    expect((await old(routers, 100, { priority: Priority.HIGH })).error).toBe(0);
    for (const priority of [Priority.LOW, Priority.MEDIUM, Priority.HIGH]) {
      expect((await old(routers, 100, { priority, content: textContent('kept') })).error).toBe(0);
    }
    for (const [lane, shed] of [
      ['low', 1],
      ['medium', 1],
      ['high', 0],
    ] as const) {
      expect(routers.telemetry.count('parley_router_shed_total', 'router', lane)).toBe(shed);
    }
  });

  it('sheds nothing any more after a second of calm', async () => {
    await using routers = await openRoom();
    await old(routers, 0);
    for (let i = 0; i < 2; i++) await overloadedWindow(routers);
    expect((await old(routers, 100, { priority: Priority.LOW })).error).toBe(OVERLOADED.code);
    routers.clock.skip(1_200);
    expect((await old(routers, 100, { priority: Priority.LOW })).error).toBe(0);
  });

  it('tells the room once a second how many messages it did not get', async () => {
    await using routers = await openRoom();
    await old(routers, 0);
    for (let i = 0; i < 2; i++) await overloadedWindow(routers);
    for (let i = 0; i < 4; i++) await old(routers, 100, { priority: Priority.LOW });
    for (let i = 0; i < 2; i++) await old(routers, 100, { priority: Priority.MEDIUM });
    expect(droppedIn(routers.deliveries)).toEqual([]);
    routers.clock.skip(1_000);
    const told = await routers.until(() => routers.deliveries.find((delivery) => droppedIn([delivery]).length > 0));
    expect(told).toMatchObject({ channels: [room], conversation: room, priority: Priority.MEDIUM, seq: 0 });
    expect(droppedIn([told])).toEqual([
      { priority: Priority.LOW, count: 4 },
      { priority: Priority.MEDIUM, count: 2 },
    ]);
  });

  it('counts what it drops for its age alone', async () => {
    await using routers = await openRoom();
    await old(routers, 0);
    expect((await old(routers, 6_000, { priority: Priority.LOW })).error).toBe(OVERLOADED.code);
    expect(routers.telemetry.count('parley_router_shed_total', 'lane', 'low')).toBe(1);
  });

  it('tells linked processes how long a lane waits, and when it does no longer', async () => {
    await using routers = await openRoom();
    await old(routers, 0);
    const delayOf = (lane: Lane): number => routers.client.queueingDelayMs(lane, 'app', room);
    for (let i = 0; i < 3; i++) await old(routers, 400, { priority: Priority.LOW, content: textContent('late') });
    routers.clock.skip(100);
    await until(() => delayOf('low') > 100);
    expect(delayOf('low')).toBeLessThan(500);
    expect(delayOf('high')).toBe(0);
    routers.clock.skip(100);
    await until(() => delayOf('low') === 0);
  });

  it('tells a process that links itself later how long lanes wait', async () => {
    await using routers = await openRoom();
    await old(routers, 0);
    for (let i = 0; i < 3; i++) await old(routers, 5_000, { priority: Priority.LOW, content: textContent('late') });
    routers.clock.skip(100);
    await until(() => routers.client.queueingDelayMs('low', 'app', room) > 1_000);
    const late = routers.clientOf('gateway-2');
    await until(() => late.queueingDelayMs('low', 'app', room) > 1_000);
  });
});

/** Lets the processes run until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

describe('accounting', () => {
  it('finds every command that was taken in exactly one place, under a random load', async () => {
    await using routers = await openRoom({
      ...emptyHistory,
      getConversation: async ({ conversation }) => {
        if (conversation === 'r:broken') throw new Error('history is silent');
        return createGetConversationResponse({});
      },
    });
    await routers.room(room, { change: { joined: ['bob'], version: 2 }, speaking: { muted: [{ user: 'bob', untilMs: 1e15 }] } });
    const before = { outcomes: routers.outcomes.length, stored: (await routers.timeline()).length };
    const random = seededRandom(11);
    const submitted: Record<Lane, number> = { system: 0, high: 0, medium: 0, low: 0 };
    const pick = <T>(choices: readonly [T, ...T[]]): T => choices[Math.floor(random.next() * choices.length)] ?? choices[0];
    for (let wave = 0; wave < 30; wave++) {
      for (let i = 0; i < 60; i++) {
        const lane = pick(lanes);
        const priority = priorityOf(lane);
        submitted[lane]++;
        if (lane === 'system') {
          const change = pick<MembershipChangeInit>([{}, { version: 2 }, { joined: [`u${wave}`], version: 3 + wave }]);
          routers.submit({ conversation: room, body: { type: 'membership', value: { change } } }, { priority });
          continue;
        }
        const ageMs = pick([0, 0, 50, 200, 7_000, 40_000]);
        const clientMsgId = pick([`${wave}-${i}`, `${wave}-${i - 1}`]);
        const content = pick([textContent('x'), bulletContent(), Uint8Array.of(7)]);
        const send = routers.sendOf(pick([room, room, 'r:other', 'r:none', 'r:broken']), pick(['ann', 'ann', 'bob', 'mal']), {
          ...{ priority, clientMsgId, content },
          ingressMs: routers.clock.now() - ageMs,
        });
        routers.submit(send, { priority });
      }
      await until(() => routers.outcomes.length === before.outcomes + 60 * (wave + 1));
      routers.clock.skip(random.next() < 0.8 ? 100 : 700);
    }
    const { telemetry } = routers;
    const sumOf = (result: string): number =>
      lanes.reduce((sum, lane) => sum + telemetry.count('parley_router_taken_total', lane, result), 0);
    for (const lane of lanes) {
      const taken = results.reduce((sum, result) => sum + telemetry.count('parley_router_taken_total', lane, result), 0);
      expect(taken).toBe(telemetry.count('parley_router_commands_total', lane));
      if (lane !== 'system') expect(taken).toBe(submitted[lane]);
      const shed = ['lane', 'router'].map((stage) => telemetry.count('parley_router_shed_total', stage, lane));
      expect(telemetry.count('parley_router_taken_total', lane, 'shed')).toBe((shed[0] ?? 0) + (shed[1] ?? 0));
      if (lane === 'system' || lane === 'high') expect(shed).toEqual([0, 0]);
    }
    for (const result of results) expect(sumOf(result)).toBeGreaterThan(0);
    expect(telemetry.count('parley_router_shed_total', 'router', 'low')).toBeGreaterThan(0);
    const outcomes = routers.outcomes;
    expect(outcomes.filter(({ error }) => error !== 0)).toHaveLength(sumOf('refused') + sumOf('shed'));
    expect(await routers.timeline()).toHaveLength(sumOf('stored'));
  });
});
