import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultPolicy, type Level, levels, type RoomRates } from './policy.js';
import { SliceQuota } from './slice-quota.js';

const rates = defaultPolicy.room;
const perSlice = (rates.perSecond * rates.sliceMs) / 1_000;

/** How many of `count` messages get in at one moment. */
const admit = (quota: SliceQuota, level: Level, count: number, nowMs: number, given: RoomRates = rates): number => {
  let admitted = 0;
  for (let i = 0; i < count; i++) if (quota.take(given, level, nowMs) === 0) admitted++;
  return admitted;
};

describe('SliceQuota', () => {
  it('keeps half of each slice for HIGH, whatever LOW and MEDIUM do', () => {
    const quota = new SliceQuota(0);
    expect(admit(quota, 'low', 1_000, 1)).toBe(perSlice * 0.4);
    expect(admit(quota, 'medium', 1_000, 2)).toBe(perSlice * 0.1);
    expect(admit(quota, 'high', 1_000, 3)).toBe(perSlice * 0.5);
  });

  it('lets HIGH use a whole slice, and then nobody else', () => {
    const quota = new SliceQuota(0);
    expect(admit(quota, 'high', 1_000, 0)).toBe(perSlice);
    expect(admit(quota, 'medium', 1, 0)).toBe(0);
    expect(admit(quota, 'low', 1, 0)).toBe(0);
  });

  it('says how long the slice lasts, and admits again then', () => {
    const quota = new SliceQuota(1_000);
    admit(quota, 'low', 100, 1_050);
    expect(quota.take(rates, 'low', 1_050)).toBe(150);
    expect(quota.take(rates, 'low', 1_199.5)).toBe(1);
    expect(quota.take(rates, 'low', 1_200)).toBe(0);
  });

  it('holds a new policy at once', () => {
    const quota = new SliceQuota(0);
    admit(quota, 'high', 1_000, 0);
    expect(admit(quota, 'high', 1_000, 0, { ...rates, perSecond: 400 })).toBe(perSlice);
    expect(admit(quota, 'low', 1_000, 200, { ...rates, lowPercent: 5 })).toBe(2);
  });

  it.each([1, 3, 7, 10, 33, 201])('admits %i messages a second exactly, LOW included', (perSecond) => {
    const given = { ...rates, perSecond };
    const seconds = 200;
    const count = (level: Level): number => {
      const quota = new SliceQuota(0);
      let admitted = 0;
      for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += 50) admitted += admit(quota, level, 12, nowMs, given);
      return admitted;
    };
    const close = (value: number, percent: number): void => {
      expect(Math.abs(value - (perSecond * seconds * percent) / 100)).toBeLessThanOrEqual(3);
    };
    // Two messages and a half make the shortest slice of a slow room, and the last one may be cut off.
    close(count('high'), 100);
    close(count('medium'), 50);
    close(count('low'), 40);
  });

  it('never admits more of a level than its share of the time that has passed, and one slice', () => {
    const step = fc.record({ level: fc.constantFrom(...levels), gapMs: fc.integer({ min: 0, max: 90 }) });
    const policy = fc.record({ perSecond: fc.integer({ min: 1, max: 500 }), low: fc.integer({ min: 1, max: 100 }) });
    fc.assert(
      fc.property(policy, fc.array(step, { maxLength: 400 }), ({ perSecond, low }, steps) => {
        const given = { perSecond, sliceMs: 100, mediumPercent: Math.max(low, 50), lowPercent: low };
        const quota = new SliceQuota(0);
        const admitted = { low: 0, medium: 0, high: 0 };
        let now = 0;
        for (const { level, gapMs } of steps) {
          now += gapMs;
          if (quota.take(given, level, now) === 0) admitted[level]++;
        }
        const longest = Math.max(100, Math.ceil(100_000 / (perSecond * low)));
        const most = (percent: number): number => ((now + longest) * perSecond * percent) / 100_000 + 1;
        expect(admitted.low).toBeLessThanOrEqual(most(low));
        expect(admitted.low + admitted.medium).toBeLessThanOrEqual(most(given.mediumPercent));
        expect(admitted.low + admitted.medium + admitted.high).toBeLessThanOrEqual(most(100));
      }),
    );
  });
});
