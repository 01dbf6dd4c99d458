/*
 * What an append costs, delivery to a follower included. After a build:
 *   node bench/append.mjs [seconds per row] [directory]
 * CPU per record is what to compare; records per second depend on the disk and on who else is using it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parley/kernel';
import { createMemoryLog, openLmdbLog } from '../dist/index.js';

const [seconds = '2', directory = tmpdir()] = process.argv.slice(2);
const partitions = 16;
const value = new Uint8Array(300).fill(7);

/** Appends from so many callers at once, each waiting for its answer, while every partition is followed. */
async function measure(name, { log, kind, appenders }) {
  await log.createTopics([{ name, partitions, kind }]);
  const abort = new AbortController();
  const followers = Array.from({ length: partitions }, (_, partition) =>
    log.follow(name, partition, {
      from: 0,
      signal: abort.signal,
      onRecords: (records) => {
        if (kind === 'queue') void log.trim(name, partition, records.at(-1).offset + 1);
      },
    }),
  );
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + Number(seconds) * 1000;
  const latenciesMs = [];
  const run = async (appender) => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await log.append(name, appender % partitions, [{ value }]);
      const thenMs = nowMs;
      nowMs = performance.now();
      latenciesMs.push(nowMs - thenMs);
    }
  };
  await Promise.all(Array.from({ length: appenders }, (_, appender) => run(appender)));
  const { user, system } = process.cpuUsage(cpu);
  const elapsedS = (performance.now() - startMs) / 1000;
  abort.abort();
  await Promise.all(followers);
  latenciesMs.sort((a, b) => a - b);
  const count = latenciesMs.length;
  return {
    log: name,
    appenders,
    'records/s': Math.round(count / elapsedS),
    'CPU µs/record': Number(((user + system) / count).toFixed(1)),
    'p50 ms': Number(latenciesMs[count >> 1].toFixed(3)),
    'p99 ms': Number(latenciesMs[Math.floor(count * 0.99)].toFixed(3)),
  };
}

const rows = [];
const memory = createMemoryLog({ clock: systemClock });
rows.push(await measure('memory queue', { log: memory, kind: 'queue', appenders: 64 }));
await memory[Symbol.asyncDispose]();

for (const appenders of [1, 16, 64, 256]) {
  const path = mkdtempSync(join(directory, 'parley-bench-'));
  let commits = 0;
  const log = await openLmdbLog({ clock: systemClock, path, onCommit: () => (commits += 1) });
  const row = await measure('LMDB log', { log, kind: 'log', appenders });
  rows.push({ ...row, 'commits/s': Math.round(commits / Number(seconds)) });
  await log[Symbol.asyncDispose]();
  rmSync(path, { recursive: true });
}
console.table(rows);
