import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TransitClock } from './transit-clock.js';

describe('TransitClock', () => {
  it('takes the clock of its own process at its word', () => {
    const transits = new TransitClock('me');
    expect(transits.waitedMs('me', 1_000, 1_700)).toBe(700);
    expect(transits.waitedMs('me', 1_800, 1_700)).toBe(0);
  });

  it('finds how long commands waited, however wrong their sender’s clock is', () => {
    const waits = fc.array(fc.record({ gapMs: fc.nat(500), waitMs: fc.nat(2_000) }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), waits, (skewMs, steps) => {
        const transits = new TransitClock('me');
        let nowMs = 1e12;
        expect(transits.waitedMs('other', nowMs + skewMs, nowMs)).toBe(0);
        for (const { gapMs, waitMs } of steps) {
          nowMs += gapMs;
          expect(transits.waitedMs('other', nowMs - waitMs + skewMs, nowMs)).toBe(waitMs);
        }
      }),
    );
  });

  it('does not mix up senders', () => {
    const transits = new TransitClock('me');
    transits.waitedMs('fast', 5_000, 1_000);
    transits.waitedMs('slow', 0, 1_000);
    expect(transits.waitedMs('fast', 5_000, 1_100)).toBe(100);
    expect(transits.waitedMs('slow', 0, 1_200)).toBe(200);
  });

  it('forgets a step of a clock within a minute', () => {
    const transits = new TransitClock('me');
    transits.waitedMs('other', 0, 0);
    const waits: number[] = [];
    for (let nowMs = 1_000; nowMs <= 90_000; nowMs += 1_000) waits.push(transits.waitedMs('other', nowMs - 3_600_000, nowMs));
    expect(waits[0]).toBe(3_600_000);
    expect(waits.slice(60).every((waitMs) => waitMs === 0)).toBe(true);
  });
});
