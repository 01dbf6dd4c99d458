import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from './contract/manual-clock.js';
import { PartitionClock } from './partition-clock.js';

describe('the clock of a partition', () => {
  it("gives growing versions and times, whatever the machine's clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { maxLength: 100 }), (times) => {
        const machine = new ManualClock(0);
        const clock = new PartitionClock(machine);
        let last = { timeMs: 0, firstVersion: 0 };
        for (const time of times) {
          machine.set(time);
          const stamp = clock.stamp();
          expect(stamp.firstVersion).toBeGreaterThan(last.firstVersion);
          expect(stamp.timeMs).toBeGreaterThanOrEqual(last.timeMs);
          last = stamp;
        }
      }),
    );
  });

  it('goes on behind what a former owner has given out', () => {
    const clock = new PartitionClock(new ManualClock(10));
    clock.passBy(1_000_000);
    expect(clock.stamp().firstVersion).toBe(1_000_001);
  });

  it("follows the machine's clock again once that has caught up", () => {
    const machine = new ManualClock(10);
    const clock = new PartitionClock(machine);
    clock.passBy(20 * 1_024);
    machine.set(1_700_000_000_000);
    expect(clock.stamp()).toEqual({ timeMs: 1_700_000_000_000, firstVersion: 1_700_000_000_000 * 1_024 });
    expect(Number.isSafeInteger(clock.stamp().firstVersion)).toBe(true);
  });
});
