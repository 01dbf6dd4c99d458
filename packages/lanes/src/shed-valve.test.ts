import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lanes } from './lane.js';
import { ShedValve, shedDefaults } from './shed-valve.js';

const afterWindows = (means: readonly number[]): ShedValve => {
  const valve = new ShedValve();
  for (const mean of means) valve.observe(mean);
  return valve;
};

describe('ShedValve', () => {
  it('sheds nothing while delays are short', () => {
    const valve = afterWindows([20, 20, 20]);
    for (const lane of lanes) expect(valve.sheds(lane, 10_000)).toBe(false);
  });

  it('sheds LOW after one window over, MEDIUM after the next', () => {
    expect(lanes.filter((lane) => afterWindows([21]).sheds(lane, 21))).toEqual(['low']);
    expect(lanes.filter((lane) => afterWindows([21, 21]).sheds(lane, 21))).toEqual(['medium', 'low']);
  });

  it('closes by one level after five calm windows in a row', () => {
    const over = [100, 100];
    expect(afterWindows([...over, 0, 0, 0, 0]).level).toBe(2);
    expect(afterWindows([...over, 0, 0, 0, 0, 0]).level).toBe(1);
    expect(afterWindows([...over, ...Array<number>(10).fill(0)]).level).toBe(0);
  });

  it('counts calm windows anew after one that was over', () => {
    expect(afterWindows([100, 0, 0, 0, 0, 100, 0, 0, 0, 0]).level).toBe(2);
  });

  it('never sheds HIGH, SYSTEM or what has just come, whatever happened', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 })), fc.integer({ min: 0, max: 60_000 }), (means, waitedMs) => {
        const valve = afterWindows(means);
        expect(valve.sheds('high', waitedMs)).toBe(false);
        expect(valve.sheds('system', waitedMs)).toBe(false);
        for (const lane of lanes) expect(valve.sheds(lane, Math.min(waitedMs, shedDefaults.overMs))).toBe(false);
      }),
    );
  });

  it('sheds MEDIUM only where it sheds LOW', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 })), fc.integer({ min: 0, max: 100 }), (means, waitedMs) => {
        const valve = afterWindows(means);
        if (valve.sheds('medium', waitedMs)) expect(valve.sheds('low', waitedMs)).toBe(true);
      }),
    );
  });
});
