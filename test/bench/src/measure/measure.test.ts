import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@parley/kernel';
import { Ledger } from './ledger.js';
import { dueAfter, dueAt, runOpenLoop } from './pacer.js';
import { median, percentile, Samples } from './percentiles.js';
import { busyTicksOf, bytesOfMeminfo, cpuTicksOfStat, residentBytesOf } from './proc-files.js';

describe('percentiles', () => {
  it('take the nearest rank', () => {
    const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0.5, 0.95, 0.99, 1].map((share) => percentile(sorted, share))).toEqual([50, 95, 99, 100]);
    expect(percentile(Float64Array.of(7), 0.99)).toBe(7);
    expect(percentile(new Float64Array(), 0.5)).toBeNaN();
  });

  it('count every value, however many there are', () => {
    const samples = new Samples();
    for (let i = 10_000; i >= 1; i--) samples.add(i);
    expect(samples.spread()).toEqual({ count: 10_000, p50: 5_000, p95: 9_500, p99: 9_900, max: 10_000 });
  });

  it('give the middle of rounds', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

/** A clock whose timers fire when it is told how late they are. */
function steppedClock(latenessMs: readonly number[]): Clock {
  let nowMs = 1_000;
  let turn = 0;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimer: (delayMs, action) => {
      queueMicrotask(() => {
        nowMs += delayMs + (latenessMs[turn++] ?? 0);
        action();
      });
      return () => undefined;
    },
  };
}

describe('the open loop', () => {
  it('knows what is due', () => {
    expect([-1, 0, 0.9, 1, 10].map((elapsedMs) => dueAfter(elapsedMs, 1000))).toEqual([0, 1, 1, 2, 11]);
    for (const rate of [3, 7, 50, 999, 1000, 12_345]) {
      for (let n = 0; n < 2_000; n++) expect(dueAfter(dueAt(n, rate), rate)).toBe(n + 1);
    }
  });

  it('makes up for a stall and counts it in all operations that it delayed', async () => {
    const clock = steppedClock([0, 50]);
    const latenessMs: number[] = [];
    await runOpenLoop({ clock, ratePerSecond: 100, count: 8, start: (_, dueMs) => latenessMs.push(clock.monotonic() - dueMs) });
    expect(latenessMs).toEqual([0, 0, 50, 40, 30, 20, 10, 0]);
  });
});

describe('the ledger', () => {
  const ledgerOf = (messages: number, receivers: number): Ledger => {
    const ledger = new Ledger({ first: 100, messages, receivers });
    for (let i = 0; i < messages; i++) ledger.due(100 + i, 1_000);
    return ledger;
  };

  it('is done when everything was acknowledged and reached everybody', async () => {
    const ledger = ledgerOf(1, 2);
    let isDone = false;
    const done = ledger.done().then(() => {
      isDone = true;
    });
    ledger.arrived(100, 1_004);
    ledger.stored(100, 1_003);
    await Promise.resolve();
    expect(isDone).toBe(false);
    ledger.arrived(100, 1_010);
    await done;
    const { faults, ack, delivery, delivered } = ledger.result();
    expect({ faults, delivered, ack: ack.max, p50: delivery.p50, max: delivery.max }).toEqual({
      faults: [],
      delivered: 2,
      ack: 3,
      p50: 4,
      max: 10,
    });
  });

  it('names what was lost, doubled, refused and foreign', () => {
    const ledger = ledgerOf(4, 1);
    for (const index of [100, 100, 101, 103]) ledger.stored(index, 1_001);
    for (const index of [100, 100, 103, 999]) ledger.arrived(index, 1_002);
    ledger.refused('RATE_LIMITED');
    expect(ledger.result().faults).toEqual([
      '1 messages acknowledged more than once',
      '1 deliveries missing',
      '1 deliveries too many',
      '1 answers or deliveries of other messages',
      '1 refused with RATE_LIMITED',
    ]);
  });

  it('times the last receiver only where that is asked for', () => {
    const ledger = new Ledger({ first: 0, messages: 1, receivers: 3, isLastOnly: true });
    ledger.due(0, 0);
    for (const nowMs of [1, 2, 9]) ledger.arrived(0, nowMs);
    expect(ledger.result().delivery).toMatchObject({ count: 1, max: 9 });
  });
});

describe('files of /proc', () => {
  it('are read as proc(5) describes them', () => {
    expect(cpuTicksOfStat('42 (a ) name) S 1 42 42 0 -1 4194304 100 0 0 0 17 25 3 4 20 0 11 0 407762')).toBe(42);
    expect(residentBytesOf('Name:\tnode\nVmHWM:\t  9 kB\nVmRSS:\t    1024 kB\n')).toBe(1_048_576);
    expect(busyTicksOf('cpu  10 1 20 1000 500 3 4 2 0 0\ncpu0 1 1 1 1\n')).toBe(40);
    expect(bytesOfMeminfo('MemTotal: 9 kB\nSlab:     8 kB\n', 'Slab')).toBe(8192);
  });
});
