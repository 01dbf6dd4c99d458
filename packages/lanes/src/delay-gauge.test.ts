import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DelayGauge, delayWindowMs } from './delay-gauge.js';

/** Means of the windows that are over at the time. */
function close(gauge: DelayGauge, nowMs: number, oldestMs = 0): number[] {
  const means: number[] = [];
  while (gauge.advance(nowMs, oldestMs)) means.push(gauge.meanMs);
  return means;
}

describe('DelayGauge', () => {
  it('tells the mean of each window once, when it is over', () => {
    const gauge = new DelayGauge(0);
    gauge.record(10);
    gauge.record(40, 2);
    expect(close(gauge, 99)).toEqual([]);
    expect(close(gauge, 100)).toEqual([30]);
    gauge.record(7);
    expect(close(gauge, 250)).toEqual([7]);
    expect(gauge.meanMs).toBe(7);
  });

  it('shows no delay where nothing happened and nothing waits', () => {
    const gauge = new DelayGauge(0);
    gauge.record(500);
    expect(close(gauge, 400)).toEqual([500, 0, 0, 0]);
  });

  it('shows a growing delay while something waits and nothing is taken up', () => {
    const gauge = new DelayGauge(0);
    expect(close(gauge, 400, 250)).toEqual([0, 50, 150, 250]);
  });

  it('makes up for a long pause in a bounded number of windows', () => {
    const gauge = new DelayGauge(0);
    expect(close(gauge, 86_400_000).length).toBeLessThan(20);
    expect(close(gauge, 86_400_000)).toEqual([]);
  });

  it('keeps every delay in exactly one window', () => {
    const steps = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 120 }), delayMs: fc.integer({ min: 0, max: 1_000 }) }));
    fc.assert(
      fc.property(steps, (recorded) => {
        const gauge = new DelayGauge(0);
        const expected = new Map<number, number[]>();
        const means: number[] = [];
        let nowMs = 0;
        for (const { gapMs, delayMs } of recorded) {
          nowMs += gapMs;
          means.push(...close(gauge, nowMs));
          gauge.record(delayMs);
          const window = Math.floor(nowMs / delayWindowMs);
          expected.set(window, [...(expected.get(window) ?? []), delayMs]);
        }
        means.push(...close(gauge, (Math.floor(nowMs / delayWindowMs) + 1) * delayWindowMs));
        means.forEach((mean, window) => {
          const delays = expected.get(window) ?? [0];
          expect(mean).toBeCloseTo(delays.reduce((sum, delay) => sum + delay, 0) / delays.length, 6);
        });
      }),
    );
  });
});
