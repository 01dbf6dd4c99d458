import { describe, expect, it } from '@jest/globals';
import type { CancelTimer, Clock } from '@parley/kernel';
import { LoopLag } from './loop-lag.js';

/** A clock whose timers fire when the test lets the loop turn, however late that is. */
class LoopClock implements Clock {
  nowMs = 0;
  readonly timers = new Set<{ readonly dueMs: number; readonly action: () => void }>();

  now = (): number => this.nowMs;
  monotonic = (): number => this.nowMs;

  setTimer = (delayMs: number, action: () => void): CancelTimer => {
    const timer = { dueMs: this.nowMs + delayMs, action };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };

  /** The loop works for so long, then looks after timers. */
  turn(workMs: number): void {
    this.nowMs += workMs;
    for (const timer of [...this.timers]) {
      if (timer.dueMs > this.nowMs || !this.timers.delete(timer)) continue;
      timer.action();
    }
  }

  turns(count: number, workMs: number): void {
    for (let i = 0; i < count; i++) this.turn(workMs);
  }
}

const kinds = [
  ['low', false],
  ['medium', false],
  ['low', true],
  ['medium', true],
  ['high', true],
] as const;

/** How many of a hundred messages of each kind get in at one moment. */
const admitted = (lag: LoopLag): Record<string, number> =>
  Object.fromEntries(
    kinds.map(([level, isStored]) => [
      `${isStored ? 'stored' : 'transient'} ${level}`,
      Array.from({ length: 100 }, () => lag.take(level, isStored)).filter((waitMs) => waitMs === 0).length,
    ]),
  );

const everybody = { 'transient low': 100, 'transient medium': 100, 'stored low': 100, 'stored medium': 100, 'stored high': 100 };

describe('LoopLag', () => {
  it('turns away transients before what is stored, LOW before MEDIUM, HIGH never, the longer the more', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    clock.turns(40, 5);
    expect(admitted(lag)).toEqual(everybody);
    const after = (lagMs: number): Record<string, number> => {
      clock.turns(20, lagMs + 20);
      return admitted(lag);
    };
    const slightly = after(17);
    expect(slightly).toEqual({ ...everybody, 'transient low': slightly['transient low'] });
    expect(slightly['transient low']).toBeLessThan(20);
    const more = after(25);
    expect(more).toMatchObject({ 'stored medium': 100, 'stored high': 100 });
    expect(more['transient medium']).toBeLessThan(20);
    expect(more['stored low']).toBeLessThan(20);
    const much = after(200);
    expect(much['stored medium']).toBeLessThan(20);
    // Something always gets in, to find out whether it is over.
    for (const count of Object.values(much)) expect(count).toBeGreaterThan(0);
    expect(much['stored high']).toBe(100);
  });

  it('tells those whom it turns away to come back the later, the fewer get in', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    const longest = (): number => Math.max(...Array.from({ length: 100 }, () => lag.take('low', false)));
    clock.turns(4, 60);
    const first = longest();
    clock.turns(40, 60);
    expect(first).toBeGreaterThan(0);
    expect(longest()).toBeGreaterThan(first);
  });

  it('lets everything in again when it is over, step by step', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    clock.turns(10, 300);
    const behind = admitted(lag)['transient low'] ?? 0;
    clock.turns(100, 5);
    const better = admitted(lag)['transient low'] ?? 0;
    clock.turns(500, 5);
    expect([behind < better, better < 100]).toEqual([true, true]);
    expect(admitted(lag)).toEqual(everybody);
  });

  it('does not take the time in which the loop stood still for calm', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    for (let i = 0; i < 5; i++) {
      clock.turn(1_500);
      lag.touch(clock.nowMs);
      expect(admitted(lag)['transient low']).toBeLessThan(10);
    }
  });

  it('measures nothing without traffic, and begins anew with it', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    expect(clock.timers.size).toBe(0);
    lag.touch(0);
    expect(clock.timers.size).toBe(1);
    clock.turns(500, 5);
    expect(clock.timers.size).toBe(0);
    // The pause was no lag.
    clock.nowMs += 60_000;
    lag.touch(clock.nowMs);
    clock.turns(40, 5);
    expect(admitted(lag)).toEqual(everybody);
    lag.stop();
    expect(clock.timers.size).toBe(0);
  });
});
