import { describe, expect, it } from '@jest/globals';
import type { LaneLoad } from '@parley/contracts/router';
import { type Lane, perLane, priorityOf } from '@parley/lanes';
import { SkippingClock } from '../testing/skipping-clock.js';
import { LaneLoads } from './lane-loads.js';

function open(): { clock: SkippingClock; loads: LaneLoads; told: LaneLoad[]; oldest: Record<Lane, number> } {
  const clock = new SkippingClock();
  const told: LaneLoad[] = [];
  const oldest = perLane(() => 0);
  const loads = new LaneLoads({ clock, oldestMs: (lane) => oldest[lane], tell: (changed) => told.push(...changed) });
  return { clock, loads, told, oldest };
}

const low = (delayMs: number): LaneLoad => ({ priority: priorityOf('low'), delayMs });

describe('loads of lanes', () => {
  it('are told when they change much, not with every window', () => {
    const { clock, loads, told } = open();
    for (const delayMs of [4, 100, 110, 90, 130, 300, 1]) {
      loads.wake();
      loads.record('low', delayMs, 10);
      clock.skip(100);
    }
    clock.skip(100);
    expect(told).toEqual([low(100), low(130), low(300), low(1), low(0)]);
    loads.close();
  });

  it('end when nothing waits any more, and then nothing is watched', () => {
    const { clock, loads, told } = open();
    loads.wake();
    loads.record('low', 100, 1);
    for (let i = 0; i < 5; i++) clock.skip(100);
    expect(told).toEqual([low(100), low(0)]);
    expect(loads.told).toEqual([]);
  });

  it('grow while a lane stands still', () => {
    const { clock, loads, told, oldest } = open();
    loads.wake();
    for (const oldestMs of [100, 200, 300]) {
      oldest.low = oldestMs;
      clock.skip(100);
    }
    expect(told).toEqual([low(100), low(200), low(300)]);
    expect(loads.told).toEqual([low(300)]);
    loads.close();
  });
});
