import { describe, expect, it } from '@jest/globals';
import { historyLimits } from '../limits.js';
import { createProjectionCache } from './projection-cache.js';

describe('what partitions keep in memory', () => {
  it('stays within the limits of the process, however many there are', () => {
    const cache = createProjectionCache(historyLimits.statesCached / 10);
    for (let i = 0; i < 100; i++) cache.blocks.set(String(i), i);
    expect(cache.blocks.size).toBeLessThanOrEqual(10);
    expect(cache.blocks.get('99')).toBe(99);
  });
});
