import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DoorLane, DoorValve, doorDefaults } from './door-valve.js';

const doors: readonly DoorLane[] = ['medium', 'low'];

const admitted = (valve: DoorValve, lane: DoorLane, offered: number): number =>
  Array.from({ length: offered }, () => valve.take(lane)).filter((waitMs) => waitMs === 0).length;

describe('DoorValve', () => {
  it('admits everything while the lanes keep to their budgets', () => {
    const valve = new DoorValve();
    for (let window = 0; window < 100; window++) for (const lane of doors) valve.observe(lane, doorDefaults.budgetsMs[lane]);
    for (const lane of doors) expect(admitted(valve, lane, 1_000)).toBe(1_000);
  });

  it('has a budget per lane: 300 ms are too long for LOW and not for MEDIUM', () => {
    const valve = new DoorValve();
    for (const lane of doors) valve.observe(lane, 300);
    expect(valve.fractionOf('low')).toBeCloseTo(0.7);
    expect(valve.fractionOf('medium')).toBe(1);
  });

  it('never refuses HIGH or SYSTEM', () => {
    const valve = new DoorValve();
    for (let window = 0; window < 100; window++) for (const lane of doors) valve.observe(lane, 60_000);
    for (let i = 0; i < 100; i++) expect([valve.take('high'), valve.take('system')]).toEqual([0, 0]);
  });

  it('lets a few through however long the lane waits, and opens within 20 windows once it does not', () => {
    const valve = new DoorValve();
    for (let window = 0; window < 1_000; window++) valve.observe('low', 60_000);
    expect(admitted(valve, 'low', 1_000)).toBe(20);
    for (let window = 0; window < 20; window++) valve.observe('low', 0);
    expect(admitted(valve, 'low', 1_000)).toBe(1_000);
  });

  it('tells who is refused to come back later, the later the fewer get in', () => {
    const valve = new DoorValve();
    valve.observe('low', 1_000);
    expect(valve.take('low')).toBe(143);
    for (let window = 0; window < 100; window++) valve.observe('low', 1_000);
    expect(valve.take('low')).toBe(5_000);
  });

  it('admits its share of any run of messages within one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 3_000 }), (windowsOver, offered) => {
        const valve = new DoorValve();
        for (let window = 0; window < windowsOver; window++) valve.observe('medium', 10_000);
        expect(Math.abs(admitted(valve, 'medium', offered) - offered * valve.fractionOf('medium'))).toBeLessThan(1.001);
      }),
    );
  });
});
