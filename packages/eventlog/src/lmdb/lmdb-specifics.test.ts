import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CancelTimer, type Clock, systemClock } from '@parley/kernel';
import { Collector, LogBench, numberedTexts, textRecord, textsOf } from '../contract/fixture.js';
import { CommitFailedError, LogTakenOverError } from '../errors.js';
import { tailBytesMax } from '../limits.js';
import type { EventLog } from '../port.js';
import type { CommitReport } from './group-commit.js';
import { recordKey } from './layout.js';
import { type LmdbLogOptions, openLmdbLog } from './lmdb-log.js';
import { Tables } from './tables.js';

jest.setTimeout(30_000);

/** A clock that stands still and runs its timers when told to. */
class StoppedClock implements Clock {
  timeMs = Date.UTC(2030, 0, 1);
  readonly #timers = new Set<() => void>();

  now(): number {
    return this.timeMs;
  }

  monotonic(): number {
    return this.timeMs;
  }

  setTimer(_delayMs: number, action: () => void): CancelTimer {
    this.#timers.add(action);
    return () => this.#timers.delete(action);
  }

  runTimers(): void {
    const due = [...this.#timers];
    this.#timers.clear();
    for (const action of due) action();
  }
}

describe('a log on LMDB', () => {
  let path: string;
  let commits: CommitReport[];
  let benches: LogBench[];

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'parley-log-'));
    commits = [];
    benches = [];
  });

  afterEach(async () => {
    for (const bench of benches) await bench.close();
    await rm(path, { recursive: true });
  });

  /** A log over the test's directory. */
  async function open(options: Partial<LmdbLogOptions> = {}): Promise<LogBench> {
    const openLog = (): Promise<EventLog> =>
      openLmdbLog({ clock: systemClock, path, onCommit: (report) => commits.push(report), ...options });
    const bench = new LogBench({
      isDurable: true,
      open: async () => {
        let log = await openLog();
        const close = (): PromiseLike<void> => log[Symbol.asyncDispose]();
        const reopen = async (): Promise<EventLog> => {
          await close();
          log = await openLog();
          return log;
        };
        return { log, reopen, close };
      },
    });
    await bench.open();
    benches.push(bench);
    return bench;
  }

  /** What lies on disk, read behind the back of a closed log. */
  async function countOnDisk(bench: LogBench): Promise<number> {
    await bench.close();
    const tables = new Tables(path, 2 ** 30);
    const count = tables.records.getCount();
    await tables.root.close();
    return count;
  }

  it('commits the appends of one turn to all partitions and topics at once', async () => {
    const bench = await open();
    const topics = [await bench.topic({ partitions: 16 }), await bench.topic({ partitions: 16, kind: 'compacted' })];
    await Promise.all(
      topics.flatMap((topic) => numberedTexts(16).map((text) => bench.log.append(topic, Number(text), [textRecord(text, text)]))),
    );
    expect(commits).toEqual([expect.objectContaining({ jobs: 32, isFailed: false })]);
  });

  it('gathers what comes during a commit into the next one', async () => {
    const bench = await open();
    const topic = await bench.topic({ partitions: 4 });
    const first = bench.log.append(topic, 0, [textRecord('first')]);
    // Two turns of the microtask queue later the first commit is on its way.
    await Promise.resolve();
    await Promise.resolve();
    const others = numberedTexts(12).map((text) => bench.log.append(topic, Number(text) % 4, [textRecord(text)]));
    await Promise.all([first, ...others]);
    expect(commits.map(({ jobs }) => jobs)).toEqual([1, 12]);
  });

  it('shows a record to nobody before its commit', async () => {
    const bench = await open();
    const topic = await bench.topic();
    const pending = bench.log.append(topic, 0, [textRecord('early')]);
    const during = await bench.log.range(topic, 0);
    await pending;
    expect(during).toEqual({ start: 0, end: 0 });
    expect(await bench.log.range(topic, 0)).toEqual({ start: 0, end: 1 });
  });

  it('feeds a follower from disk that lags behind what is kept in memory', async () => {
    const bench = await open();
    const topic = await bench.topic();
    const value = new Uint8Array(tailBytesMax / 16);
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(numberedTexts(16).map(() => bench.log.append(topic, 0, [{ value }])));
    }
    const collector = new Collector(bench.log, { topic, partition: 0, from: 3 });
    await bench.log.append(topic, 0, [textRecord('newest')]);
    await bench.eventually('all has arrived', () => collector.records.length === 62);
    await collector.stop();
    expect(collector.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 62 }, (_, index) => index + 3));
  });

  it('keeps one record per key of a compacted topic on disk', async () => {
    const bench = await open();
    const topic = await bench.topic({ kind: 'compacted' });
    for (let round = 0; round < 10; round += 1) {
      const batches = [1, 2].map((copy) => [textRecord(`a${round}.${copy}`, 'a'), textRecord(`b${round}`, 'b')]);
      await Promise.all(batches.map((batch) => bench.log.append(topic, 0, batch)));
    }
    await bench.reopen();
    await bench.log.createTopics([{ name: topic, partitions: 1, kind: 'compacted' }]);
    expect(textsOf(await bench.readAll(topic))).toEqual(['a9.2', 'b9']);
    await bench.log.append(topic, 0, [textRecord('a10', 'a')]);
    expect(textsOf(await bench.readAll(topic))).toEqual(['b9', 'a10']);
    expect(await countOnDisk(bench)).toBe(2);
  });

  it('lets go of what is older than the retention, on disk too, a bounded number at a time', async () => {
    const clock = new StoppedClock();
    const bench = await open({ clock });
    const topic = await bench.topic({ retentionMs: 60_000 });
    const keeping = await bench.topic();
    await bench.log.append(keeping, 0, [textRecord('for ever')]);
    await bench.log.append(
      topic,
      0,
      numberedTexts(5_000).map((text) => textRecord(text)),
    );
    clock.timeMs += 40_000;
    await bench.log.append(topic, 0, [textRecord('younger')]);
    clock.timeMs += 40_000;
    commits.length = 0;
    await bench.eventually('the old ones are gone', async () => {
      clock.runTimers();
      return (await bench.log.range(topic, 0)).start === 5_000;
    });
    expect(commits.length).toBeGreaterThan(2);
    expect(textsOf(await bench.readAll(topic))).toEqual(['younger']);
    expect(textsOf(await bench.readAll(keeping))).toEqual(['for ever']);
    for (let sweep = 0; sweep < 20; sweep += 1) {
      clock.runTimers();
      await bench.log.append(keeping, 0, [textRecord(`${sweep}`)]);
    }
    expect(await countOnDisk(bench)).toBe(22);
  });

  it('looks at nothing behind the first record that is young enough to stay', async () => {
    const clock = new StoppedClock();
    const failures: unknown[] = [];
    const bench = await open({ clock, onSweepFailed: (error) => failures.push(error) });
    const topic = await bench.topic({ retentionMs: 60_000 });
    await bench.log.append(topic, 0, [textRecord('old')]);
    clock.timeMs += 40_000;
    await bench.log.append(topic, 0, [textRecord('young'), textRecord('not to be read')]);
    clock.timeMs += 40_000;
    await bench.close();
    const tables = new Tables(path, 2 ** 30);
    await tables.records.put(recordKey(tables.topic(topic)?.id ?? 0, 0, 2), Buffer.from('of no known layout'));
    await tables.root.close();
    await bench.open();
    await bench.log.createTopics([{ name: topic, partitions: 1, kind: 'log', retentionMs: 60_000 }]);
    await bench.eventually('the old one is gone', async () => {
      clock.runTimers();
      return (await bench.log.range(topic, 0)).start === 1;
    });
    expect(failures).toEqual([]);
  });

  it('refuses appends while the disk is nearly full, has none of them, and goes on when there is room', async () => {
    let freeDiskBytes = 10_000_000;
    const bench = await open({ diskReserveBytes: 1_000_000, freeDiskBytes: () => freeDiskBytes });
    const topic = await bench.topic({ partitions: 2 });
    await bench.log.append(topic, 0, [textRecord('before')]);
    freeDiskBytes = 1_000_010;
    const refused = numberedTexts(4).map((text) => bench.log.append(topic, Number(text) % 2, [textRecord(text)]));
    for (const append of refused) await expect(append).rejects.toThrow(CommitFailedError);
    freeDiskBytes = 10_000_000;
    expect(await bench.log.append(topic, 0, [textRecord('after')])).toEqual({ firstOffset: 1 });
    expect(textsOf(await bench.readAll(topic))).toEqual(['before', 'after']);
    expect(await bench.readAll(topic, 1)).toEqual([]);
  });

  it('uses the room of deleted records again on a disk that stays nearly full', async () => {
    const clock = new StoppedClock();
    let freeDiskBytes = 10_000_000;
    const bench = await open({ clock, diskReserveBytes: 1_000_000, freeDiskBytes: () => freeDiskBytes });
    const topic = await bench.topic();
    const record = { value: new Uint8Array(10_000) };
    await bench.log.append(
      topic,
      0,
      numberedTexts(50).map(() => record),
    );
    freeDiskBytes = 900_000;
    await expect(bench.log.append(topic, 0, [record])).rejects.toThrow(CommitFailedError);
    await bench.log.trim(topic, 0, 50);
    await bench.eventually('there is room again', async () => {
      clock.runTimers();
      return await bench.log.append(topic, 0, [record]).then(
        () => true,
        () => false,
      );
    });
    const appends = await Promise.allSettled(
      numberedTexts(20).map(() =>
        bench.log.append(
          topic,
          0,
          numberedTexts(5).map(() => record),
        ),
      ),
    );
    expect(appends.some(({ status }) => status === 'rejected')).toBe(true);
  });

  it('refuses appends once another has opened the directory, and has none of them', async () => {
    const older = await open();
    const topic = await older.topic();
    await older.log.append(topic, 0, [textRecord('before')]);
    const newer = await open();
    await newer.log.createTopics([{ name: topic, partitions: 1, kind: 'log' }]);
    await expect(older.log.append(topic, 0, [textRecord('zombie')])).rejects.toThrow(LogTakenOverError);
    await newer.log.append(topic, 0, [textRecord('after')]);
    expect(textsOf(await newer.readAll(topic))).toEqual(['before', 'after']);
  });

  it('refuses a directory with a layout that it does not know', async () => {
    const tables = new Tables(path, 2 ** 30);
    await tables.meta.put('format', { layout: 99 });
    await tables.root.close();
    await expect(openLmdbLog({ clock: systemClock, path })).rejects.toThrow('layout');
  });
});
