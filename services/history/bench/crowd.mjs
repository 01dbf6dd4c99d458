// What a crowd costs that enters a room and leaves it: node services/history/bench/crowd.mjs (after a build).
//   USERS=10000 CHUNK=200 (users per membership command) ROUNDS=3 STORE=lmdb|memory
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeTimelineBatch } from '@parley/contracts/events';
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
const users = Array.from({ length: numberFrom('USERS', 10_000) }, (_, i) => `user-${i}`);
const chunk = numberFrom('CHUNK', 200);
const conversation = 'r:live';
const deps = { clock: systemClock, random: seededRandom(3), telemetry: silentTelemetry, rules: { rulesOf: () => defaultRules } };

const content = encodeContent({ kind: { type: 'text', value: { text: 'hello' } } });
let version = 0;
let seq = 0;
const eventOf = (event) => encodeConversationEvent({ conversation, timeMs: systemClock.now(), ...event });
const change = (kind, part) => ({
  app: 'demo',
  event: eventOf({ body: { type: 'membership', value: { [kind]: part, version: ++version } } }),
  countable: seq,
});
const message = () => {
  seq += 1;
  const event = { seq, sender: users[seq % users.length], clientMsgId: `c-${seq}`, messageId: `m-${seq}` };
  return { app: 'demo', event: eventOf({ ...event, body: { type: 'content', value: content } }), countable: seq };
};

/** One record per command of `chunk` users, a message after each. */
function* records(kind) {
  for (let at = 0; at < users.length; at += chunk) {
    yield encodeTimelineBatch({ entries: [change(kind, users.slice(at, at + chunk)), message()] });
  }
}

for (let round = 1; round <= numberFrom('ROUNDS', 3); round++) {
  version = 0;
  seq = 0;
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
  const results = [];
  for (const kind of ['joined', 'left']) {
    const payloads = [...records(kind)];
    const cpu = process.cpuUsage();
    const started = performance.now();
    for (const payload of payloads) await owner.append([{ payload }]);
    await service.handlers.listConversations({ app: 'demo', user: 'user-0', page: '', limit: 10, changedSinceMs: 0, isCurrent: true });
    await store.flush?.();
    const used = process.cpuUsage(cpu);
    const perUser = ((used.user + used.system) / users.length).toFixed(1);
    results.push(`${kind} ${(performance.now() - started).toFixed(0)} ms, CPU ${perUser} µs per user`);
  }
  console.log(`${users.length} users in commands of ${chunk}: ${results.join('; ')}`);
  stop.abort();
  await running;
  await store[Symbol.asyncDispose]();
  await log[Symbol.asyncDispose]();
  rmSync(path, { recursive: true });
}
