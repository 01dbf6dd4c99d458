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

const shed = (lag: LoopLag) => (['low', 'medium', 'high'] as const).filter((level) => lag.sheds(level));

describe('LoopLag', () => {
  it('turns away transient LOW, then MEDIUM, while the loop is behind; HIGH never', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    clock.turns(40, 5);
    expect(shed(lag)).toEqual([]);
    const seen = new Set<string>();
    for (let i = 0; i < 10; i++) {
      clock.turn(60);
      seen.add(shed(lag).join());
    }
    expect([...seen]).toEqual(['', 'low', 'low,medium']);
  });

  it('lets everything in again some calm windows later', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    clock.turns(10, 60);
    expect(shed(lag)).toEqual(['low', 'medium']);
    clock.turns(120, 5);
    expect(shed(lag)).toEqual(['low']);
    clock.turns(100, 5);
    expect(shed(lag)).toEqual([]);
  });

  it('does not take the time in which the loop stood still for calm', () => {
    const clock = new LoopClock();
    const lag = new LoopLag(clock, 20);
    lag.touch(0);
    for (let i = 0; i < 5; i++) {
      clock.turn(1_500);
      lag.touch(clock.nowMs);
      expect(shed(lag)).toEqual(['low', 'medium']);
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
    expect(shed(lag)).toEqual([]);
    lag.stop();
    expect(clock.timers.size).toBe(0);
  });
});
