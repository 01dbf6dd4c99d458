import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@parley/kernel';
import { sliceBytes } from '../limits.js';
import { Turns } from './turns.js';

/** A clock whose timers go off one at a time, when the test says so. */
class TurnClock implements Clock {
  readonly #due: (() => void)[] = [];
  /** Moves only when the test says so. */
  nowMs = 0;

  now(): number {
    return this.nowMs;
  }

  monotonic(): number {
    return this.nowMs;
  }

  setTimer(_delayMs: number, action: () => void): () => void {
    this.#due.push(action);
    return () => {};
  }

  /** Lets one timer go off and what follows from it happen; false when there is none. */
  async turn(): Promise<boolean> {
    const action = this.#due.shift();
    action?.();
    await new Promise((resolve) => void setImmediate(resolve));
    return action !== undefined;
  }
}

function arrange() {
  const clock = new TurnClock();
  const turns = new Turns(clock);
  const taken: string[] = [];
  /** Takes slices of a large response until it has had so many. */
  const take = async (topic: string, slices: number): Promise<void> => {
    const pace = turns.pace(topic);
    for (let slice = 0; slice < slices; slice += 1) {
      taken.push(topic);
      await pace(sliceBytes);
    }
  };
  return { clock, turns, taken, take };
}

describe('turns', () => {
  it('give all large responses together one slice, and others their time in between', async () => {
    const { clock, taken, take } = arrange();
    for (let response = 0; response < 5; response += 1) void take('low', 10);
    for (let slices = 5; slices < 50; slices += 1) {
      expect(taken).toHaveLength(slices);
      await clock.turn();
    }
  });

  it('go from topic to topic, however many partitions of one have something to take in', async () => {
    const { clock, taken, take } = arrange();
    for (let partition = 0; partition < 64; partition += 1) void take('low', 100);
    void take('high', 4);
    taken.length = 0;
    for (let turn = 0; turn < 6; turn += 1) await clock.turn();
    expect(taken).toEqual(['low', 'high', 'low', 'high', 'low', 'high']);
  });

  it('keep their share when the process is too busy to give them one by one, within limits', async () => {
    const { clock, taken, take } = arrange();
    void take('low', 100);
    taken.length = 0;
    for (const [busyMs, slices] of [
      [1.5, 1],
      [3.2, 3],
      [50, 4],
    ] as const) {
      clock.nowMs += busyMs;
      await clock.turn();
      expect(taken.splice(0)).toHaveLength(slices);
    }
  });

  it('let a small response through at once', async () => {
    const { clock, turns, take } = arrange();
    void take('low', 100);
    const pace = turns.pace('high');
    for (let part = 0; part < 64; part += 1) await pace(sliceBytes / 64 - 1);
    expect(await clock.turn()).toBe(true); // that of LOW
  });
});
