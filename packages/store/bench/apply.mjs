// What the embedded history costs per event: node packages/store/bench/apply.mjs (after a build).
//   EVENTS=300000 CONVERSATIONS=32000 BATCH=300 RATE=0 (events per second; 0: as fast as it goes)
//   DETAILS=1 (rows of details per event, at most 1)
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partitionOf, seededRandom, systemClock, systemRandom } from '@parley/kernel';
import { openLmdbHistoryStore } from '@parley/store';

const numberFrom = (name, fallback) => Number(process.env[name] ?? fallback);
const eventCount = numberFrom('EVENTS', 300_000);
const conversationCount = numberFrom('CONVERSATIONS', 32_000);
const batchSize = numberFrom('BATCH', 300);
const rate = numberFrom('RATE', 0);
const detailsPerEvent = numberFrom('DETAILS', 0);
const partitions = 16;
const bodyBytes = 300;
const random = seededRandom(1);

const ids = Array.from({ length: partitions }, () => []);
for (let i = 0; i < conversationCount; i++) {
  const id = `u:user${i}|user${(i * 7919) % 1_000_003}`;
  ids[partitionOf('demo', id, partitions)].push(id);
}
const heads = new Map();
const offsets = new Array(partitions).fill(0);
let messages = 0;

function makeBatch(partition) {
  const bytes = Buffer.alloc(bodyBytes * batchSize, 7);
  const rows = Array.from({ length: batchSize }, (_, index) => {
    const conversation = ids[partition][Math.floor(random.next() * ids[partition].length)];
    const seq = (heads.get(conversation) ?? 0) + 1;
    heads.set(conversation, seq);
    return { app: 'demo', conversation, seq, event: bytes.subarray(index * bodyBytes, (index + 1) * bodyBytes), countable: seq };
  });
  const timeMs = systemClock.now();
  const sends = rows.map(({ app, conversation, seq }) => {
    const clientMsgId = `c-${(messages++).toString(36)}-abcdef`;
    return { app, conversation, sender: 'alice', clientMsgId, seq, messageId: `01hxyz-${clientMsgId}`, timeMs, bodyHash: seq * 7919 };
  });
  const conversations = [...new Map(rows.map((row) => [row.conversation, row.seq]))].map(([conversation, headSeq]) => ({
    app: 'demo',
    conversation,
    headSeq,
    countable: headSeq,
    updatedMs: timeMs,
    membershipVersion: 0,
    closed: false,
    speaking: new Uint8Array(0),
    historyAccess: 0,
    keptFromSeq: 0,
    details: new Uint8Array(0),
  }));
  offsets[partition] += batchSize;
  const position = { offset: offsets[partition], fence: 1, index: offsets[partition] };
  const checkpoint = { position, tail: position, timeMs };
  const none = { emptied: [], members: [], memberships: [], departures: [] };
  const details = rows.slice(0, batchSize * detailsPerEvent).map(({ app, conversation }) => ({
    app,
    space: `user:${conversation.slice(2, conversation.indexOf('|'))}`,
    key: conversation,
    value: bytes.subarray(0, 40),
  }));
  return { offset: position.offset - 1, events: rows, sends, conversations, details, ...none, checkpoint };
}

const path = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const store = await openLmdbHistoryStore({ path, clock: systemClock, random: systemRandom });
const batches = Array.from({ length: Math.ceil(eventCount / batchSize) }, (_, index) => [
  index % partitions,
  makeBatch(index % partitions),
]);
const total = batches.length * batchSize;

const started = performance.now();
const cpuBefore = process.cpuUsage();
const loopBefore = performance.eventLoopUtilization();
for (const [index, [partition, batch]] of batches.entries()) {
  await store.apply(partition, batch);
  const dueMs = rate === 0 ? 0 : started + ((index * batchSize) / rate) * 1000 - performance.now();
  await new Promise((resolve) => (dueMs > 0 ? setTimeout(resolve, dueMs) : setImmediate(resolve)));
}
await store.flush();
const elapsedMs = performance.now() - started;
const cpu = process.cpuUsage(cpuBefore);
const loop = performance.eventLoopUtilization(loopBefore);
const micros = (value) => `${(value / total).toFixed(1)} µs`;
console.log(`${conversationCount} conversations, batches of ${batchSize}, ${total} events`);
console.log(
  `${((total / elapsedMs) * 1000).toFixed(0)} events/s on disk; per event: CPU ${micros(cpu.user + cpu.system)}, ` +
    `event loop ${micros(loop.active * 1000)}, file ${(statSync(join(path, 'data.mdb')).size / total).toFixed(0)} bytes`,
);
await store[Symbol.asyncDispose]();
rmSync(path, { recursive: true });
