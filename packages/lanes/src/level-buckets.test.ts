import { describe, expect, it } from '@jest/globals';
import { LevelBuckets } from './level-buckets.js';
import type { Level, LevelRates } from './policy.js';

const rates: LevelRates = { low: { perSecond: 10, burst: 20 }, high: { perSecond: 5, burst: 10 } };

const admit = (buckets: LevelBuckets, level: Level, nowMs: number, processes?: number): number => {
  for (let admitted = 0; admitted < 1_000; admitted++) if (buckets.take(rates, level, nowMs, processes) > 0) return admitted;
  return Number.POSITIVE_INFINITY;
};

describe('LevelBuckets', () => {
  it('holds each level to its own rate', () => {
    const buckets = new LevelBuckets();
    expect(admit(buckets, 'low', 0)).toBe(20);
    expect(admit(buckets, 'high', 0)).toBe(10);
    expect(buckets.take(rates, 'high', 0)).toBe(200);
    expect(admit(buckets, 'high', 1_000)).toBe(5);
  });

  it('does not limit a level that has no rate', () => {
    expect(admit(new LevelBuckets(), 'medium', 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('admits the part of one process, and at least one message where there are many', () => {
    const buckets = new LevelBuckets();
    expect(admit(buckets, 'low', 0, 4)).toBe(5);
    expect(admit(buckets, 'low', 2_000, 4)).toBe(5);
    expect(admit(new LevelBuckets(), 'low', 0, 1_000)).toBe(1);
  });

  it('has again what a message had taken that was refused elsewhere', () => {
    const buckets = new LevelBuckets();
    admit(buckets, 'low', 0, 4);
    buckets.giveBack(rates, 'low', 0, 4);
    buckets.giveBack(rates, 'medium', 0, 4);
    expect(admit(buckets, 'low', 0, 4)).toBe(1);
  });

  it('holds a new policy at once', () => {
    const buckets = new LevelBuckets();
    admit(buckets, 'low', 0);
    const faster: LevelRates = { low: { perSecond: 1_000, burst: 1_000 } };
    expect(buckets.take(faster, 'low', 0)).toBe(1);
    expect(buckets.take(faster, 'low', 1)).toBe(0);
  });
});
