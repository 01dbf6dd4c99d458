import { describe, expect, it } from '@jest/globals';
import type { CancelTimer, Clock } from '@parley/kernel';
import { WriteBehind } from './write-behind.js';

/** A clock that stands still; its timers run when the test says so. */
class StandingClock implements Clock {
  readonly timers = new Map<() => void, number>();
  now = (): number => 0;
  monotonic = (): number => 0;
  setTimer(delayMs: number, action: () => void): CancelTimer {
    this.timers.set(action, delayMs);
    return () => this.timers.delete(action);
  }

  /** Runs every timer; resolves to the delays that they were set to. */
  runTimers(): readonly number[] {
    const delays = [...this.timers.values()];
    const actions = [...this.timers.keys()];
    this.timers.clear();
    for (const action of actions) action();
    return delays;
  }
}

interface Changes {
  readonly rows: string[];
  readonly rowCount: number;
  readonly byteCount: number;
}

/** A disk whose writes end when the test says so. */
class Bench {
  readonly clock = new StandingClock();
  readonly written: string[][] = [];
  readonly settled: string[] = [];
  #ends: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  readonly behind = new WriteBehind<Changes>({
    clock: this.clock,
    flushDelayMs: 1_000,
    flushRowsMax: 3,
    pendingBytesMax: 50,
    retryMs: 77,
    freeze: () => {},
    write: (partitions) => {
      this.written.push([...partitions.values()].flatMap(({ rows }) => rows));
      return new Promise((resolve, reject) => this.#ends.push({ resolve, reject }));
    },
    settle: ({ rows }) => this.settled.push(...rows),
  });

  add(partition: number, ...rows: string[]): void {
    const changes = this.behind.waiting(partition, () => ({
      rows: [],
      get rowCount() {
        return this.rows.length;
      },
      get byteCount() {
        return this.rows.length * 10;
      },
    }));
    changes.rows.push(...rows);
    this.behind.added(partition);
  }

  /** Ends the write that is out and lets everybody see it. */
  async end(error?: Error): Promise<void> {
    const end = this.#ends.shift();
    if (end === undefined) throw new Error('no write is out');
    if (error === undefined) end.resolve();
    else end.reject(error);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('WriteBehind', () => {
  it('writes what came within the delay in one go', async () => {
    const bench = new Bench();
    bench.add(1, 'a');
    bench.add(2, 'b');
    expect(bench.written).toEqual([]);
    expect(bench.clock.runTimers()).toEqual([1_000]);
    expect(bench.written).toEqual([['a', 'b']]);
    expect(bench.settled).toEqual([]);
    await bench.end();
    expect(bench.settled).toEqual(['a', 'b']);
  });

  it('writes a partition with many rows at once, one transaction at a time', async () => {
    const bench = new Bench();
    bench.add(1, 'a', 'b', 'c');
    bench.add(2, 'd', 'e', 'f');
    bench.add(1, 'g', 'h', 'i');
    expect(bench.written).toEqual([['a', 'b', 'c']]);
    await bench.end();
    await bench.end();
    await bench.end();
    expect(bench.written.slice(1)).toEqual([
      ['d', 'e', 'f'],
      ['g', 'h', 'i'],
    ]);
  });

  it('writes what was added at the moment when the last write ended', async () => {
    const bench = new Bench();
    bench.add(1, 'a', 'b', 'c');
    const flushed = bench.behind.flush().then(() => bench.add(2, 'd', 'e', 'f'));
    await bench.end();
    await flushed;
    await bench.end();
    expect(bench.settled).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('lets nobody in while too much waits', async () => {
    const bench = new Bench();
    bench.add(1, 'a', 'b');
    bench.add(2, 'c', 'd');
    await bench.behind.room();
    bench.add(3, 'e', 'f');
    let isIn = false;
    const room = bench.behind.room().then(() => {
      isIn = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIn).toBe(false);
    await bench.end();
    await room;
    expect(isIn).toBe(true);
  });

  it('refuses more after a failed write, and writes the same again', async () => {
    const bench = new Bench();
    bench.add(1, 'a', 'b', 'c');
    bench.add(2, 'd');
    await bench.end(new Error('disk full'));
    await expect(bench.behind.room()).rejects.toThrow('disk full');
    expect(bench.settled).toEqual([]);
    expect(bench.clock.runTimers()).toContain(77);
    expect(bench.written.at(-1)).toEqual(['a', 'b', 'c']);
    await bench.end();
    await bench.behind.room();
    expect(bench.settled).toEqual(['a', 'b', 'c']);
    const flushed = bench.behind.flush();
    await bench.end();
    await flushed;
    expect(bench.settled).toEqual(['a', 'b', 'c', 'd']);
  });

  it('rejects a flush that fails', async () => {
    const bench = new Bench();
    bench.add(1, 'a');
    const flushed = bench.behind.flush();
    const ended = bench.end(new Error('disk full'));
    await expect(flushed).rejects.toThrow('disk full');
    await ended;
    bench.behind.stop();
    expect(bench.clock.timers.size).toBe(0);
  });
});
