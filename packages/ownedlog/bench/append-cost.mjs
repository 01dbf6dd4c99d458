// What ownership adds to an append: the same batches into a log that answers at once, bare and owned.
// Run after the build: node packages/ownedlog/bench/append-cost.mjs
import { systemClock, systemRandom } from '@parley/kernel';
import { claimPartition } from '../dist/index.js';

const stored = [];
let end = 0;
let keep = true;
const log = {
  append: async (_topic, _partition, records) => {
    const firstOffset = end;
    end += records.length;
    if (keep) for (const { value } of records) stored.push({ offset: stored.length, timeMs: 0, key: '', value });
    return { firstOffset };
  },
  range: async () => ({ start: 0, end }),
  read: async (_topic, _partition, from) => stored.slice(from),
};

const deps = { log, clock: systemClock, random: systemRandom };
const signal = new AbortController().signal;
const owner = await claimPartition(deps, { topic: 'bench', partition: 0, signal, onRecord: () => {} });
keep = false;

const payload = new Uint8Array(400);
const positions = new Map(['lane.system', 'lane.high', 'lane.medium', 'lane.low'].map((name, at) => [name, 1_000_000 + at]));
const drafts = [{ payload, positions }];
const records = [{ value: payload }];

async function measure(name, act, rounds = 300_000) {
  for (let round = 0; round < rounds / 10; round++) await act();
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) await act();
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}: ${((user + system) / rounds).toFixed(2)} µs CPU per append`);
}

// The owner first: what is appended behind its back it would have to look for.
await measure('owned append, 400 bytes, four positions', () => owner.append(drafts));
await measure('bare append', () => log.append('bench', 0, records));
