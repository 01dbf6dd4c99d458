import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

const policy = { perSecond: 10, burst: 30 };

describe('TokenBucket', () => {
  it('admits a burst, then says how long to wait', () => {
    const bucket = new TokenBucket(policy, 0);
    for (let i = 0; i < 30; i++) expect(bucket.take(policy, 0)).toBe(0);
    expect(bucket.take(policy, 0)).toBe(100);
    expect(bucket.take(policy, 100)).toBe(0);
  });

  it('keeps for higher levels what lower ones must leave, and lends them more', () => {
    const bucket = new TokenBucket(policy, 0);
    const taken = (left: number): number => {
      for (let count = 0; ; count++) if (bucket.takeLeaving(policy, 0, left) > 0) return count;
    };
    expect([taken(10), taken(0), taken(-5)]).toEqual([20, 10, 5]);
    expect(bucket.takeLeaving(policy, 0, 0)).toBe(600);
    expect(bucket.take(policy, 600)).toBe(0);
  });

  it('has again what was given back, but no more than its burst', () => {
    const bucket = new TokenBucket(policy, 0);
    bucket.take(policy, 0, 30);
    bucket.giveBack(50);
    expect(bucket.take(policy, 0, 30)).toBe(0);
    expect(bucket.take(policy, 0)).toBe(100);
  });

  it('never admits more than the burst plus the rate', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 300 }), (gaps) => {
        const bucket = new TokenBucket(policy, 0);
        let now = 0;
        let admitted = 0;
        for (const gap of gaps) {
          now += gap;
          if (bucket.take(policy, now) === 0) admitted++;
        }
        expect(admitted).toBeLessThanOrEqual(policy.burst + (now * policy.perSecond) / 1_000 + 1e-6);
      }),
    );
  });
});
