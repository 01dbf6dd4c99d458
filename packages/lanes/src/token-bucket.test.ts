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
