import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import type { EventLog, NewRecord, StoredRecord, TopicSpec } from '../port.js';
import { openLmdbLog } from './lmdb-log.js';

const hourMs = 3_600_000;
const topics: readonly TopicSpec[] = [
  { name: 'kept', partitions: 2, kind: 'log' },
  { name: 'passing', partitions: 2, kind: 'log', retentionMs: 24 * hourMs },
  { name: 'newest', partitions: 1, kind: 'compacted' },
];
const record = (text: string, key = ''): NewRecord => ({ key, value: Buffer.from(text) });
const textsOf = (records: readonly StoredRecord[]): string[] => records.map(({ value }) => Buffer.from(value).toString());

describe('a log that is scrubbed', () => {
  let path: string;
  let timeMs: number;
  let failures: unknown[];
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'parley-scrub-'));
    timeMs = Date.UTC(2030, 0, 1);
    failures = [];
  });
  afterEach(() => rm(path, { recursive: true }));

  async function open(): Promise<EventLog> {
    const log = await openLmdbLog({ clock: { ...systemClock, now: () => timeMs }, path, onSweepFailed: (error) => failures.push(error) });
    await log.createTopics(topics);
    return log;
  }

  async function read(log: EventLog, topic: string, partition = 0): Promise<string[]> {
    const { start } = await log.range(topic, partition);
    return textsOf(await log.read(topic, partition, start));
  }

  const holds = async (words: string): Promise<boolean> => {
    const files = (await readdir(path)).map((name) => readFile(join(path, name)));
    return (await Promise.all(files)).some((bytes) => bytes.includes(words));
  };

  /** A log with words in it that go: by retention, by a trim, by newer ones with the same key. */
  async function fill(): Promise<void> {
    await using log = await open();
    for (let i = 0; i < 50; i++) {
      await log.append('passing', 1, [record(`old secret ${i}`), record(`older secret ${i}`)]);
      await log.append('kept', 0, [record(`trimmed secret ${i}`)]);
      await log.append('newest', 0, [record(`replaced secret ${i}`, 'a'), record(`value ${i}`, 'b')]);
    }
    await log.append('newest', 0, [record('a at last', 'a')]);
    await log.append('kept', 0, [record('first kept')]);
    await log.append('kept', 1, [record('other partition')]);
    await log.trim('kept', 0, 50);
    await log.scrub();
    timeMs += 23 * hourMs;
    await log.append('passing', 1, [record('young')]);
  }

  it('leaves no byte of what has gone, and has all the rest where it was', async () => {
    await fill();
    expect(await holds('secret')).toBe(true);
    timeMs += 3 * hourMs;
    await using log = await open();
    expect(await holds('secret')).toBe(false);
    expect(await read(log, 'passing', 1)).toEqual(['young']);
    expect(await log.range('passing', 1)).toEqual({ start: 100, end: 101 });
    expect(await read(log, 'kept')).toEqual(['first kept']);
    expect(await log.range('kept', 0)).toEqual({ start: 50, end: 51 });
    expect(await read(log, 'kept', 1)).toEqual(['other partition']);
    expect(await read(log, 'newest')).toEqual(['value 49', 'a at last']);
    expect(failures).toEqual([]);
  });

  it('goes on where it was: with its offsets, also behind what is gone, and with one record for each key', async () => {
    await fill();
    timeMs += 100 * hourMs;
    await using log = await open();
    expect(await log.range('passing', 1)).toEqual({ start: 101, end: 101 });
    expect(await log.append('passing', 1, [record('next')])).toEqual({ firstOffset: 101 });
    await log.append('newest', 0, [record('a once more', 'a')]);
    expect(await read(log, 'newest')).toEqual(['value 49', 'a once more']);
    expect((await log.append('kept', 0, [record('second kept')])).firstOffset).toBe(51);
  });

  it('waits until everything may go that it held at the time', async () => {
    await fill();
    {
      await using log = await open();
      expect(await holds('secret')).toBe(true);
      await log.scrub();
    }
    timeMs += 3 * hourMs;
    await (await open())[Symbol.asyncDispose]();
    expect(await holds('secret')).toBe(false);
    // The later wish is still to come.
    expect(existsSync(join(path, 'scrub-due.json'))).toBe(true);
    timeMs += 24 * hourMs;
    await (await open())[Symbol.asyncDispose]();
    expect((await readdir(path)).sort()).toEqual(['log.mdb', 'log.mdb-lock']);
  });

  it('is scrubbed in the end after a crash in the midst of it', async () => {
    await fill();
    timeMs += 3 * hourMs;
    await writeFile(join(path, 'scrubbed.mdb'), 'half a copy');
    await rm(join(path, 'scrub-due.json'));
    await writeFile(join(path, 'scrub-due.json'), 'half a wi');
    await (await open())[Symbol.asyncDispose]();
    expect(await holds('secret')).toBe(false);
    expect(await holds('half a')).toBe(false);
  });

  it('opens as it is when it cannot be scrubbed, and says so', async () => {
    await fill();
    timeMs += 3 * hourMs;
    await mkdir(join(path, 'scrubbed.mdb'));
    {
      await using log = await open();
      expect(await read(log, 'kept')).toEqual(['first kept']);
    }
    expect(failures).toHaveLength(1);
    await rmdir(join(path, 'scrubbed.mdb'));
    await (await open())[Symbol.asyncDispose]();
    expect(await holds('secret')).toBe(false);
  });
});
