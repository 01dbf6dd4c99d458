import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { withoutEchoes } from './process-host.js';

describe('signals', () => {
  it('count once per key press, however often they arrive, and again with the next', () => {
    let nowMs = 0;
    const heard: string[] = [];
    const listener = withoutEchoes((signal) => heard.push(`${signal} ${nowMs}`), { ...systemClock, monotonic: () => nowMs });
    for (nowMs of [0, 1, 30, 2_000, 2_010]) listener('SIGINT');
    expect(heard).toEqual(['SIGINT 0', 'SIGINT 2000']);
  });
});
