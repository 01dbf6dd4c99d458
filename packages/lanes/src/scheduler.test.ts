import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Lane, lanes } from './lane.js';
import { LaneScheduler, perLane, schedulerDefaults } from './scheduler.js';

/** Serves `total` commands with every named lane always busy; answers each lane's share of them. */
function serve(busy: readonly Lane[], total: number, cost: (lane: Lane) => number, ageMs = 0): Record<Lane, number> {
  const scheduler = new LaneScheduler();
  const served = perLane(() => 0);
  const heads = Object.fromEntries(busy.map((lane) => [lane, { cost: cost(lane), ageMs }]));
  for (let done = 0; done < total; ) {
    const lane = scheduler.next(heads);
    if (lane === undefined) throw new Error('nothing was served');
    served[lane] += cost(lane);
    done += cost(lane);
  }
  return served;
}

describe('LaneScheduler', () => {
  it('has nothing to serve when every lane is empty', () => {
    expect(new LaneScheduler().next({})).toBeUndefined();
  });

  it('serves system before everything else', () => {
    const head = { cost: 1, ageMs: 0 };
    expect(new LaneScheduler().next({ system: head, high: head, low: head })).toBe('system');
  });

  it('shares 16 : 4 : 1 within 5 % whatever the records cost', () => {
    fc.assert(
      fc.property(fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 400 }))), ([high = 1, medium = 1, low = 1]) => {
        const cost = { system: 1, high, medium, low };
        const served = serve(['high', 'medium', 'low'], 2_000_000, (lane) => cost[lane]);
        const total = served.high + served.medium + served.low;
        expect(Math.abs(served.high / total - 16 / 21)).toBeLessThan(0.05);
        expect(Math.abs(served.medium / total - 4 / 21)).toBeLessThan(0.05);
        expect(Math.abs(served.low / total - 1 / 21)).toBeLessThan(0.05);
      }),
      { numRuns: 20 },
    );
  });

  it('never starves a lane that has work, system floods included', () => {
    const served = serve(lanes, 100_000, () => 1);
    for (const lane of lanes) expect(served[lane]).toBeGreaterThan(0);
  });

  it('gives an idle lane’s share to the others', () => {
    const served = serve(['medium', 'low'], 100_000, () => 1);
    expect(served.medium / served.low).toBeCloseTo(4, 0);
  });

  it('lets a head that waited too long compete one lane higher', () => {
    const fresh = serve(['medium', 'low'], 100_000, () => 1);
    const scheduler = new LaneScheduler();
    const served = perLane(() => 0);
    const old = { cost: 1, ageMs: schedulerDefaults.boostAfterMs };
    for (let i = 0; i < 100_000; i++) served[scheduler.next({ medium: { cost: 1, ageMs: 0 }, low: old }) ?? 'system']++;
    expect(served.low).toBeGreaterThan(2 * fresh.low);
    expect(served.low / served.medium).toBeCloseTo(1, 1);
  });

  it('delays a fresh high record by at most one round of the lanes below, at ten times the capacity', () => {
    const scheduler = new LaneScheduler();
    let longest = 0;
    for (let waited = 0, i = 0; i < 200_000; i++) {
      const highWaits = i % 7 === 0 || waited > 0;
      const lane = scheduler.next({
        high: highWaits ? { cost: 1, ageMs: 0 } : undefined,
        medium: { cost: 1, ageMs: 5_000 },
        low: { cost: 1, ageMs: 5_000 },
      });
      waited = highWaits && lane !== 'high' ? waited + 1 : 0;
      longest = Math.max(longest, waited);
    }
    const { weights, quantum } = schedulerDefaults;
    expect(longest).toBeLessThanOrEqual((weights.high + weights.medium) * quantum);
  });
});
