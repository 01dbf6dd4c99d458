import { backoffMs, type Random, seededRandom, sleep } from '@parley/kernel';
import { Priority } from '@parley/wire';
import { Samples } from '../measure/percentiles.js';
import { type EdgeClient, RequestRefused } from '../protocol/edge-client.js';
import { SendTemplate } from '../protocol/send-template.js';
import { AdminClient } from '../server/admin-client.js';
import { Filler } from './filler.js';
import { startHeartbeats } from './heartbeat.js';
import { doubtsAbout, lagDoubts } from './judge.js';
import { MessageRun, type RunResult, type Sender } from './message-run.js';
import { forEachBounded, type Identity, logoutAll, mintIdentities, openClients } from './open-clients.js';
import { cursorOfNow, openSynced } from './synced-client.js';
import { untilQuiet } from './until-quiet.js';
import { adminOf, type BenchContext, type Round, type RunningWorkload } from './workload.js';

/** Groups that each user is in; the other conversations are with single users. */
const groupsEach = 2;
const groupSize = 20;
const attemptsMax = 30;
const backoff = { firstMs: 400, longestMs: 5_000 };
/** The pair goes on chatting so long after the last user was due. */
const chatsOnSeconds = 4;
const freeSeconds = 5;

/**
 * Users who lost their connections and come back within a few seconds, each with a new session, while a pair that did not
 * lose its own goes on chatting.
 */
export async function startStorm(context: BenchContext): Promise<RunningWorkload> {
  const { clock, settings } = context;
  const users = mintIdentities(context, 'u', settings.storm);
  await makeLists(context, users);
  const cursor = await cursorOfNow(context, users[0]?.user ?? '');
  const run = new MessageRun(context);
  const pair = await openClients(context, mintIdentities(context, 'pair', 2), run);
  const stopHeartbeats = startHeartbeats(pair, clock);
  const chat = (seconds: number): Promise<RunResult> => {
    const senders = pair.map((client) => ({ client, template: templateOf(pair.map(({ user }) => user)) }));
    return run.openLoop(senders, settings.rate, { messages: Math.ceil(settings.rate * seconds), receivers: 1 });
  };
  const random = seededRandom(settings.storm);
  return {
    async round(isWarmUp) {
      // The compiler needs some logins, not all of them.
      const returning = isWarmUp ? users.slice(0, Math.ceil(users.length / 4)) : users;
      const free = await chat(isWarmUp ? 1 : freeSeconds);
      const chatting = chat(settings.seconds + chatsOnSeconds);
      const storm = await comeBack(context, returning, { cursor, random });
      const during = await chatting;
      await forEachBounded(storm.clients, 64, async (client) => client.drop());
      await untilQuiet(context);
      return roundOf(storm, { free, during });
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, pair);
    },
  };
}

const templateOf = (users: readonly string[]): SendTemplate =>
  new SendTemplate({ conversation: `u:${[...users].sort().join('|')}`, priority: Priority.MEDIUM, textBytes: 200 });

/** Gives every user a list, and loses all connections. */
async function makeLists(context: BenchContext, users: readonly Identity[]): Promise<void> {
  const { clock, settings, server, tag } = context;
  const filler = new Filler(clock);
  const clients = await openClients(context, users, filler);
  const stopHeartbeats = startHeartbeats(clients, clock);
  const admin = new AdminClient(adminOf(server), clock);
  const numbers = Array.from({ length: Math.ceil(users.length / groupSize) * groupsEach }, (_, number) => number);
  await forEachBounded(numbers, 8, async (number) => {
    const [owner, ...members] = membersOf(users, number);
    await admin.call('group/createGroup', { app: server.app.app, group: `${tag}-s${number}`, name: 'bench', owner, members });
  });
  await filler.fill(directOf(clients, settings.conversations - groupsEach));
  await untilQuiet(context, 30_000);
  stopHeartbeats();
  for (const client of clients) client.drop();
  await untilQuiet(context, 30_000);
}

/** Users of a group: neighbours in one half of the groups, far from each other in the other. */
export function membersOf(users: readonly Identity[], number: number): readonly string[] {
  const stride = Math.ceil(users.length / groupSize);
  const block = Math.floor(number / groupsEach);
  const at = Array.from({ length: groupSize }, (_, i) => (number % groupsEach === 0 ? block * groupSize + i : block + i * stride));
  return at.flatMap((index) => users[index]?.user ?? []);
}

/** Who writes to whom, by index: everybody to those behind, so that all end with so many conversations, as far as there are users. */
export function* directPairs(users: number, conversations: number): Generator<readonly [number, number]> {
  const reach = Math.min(Math.floor(conversations / 2), Math.floor((users - 1) / 2));
  for (let step = 1; step <= reach; step++) for (let at = 0; at < users; at++) yield [at, (at + step) % users];
}

function* directOf(clients: readonly EdgeClient[], conversations: number): Generator<Sender> {
  for (const [from, to] of directPairs(clients.length, conversations)) {
    const [client, other] = [clients[from], clients[to]];
    if (client !== undefined && other !== undefined) yield { client, template: templateOf([client.user, other.user]) };
  }
}

interface Storm {
  readonly clients: readonly EdgeClient[];
  readonly cpu: ReturnType<ReturnType<BenchContext['meter']['start']>>;
  /** From when a user was due until the list was there, milliseconds. */
  readonly synced: Samples;
  /** From the first to the last, milliseconds. */
  readonly lastedMs: number;
  /** What was refused or lost on the way, by what was said. */
  readonly errors: ReadonlyMap<string, number>;
  readonly failed: number;
  readonly bytes: number;
  readonly conversations: number;
}

async function comeBack(
  context: BenchContext,
  users: readonly Identity[],
  { cursor, random }: { readonly cursor: string; readonly random: Random },
): Promise<Storm> {
  const { clock, settings, meter } = context;
  const clients: EdgeClient[] = [];
  const synced = new Samples();
  const errors = new Map<string, number>();
  const events = new Filler(clock).events;
  let failed = 0;
  let bytes = 0;
  let conversations = 0;
  const used = meter.start();
  const startMs = clock.monotonic();
  const one = async (identity: Identity): Promise<void> => {
    const dueMs = random.next() * settings.seconds * 1000;
    await sleep(clock, dueMs);
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      try {
        const found = await openSynced(context, identity, { cursor, events });
        synced.add(clock.monotonic() - startMs - dueMs);
        bytes += found.bytes;
        conversations += found.conversations;
        clients.push(found.client);
        return;
      } catch (error) {
        const name = error instanceof RequestRefused ? error.error : String(error);
        errors.set(name, (errors.get(name) ?? 0) + 1);
        const advisedMs = error instanceof RequestRefused ? error.retryAfterMs : 0;
        await sleep(clock, advisedMs > 0 ? advisedMs : backoffMs(backoff, attempt - 1, random));
      }
    }
    failed++;
  };
  await Promise.all(users.map(one));
  return { clients, cpu: used(), synced, lastedMs: clock.monotonic() - startMs, errors, failed, bytes, conversations };
}

function roundOf(storm: Storm, { free, during }: { readonly free: RunResult; readonly during: RunResult }): Round {
  const { clients, cpu, synced, lastedMs, errors, failed, bytes, conversations } = storm;
  const { p50, p99, max } = synced.spread();
  return {
    values: {
      'server CPU per login and sync': (cpu.serverMs * 1000) / clients.length,
      'logins per second': (clients.length * 1000) / lastedMs,
      'all synced after': lastedMs,
      'synced p50': p50,
      'synced p99': p99,
      'synced max': max,
      'answer bytes': bytes / clients.length,
      'attempts that were refused share': ([...errors.values()].reduce((sum, count) => sum + count, 0) / clients.length) * 100,
      'chat delivered p99 before': free.delivery.p99,
      'chat delivered p99 during': during.delivery.p99,
      'chat delivered max during': during.delivery.max,
      'generator lag p99': during.lag.p99,
    },
    cpu,
    faults: [
      ...[free, during].flatMap(({ faults, troubles }) => [...faults, ...troubles]),
      ...(conversations === 0 ? [] : [`syncs told ${conversations} conversations in which nothing was new`]),
      ...(failed === 0
        ? []
        : [`${failed} users did not come back: ${[...errors].map(([name, count]) => `${count} × ${name}`).join(', ')}`]),
    ],
    invalid: [...doubtsAbout(cpu), ...lagDoubts(during.lag)],
  };
}
