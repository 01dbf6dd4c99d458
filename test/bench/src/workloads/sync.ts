import { Priority } from '@parley/wire';
import { Samples } from '../measure/percentiles.js';
import type { CpuUse } from '../measure/process-meter.js';
import type { EdgeClient } from '../protocol/edge-client.js';
import { SendTemplate } from '../protocol/send-template.js';
import { AdminClient } from '../server/admin-client.js';
import { Filler } from './filler.js';
import { startHeartbeats } from './heartbeat.js';
import { doubtsAbout } from './judge.js';
import type { Sender } from './message-run.js';
import { forEachBounded, type Identity, logoutAll, mintIdentities, openClients } from './open-clients.js';
import { startStorm } from './sync-storm.js';
import { cursorOfNow, openSynced, type SyncedClient } from './synced-client.js';
import { untilQuiet } from './until-quiet.js';
import { adminOf, type BenchContext, type Round, type RunningWorkload, type Workload } from './workload.js';

/** Users with long lists who come back: to nothing new, and to news in all conversations. With `storm`, many users at once. */
export const sync: Workload = {
  name: 'sync',
  defaults: { users: 40, conversations: 1_000, concurrency: 4, storm: 0, seconds: 4, rate: 20 },
  needsFreshServer: false,
  start: (context) => (context.settings.storm > 0 ? startStorm(context) : startSync(context)),
};

/** Times that each user comes back while the gateway still knows them. */
const returns = 10;

/** A user of the round, and where their last sync ended. */
interface Returning {
  readonly identity: Identity;
  readonly cursor: string;
}

async function startSync(context: BenchContext): Promise<RunningWorkload> {
  const { clock, settings } = context;
  const filler = new Filler(clock);
  // Each has one conversation with every user and is in one group with all of them.
  const peers = await openClients(context, mintIdentities(context, 'p', Math.ceil(settings.conversations / 2)), filler);
  const stopHeartbeats = startHeartbeats(peers, clock);
  let rounds = 0;
  return {
    async round(isWarmUp) {
      // Users whom no gateway has seen: what they subscribe to is kept for a while after they have left.
      const users = mintIdentities(context, `h${rounds++}-`, isWarmUp ? Math.ceil(settings.users / 4) : settings.users);
      const news = await makeConversations(context, users, peers);
      await filler.fill(news);
      await untilQuiet(context);
      const cursor = await cursorOfNow(context, users[0]?.user ?? '');
      const returning = users.map((identity) => ({ identity, cursor }));
      const cold = await comeBack(context, returning, 1);
      const warm = await comeBack(context, returning, returns);
      await filler.fill(news);
      await untilQuiet(context);
      const changed = await comeBack(context, returning, 1);
      return roundOf(settings.conversations, { cold, warm, changed });
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, peers);
    },
  };
}

/** Half of them are groups that all users share; the messages that open every conversation, or tell news in it. */
async function makeConversations(
  context: BenchContext,
  users: readonly Identity[],
  peers: readonly EdgeClient[],
): Promise<readonly Sender[]> {
  const { server, settings, clock } = context;
  const admin = new AdminClient(adminOf(server), clock);
  const templateOf = (conversation: string): SendTemplate =>
    new SendTemplate({ conversation, priority: Priority.MEDIUM, textBytes: settings.textBytes });
  const direct = peers.flatMap((client) =>
    users.map(({ user }) => ({ client, template: templateOf(`u:${[client.user, user].sort().join('|')}`) })),
  );
  const groups: Sender[] = [];
  await forEachBounded(peers.slice(0, settings.conversations - peers.length), 8, async (client) => {
    const group = `${users[0]?.user ?? ''}-with-${client.user}`;
    const members = users.map(({ user }) => user);
    await admin.call('group/createGroup', { app: server.app.app, group, name: 'bench', owner: client.user, members });
    groups.push({ client, template: templateOf(`g:${group}`) });
  });
  return [...direct, ...groups];
}

interface Return {
  readonly cpu: CpuUse;
  readonly count: number;
  readonly first: Samples;
  readonly all: Samples;
  /** Per return, means. */
  readonly bytes: number;
  readonly conversations: number;
  readonly pages: number;
  readonly troubles: readonly string[];
}

/** All users log in and sync so many times, some of them at the same time. */
async function comeBack(context: BenchContext, users: readonly Returning[], times: number): Promise<Return> {
  const troubles: string[] = [];
  const events = { ...new Filler(context.clock).events, trouble: (_: unknown, what: string) => troubles.push(what) };
  const first = new Samples();
  const all = new Samples();
  const found: SyncedClient[] = [];
  let cpu: CpuUse = { wallMs: 0, serverMs: 0, generatorMs: 0, othersMs: 0 };
  for (let time = 0; time < times; time++) {
    const synced: SyncedClient[] = [];
    const used = context.meter.start();
    await forEachBounded(users, context.settings.concurrency, async (user) => {
      const each = await openSynced(context, user.identity, { cursor: user.cursor, events });
      first.add(each.firstMs);
      all.add(each.allMs);
      synced.push(each);
    });
    cpu = sumOf(cpu, used());
    found.push(...synced);
    // Closing is no part of coming back.
    await logoutAll(
      context.clock,
      synced.map(({ client }) => client),
    );
  }
  const mean = (of: (each: SyncedClient) => number): number => found.reduce((sum, each) => sum + of(each), 0) / found.length;
  return {
    ...{ cpu, count: found.length, first, all, troubles },
    bytes: mean((each) => each.bytes),
    conversations: mean((each) => each.conversations),
    pages: mean((each) => each.pages),
  };
}

const sumOf = (a: CpuUse, b: CpuUse): CpuUse => ({
  wallMs: a.wallMs + b.wallMs,
  serverMs: a.serverMs + b.serverMs,
  generatorMs: a.generatorMs + b.generatorMs,
  othersMs: a.othersMs + b.othersMs,
});

function roundOf(conversations: number, { cold, warm, changed }: Readonly<Record<'cold' | 'warm' | 'changed', Return>>): Round {
  const cpuOf = ({ cpu, count }: Return): number => (cpu.serverMs * 1000) / count;
  const cpu = [cold, warm, changed].map((each) => each.cpu).reduce(sumOf);
  return {
    values: {
      'server CPU per login, nothing new': cpuOf(warm),
      'server CPU per login, nothing new, cold': cpuOf(cold),
      'server CPU per login, all new': cpuOf(changed),
      'login and sync p50, nothing new': warm.all.spread().p50,
      'login and sync p99, nothing new': warm.all.spread().p99,
      'login and sync p50, cold': cold.all.spread().p50,
      'login and sync p99, cold': cold.all.spread().p99,
      'first page p50, all new': changed.first.spread().p50,
      'login and sync p50, all new': changed.all.spread().p50,
      'login and sync p99, all new': changed.all.spread().p99,
      'answer bytes, nothing new': warm.bytes,
      'answer bytes, all new': changed.bytes,
      'pages, all new': changed.pages,
    },
    cpu,
    faults: [
      ...[cold, warm, changed].flatMap(({ troubles }) => troubles.slice(0, 5)),
      ...(cold.conversations + warm.conversations > 0 ? ['a sync told conversations in which nothing was new'] : []),
      ...(changed.conversations === conversations
        ? []
        : [`a sync told ${changed.conversations} of ${conversations} changed conversations`]),
    ],
    invalid: doubtsAbout(cpu),
  };
}
