import { describe, expect, it } from '@jest/globals';
import { createMemoryLog, type EventLog, type JoinOptions } from '@parley/eventlog';
import { createFaultyLog } from '@parley/eventlog/contract';
import { type CancelTimer, type Clock, seededRandom, systemClock } from '@parley/kernel';
import { OwnershipLostError } from './errors.js';
import { superviseOwnership } from './supervise-ownership.js';

/** Timers fire at once; the delays are kept. */
class ImpatientClock implements Clock {
  readonly delays: number[] = [];

  now(): number {
    return 0;
  }

  monotonic(): number {
    return 0;
  }

  setTimer(delayMs: number, action: () => void): CancelTimer {
    this.delays.push(delayMs);
    const timer = setImmediate(action);
    return () => clearImmediate(timer);
  }
}

/** A group whose assignments the test decides. */
function groupLog(): { readonly log: EventLog; readonly joined: JoinOptions[]; assign: (...partitions: number[]) => void } {
  const joined: JoinOptions[] = [];
  const log: EventLog = {
    ...createFaultyLog(createMemoryLog({ clock: systemClock }), {}),
    join: (options) => {
      joined.push(options);
      return new Promise((resolve) => options.signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  };
  return { log, joined, assign: (...partitions) => joined.at(-1)?.onAssigned(partitions) };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function supervise(run: (partition: number, signal: AbortSignal) => Promise<void>) {
  const group = groupLog();
  const stop = new AbortController();
  const clock = new ImpatientClock();
  const random = seededRandom(3);
  const ended = superviseOwnership({ log: group.log, group: 'owners', topics: ['t'], signal: stop.signal, clock, random, run });
  return { ...group, stop, ended, clock };
}

describe('the supervision of owned partitions', () => {
  it('runs what is assigned and stops what is not', async () => {
    const running = new Set<number>();
    const { assign, stop, ended } = supervise(async (partition, signal) => {
      running.add(partition);
      await untilAborted(signal);
      running.delete(partition);
    });
    assign(1, 2);
    await settled();
    expect([...running]).toEqual([1, 2]);
    assign(2, 3);
    await settled();
    expect([...running]).toEqual([2, 3]);
    stop.abort();
    await ended;
    expect([...running]).toEqual([]);
  });

  it('never runs a partition twice at once', async () => {
    const events: string[] = [];
    let letGo = (): void => {};
    const { assign, stop, ended } = supervise(async (_partition, signal) => {
      events.push('begins');
      await untilAborted(signal);
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      events.push('ends');
    });
    assign(1);
    await settled();
    assign();
    assign(1);
    await settled();
    expect(events).toEqual(['begins']);
    letGo();
    await settled();
    expect(events).toEqual(['begins', 'ends', 'begins']);
    stop.abort();
    await settled();
    letGo();
    await ended;
  });

  it('runs again after a failure, with pauses that grow, and longer ones after losing to another claim', async () => {
    const pausesAfter = async (error: Error): Promise<number> => {
      let runs = 0;
      const done = new AbortController();
      const { assign, stop, ended, clock } = supervise(async () => {
        if (++runs === 40) done.abort();
        throw error;
      });
      const enough = untilAborted(done.signal);
      assign(1);
      await enough;
      stop.abort();
      await ended;
      return clock.delays.reduce((sum, delay) => sum + delay, 0) / clock.delays.length;
    };
    const afterFailure = await pausesAfter(new Error('broken'));
    const afterClaim = await pausesAfter(new OwnershipLostError({ topic: 't', partition: 1 }, 4, 'claimed'));
    expect(afterFailure).toBeGreaterThan(1_000);
    expect(afterClaim).toBeGreaterThan(2 * afterFailure);
  });

  it('leaves the group only when everything has ended', async () => {
    let letGo = (): void => {};
    const { assign, stop, ended, joined } = supervise(
      () =>
        new Promise<void>((resolve) => {
          letGo = resolve;
        }),
    );
    assign(1);
    await settled();
    stop.abort();
    await settled();
    expect(joined[0]?.signal.aborted).toBe(false);
    letGo();
    await ended;
    expect(joined[0]?.signal.aborted).toBe(true);
  });

  it('joins again when the group was lost, and lets the partitions run meanwhile', async () => {
    let joins = 0;
    const stop = new AbortController();
    const aborts: boolean[] = [];
    const failing: EventLog = {
      ...groupLog().log,
      join: async ({ onAssigned, signal }) => {
        joins++;
        onAssigned([1]);
        if (joins === 1) throw new Error('no coordinator');
        stop.abort();
        await untilAborted(signal);
      },
    };
    const run = async (_partition: number, signal: AbortSignal): Promise<void> => {
      await untilAborted(signal);
      aborts.push(stop.signal.aborted);
    };
    const options = { log: failing, group: 'owners', topics: ['t'], clock: new ImpatientClock(), random: seededRandom(1) };
    await superviseOwnership({ ...options, signal: stop.signal, run });
    expect({ joins, aborts }).toEqual({ joins: 2, aborts: [true] });
  });
});
