#!/usr/bin/env node
// CPU of this process per appended record, singly and in batches, and the latency from append to follower.
// Build first (npm run build); then: node packages/eventlog-kafka/bench/append-cost.mjs [nodes]
import { startKafka } from '@parley/engines';
import { systemClock, systemRandom } from '@parley/kernel';
import { openKafkaLog } from '../dist/index.js';

const nodes = Number(process.argv[2] ?? 1);
const partitions = 16;
const value = Buffer.alloc(300, 1);
const kafka = await startKafka({ nodes, jvmOptions: ['-XX:TieredStopAtLevel=4'] });
const log = openKafkaLog({ brokers: kafka.bootstrap, clientId: 'bench', clock: systemClock, random: systemRandom });
await log.createTopics([{ name: 'timeline', kind: 'log', partitions }]);
const ends = () => log.ranges('timeline').then((ranges) => ranges.reduce((sum, { end }) => sum + end, 0));

const percentile = (sorted, share) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);

/** `writers` loops, each appending `batch` records at a time, for a while; every follower takes everything. */
async function run(name, { writers, batch, pauseMs = 0, seconds = 5 }) {
  const stop = new AbortController();
  const sent = new Map();
  const latencies = [];
  let followed = 0;
  const from = await log.ranges('timeline');
  const followers = from.map(({ end }, partition) =>
    log.follow('timeline', partition, {
      from: end,
      signal: stop.signal,
      onRecords: (records) => {
        followed += records.length;
        for (const { offset } of records) {
          const at = sent.get(partition * 1e9 + offset);
          if (at !== undefined) latencies.push(performance.now() - at);
        }
      },
    }),
  );
  const acks = [];
  let appended = 0;
  const before = { cpu: process.cpuUsage(), at: performance.now() };
  const records = Array.from({ length: batch }, () => ({ value }));
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      while (performance.now() - before.at < seconds * 1000) {
        const at = performance.now();
        const { firstOffset } = await log.append('timeline', writer % partitions, records);
        acks.push(performance.now() - at);
        sent.set((writer % partitions) * 1e9 + firstOffset, at);
        appended += batch;
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 * pauseMs));
      }
    }),
  );
  const cpu = process.cpuUsage(before.cpu);
  const seconds_ = (performance.now() - before.at) / 1000;
  stop.abort();
  await Promise.all(followers);
  acks.sort((a, b) => a - b);
  const perRecord = (cpu.user + cpu.system) / appended;
  console.log(
    `${name}: ${Math.round(appended / seconds_)} records/s, ${perRecord.toFixed(1)} µs CPU each (append and follow), ` +
      `append p50 ${percentile(acks, 0.5)} p99 ${percentile(acks, 0.99)} ms, followed ${followed}`,
  );
}

await run('warm-up', { writers: 16, batch: 10, seconds: 3 });
await run('one at a time', { writers: 1, batch: 1 });
await run('64 writers, single records', { writers: 64, batch: 1 });
await run('about 1000/s, single records', { writers: 64, batch: 1, pauseMs: 60 });
await run('1024 writers, single records', { writers: 1024, batch: 1 });
await run('16 writers, batches of 100', { writers: 16, batch: 100 });
console.log(`${await ends()} records in all`);
const idle = { cpu: process.cpuUsage() };
const stop = new AbortController();
const ranges = await log.ranges('timeline');
const followers = ranges.map(({ end }, p) => log.follow('timeline', p, { from: end, signal: stop.signal, onRecords() {} }));
await new Promise((resolve) => setTimeout(resolve, 5000));
const { user, system } = process.cpuUsage(idle.cpu);
console.log(`idle, following ${partitions} partitions: ${((user + system) / 50_000).toFixed(2)} % of a core`);
stop.abort();
await Promise.all(followers);
await log[Symbol.asyncDispose]();
await kafka.stop();
