import { describe, expect, it } from '@jest/globals';
import { aggregateLimits } from './limits.js';
import { SnapshotTrail } from './snapshot-trail.js';

const { trimAfterMs } = aggregateLimits;

describe('the trail of snapshots', () => {
  it('gives the log up to the newest snapshot that everybody knows by now', () => {
    const trail = new SnapshotTrail({ offset: 10, knownMs: 0 });
    expect(trail.completed(20, 1)).toBeUndefined();
    expect(trail.completed(30, trimAfterMs - 1)).toBeUndefined();
    expect(trail.completed(40, trimAfterMs)).toBe(10);
    expect(trail.completed(50, trimAfterMs + 1)).toBe(20);
    expect(trail.completed(60, 3 * trimAfterMs)).toBe(50);
  });

  it('gives it also when no other snapshot comes', () => {
    const trail = new SnapshotTrail({ offset: 10, knownMs: 5 });
    expect(trail.settled(trimAfterMs + 4)).toBeUndefined();
    expect(trail.settled(trimAfterMs + 5)).toBe(10);
    expect(trail.settled(trimAfterMs + 6)).toBe(10);
  });

  it('never gives up the snapshot that was just completed', () => {
    const trail = new SnapshotTrail(undefined);
    expect(trail.completed(10, 5 * trimAfterMs)).toBeUndefined();
    expect(trail.completed(20, 9 * trimAfterMs)).toBe(10);
  });
});
