import { describe, expect, it } from '@jest/globals';
import { Samples } from '../measure/percentiles.js';
import { costRatios, type GroupCost, onlineCounts, sizesOf } from './large-group-plan.js';

const costOf = (size: number, online: number, cpuUs: number): GroupCost => ({
  ...{ size, online, cpuUs },
  last: new Samples().spread(),
  lag: new Samples().spread(),
  cpu: { wallMs: 0, serverMs: 0, generatorMs: 0, othersMs: 0 },
  faults: [],
});

describe('groups of a measurement', () => {
  it('are a small one, a full one and a large one, none smaller than those who are online', () => {
    expect(sizesOf({ members: 100_000, online: 200 })).toEqual([200, 2_000, 100_000]);
    expect(sizesOf({ members: 10_000, online: 200 })).toEqual([200, 10_000]);
    expect(sizesOf({ members: 3, online: 200 })).toEqual([200]);
  });

  it('have a tenth and all of those who may be online, and always somebody who listens', () => {
    expect(onlineCounts({ online: 200 })).toEqual([20, 200]);
    expect(onlineCounts({ online: 2 })).toEqual([2]);
  });

  it('are compared with the next smaller one that as many have open', () => {
    const costs = [
      costOf(200, 20, 100),
      costOf(2_000, 20, 110),
      costOf(100_000, 20, 220),
      costOf(200, 200, 1_000),
      costOf(100_000, 200, 500),
    ];
    expect(costRatios(costs)).toEqual({
      'CPU 2000 over 200, 20 online': 1.1,
      'CPU 100000 over 2000, 20 online': 2,
      'CPU 100000 over 200, 200 online': 0.5,
    });
  });
});
