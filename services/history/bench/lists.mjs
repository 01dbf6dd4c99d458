// What projecting costs per message, and what a list of conversations costs: node services/history/bench/lists.mjs (after a build).
//   CONVERSATIONS=1000 MESSAGES=20000 BATCH=100 (messages per record) STORE=lmdb|memory
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeTimelineBatch } from '@parley/contracts/events';
import { ListConversationsResponse } from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { defaultRules } from '@parley/domain';
import { createMemoryLog } from '@parley/eventlog';
import { seededRandom, systemClock, systemRandom } from '@parley/kernel';
import { claimPartition, startOfLog } from '@parley/ownedlog';
import { createMemoryDirectory } from '@parley/rpc';
import { createMemoryHistoryStore, openLmdbHistoryStore } from '@parley/store';
import { silentTelemetry } from '@parley/telemetry';
import { encodeContent, encodeConversationEvent } from '@parley/wire';
import { createHistoryService } from '../dist/service.js';

const numberFrom = (name, fallback) => Number(process.env[name] ?? fallback);
const others = Array.from({ length: numberFrom('CONVERSATIONS', 1_000) }, (_, i) => `friend-${i}`);
const batch = numberFrom('BATCH', 100);
const app = 'demo';
const content = encodeContent({ kind: { type: 'text', value: { text: 'hello'.repeat(8) } } });
const deps = { clock: systemClock, random: seededRandom(3), telemetry: silentTelemetry, rules: { rulesOf: () => defaultRules } };

const seqs = new Map();
function message(i) {
  const other = others[i % others.length];
  const conversation = `u:ann|${other}`;
  const seq = (seqs.get(conversation) ?? 0) + 1;
  seqs.set(conversation, seq);
  const sender = i % 2 === 0 ? 'ann' : other;
  const event = { conversation, seq, sender, clientMsgId: `c-${i}`, messageId: `m-${i}`, timeMs: systemClock.now() };
  return { app, event: encodeConversationEvent({ ...event, body: { type: 'content', value: content } }), countable: seq };
}

const log = createMemoryLog(deps);
const path = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const isMemory = process.env.STORE === 'memory';
const store = isMemory ? createMemoryHistoryStore(deps) : await openLmdbHistoryStore({ path, clock: systemClock, random: systemRandom });
const stop = new AbortController();
await log.createTopics([{ name: topics.timeline, partitions: 1, kind: 'log' }]);
const claim = { topic: topics.timeline, partition: 0, from: startOfLog, onRecord: () => {}, signal: stop.signal };
const owner = await claimPartition({ log, ...deps }, claim);
const directory = createMemoryDirectory();
const service = createHistoryService({ log, ...deps, store, directory, address: 'local', peer: 'history', partitions: 1 });
const isUp = new Promise((resolve) => directory.onChange(() => resolve()));
const running = service.run(stop.signal);
await isUp;

const list = { app, user: 'ann', page: '', limit: 0, changedSinceMs: 0, isCurrent: false, isMembershipOnly: false };
const caughtUp = () => service.handlers.listConversations({ ...list, user: 'nobody', isCurrent: true });
async function measure(name, count, work) {
  const cpu = process.cpuUsage();
  await work();
  const used = process.cpuUsage(cpu);
  console.log(`${name}: ${((used.user + used.system) / count).toFixed(1)} µs of CPU`);
}

async function project(count) {
  const payloads = [];
  for (let i = 0; i < count; i += batch) {
    payloads.push(encodeTimelineBatch({ entries: Array.from({ length: Math.min(batch, count - i) }, (_, j) => message(i + j)) }));
  }
  await measure(`a message, ${batch} per record`, count, async () => {
    for (const payload of payloads) await owner.append([{ payload }]);
    await caughtUp();
    await store.flush?.();
  });
}
for (let round = 0; round < 3; round++) await project(numberFrom('MESSAGES', 20_000));

const rounds = 50;
const repeat = async (work) => {
  for (let i = 0; i < rounds; i++) await work();
};
const future = systemClock.now() + 60_000;
const answer = await service.handlers.listConversations({ ...list, changedSinceMs: future });
console.log(`nothing new among ${others.length}: ${ListConversationsResponse.encode(answer).length} bytes`);
for (let round = 0; round < 2; round++) {
  await measure('  sync, nothing new', rounds, () => repeat(() => service.handlers.listConversations({ ...list, changedSinceMs: future })));
  await measure('  sync, everything new', rounds, () => repeat(() => service.handlers.listConversations(list)));
  await measure('  memberships only', rounds, () => repeat(() => service.handlers.listConversations({ ...list, isMembershipOnly: true })));
  const query = { app, user: 'ann', filter: undefined, page: '', limit: 50 };
  await measure('  first page of the list', rounds, () => repeat(() => service.handlers.queryConversations(query)));
}
stop.abort();
await running;
await store[Symbol.asyncDispose]();
await log[Symbol.asyncDispose]();
rmSync(path, { recursive: true });
