import { sleep } from '@parley/kernel';
import { Priority } from '@parley/wire';
import type { Spread } from '../measure/percentiles.js';
import type { EdgeClient } from '../protocol/edge-client.js';
import { SendTemplate } from '../protocol/send-template.js';
import { AdminClient } from '../server/admin-client.js';
import { startHeartbeats } from './heartbeat.js';
import { doubtsAbout, lagDoubts } from './judge.js';
import { costRatios, type GroupCost, onlineCounts, sizesOf } from './large-group-plan.js';
import { MessageRun } from './message-run.js';
import { forEachBounded, type Identity, logoutAll, mintIdentities, openClients } from './open-clients.js';
import { untilQuiet } from './until-quiet.js';
import { adminOf, type BenchContext, type Round, type RunningWorkload, type Workload } from './workload.js';

/** Groups of very different sizes in which equally many are online: what those who are away cost. */
export const largeGroup: Workload = {
  name: 'large-group',
  defaults: { members: 100_000, online: 200, rate: 20, seconds: 5 },
  needsFreshServer: false,
  start: startLargeGroup,
};

const invitedAtOnce = 100;
const idleSeconds = 2;
const warmUpSeconds = 3;

async function startLargeGroup(context: BenchContext): Promise<RunningWorkload> {
  const { settings, meter } = context;
  // One for all rounds: whoever sends the same message id again into a conversation has said nothing new.
  const run = new MessageRun(context);
  const identities = mintIdentities(context, 'm', settings.online);
  const residentBefore = meter.residentBytes();
  const groups: FilledGroup[] = [];
  for (const size of sizesOf(settings)) groups.push(await makeGroup(context, identities, size));
  const residentAfter = meter.residentBytes();
  const made = groups.reduce((sum, { madeMs }) => sum + madeMs, 0);
  const members = groups.reduce((sum, { size }) => sum + size, 0);
  const about = {
    'made per 1000 members': (made * 1000) / members,
    'server CPU per member': (groups.reduce((sum, { madeCpuMs }) => sum + madeCpuMs, 0) * 1000) / members,
    'server resident before': residentBefore / 2 ** 20,
    'server resident after': residentAfter / 2 ** 20,
  };
  return {
    async round(isWarmUp) {
      const costs: GroupCost[] = [];
      for (const online of onlineCounts(settings))
        costs.push(...(await measureOnline(context, { run, groups, identities: identities.slice(0, online), isWarmUp })));
      return roundOf(costs, about);
    },
    async [Symbol.asyncDispose]() {
      // Each round has ended its own sessions.
    },
  };
}

interface FilledGroup {
  readonly name: string;
  readonly size: number;
  readonly madeMs: number;
  readonly madeCpuMs: number;
}

/** Makes a group by the back-end API, first those who will be online, and waits until the server has done what follows. */
async function makeGroup(context: BenchContext, online: readonly Identity[], size: number): Promise<FilledGroup> {
  const { server, clock, tag, meter, note } = context;
  const admin = new AdminClient(adminOf(server), clock);
  const group = `${tag}-${size}`;
  const users = Array.from({ length: size }, (_, at) => online[at]?.user ?? `${tag}-away${at}`);
  const startMs = clock.monotonic();
  const used = meter.start();
  const call = { app: server.app.app, group };
  await admin.call('group/createGroup', {
    ...call,
    name: 'bench',
    owner: users[0],
    members: users.slice(1, invitedAtOnce),
    memberLimit: size,
  });
  const batches = Array.from({ length: Math.ceil(size / invitedAtOnce) - 1 }, (_, at) =>
    users.slice((at + 1) * invitedAtOnce, (at + 2) * invitedAtOnce),
  );
  await forEachBounded(batches, 4, async (batch) => {
    await admin.call('group/inviteToGroup', { ...call, users: batch });
  });
  const madeMs = clock.monotonic() - startMs;
  await untilQuiet(context, 30_000);
  note(`a group of ${size} was made in ${Math.round(madeMs)} ms`);
  return { name: group, size, madeMs, madeCpuMs: used().serverMs };
}

interface OnlineOptions {
  readonly run: MessageRun;
  readonly groups: readonly FilledGroup[];
  /** Of those who are online. */
  readonly identities: readonly Identity[];
  readonly isWarmUp: boolean;
}

/** Messages into one group after the other, by those who are online. */
async function measureOnline(context: BenchContext, { run, groups, identities, isWarmUp }: OnlineOptions): Promise<readonly GroupCost[]> {
  const { clock, settings } = context;
  const clients = await openClients(context, identities, run);
  const stopHeartbeats = startHeartbeats(clients, clock);
  await untilQuiet(context);
  const idleShare = await idleShareOf(context);
  const costs: GroupCost[] = [];
  for (const { name, size } of groups) {
    const seconds = isWarmUp ? Math.min(warmUpSeconds, settings.seconds) : settings.seconds;
    costs.push(await measureGroup(context, { run, clients, name, size, seconds, idleShare }));
  }
  stopHeartbeats();
  await logoutAll(clock, clients);
  return costs;
}

/** CPU that the server uses while nobody writes, as a share of the time. */
async function idleShareOf({ clock, meter }: BenchContext): Promise<number> {
  const used = meter.start();
  await sleep(clock, idleSeconds * 1000);
  const { serverMs, wallMs } = used();
  return serverMs / wallMs;
}

interface MeasureOptions {
  readonly run: MessageRun;
  readonly clients: readonly EdgeClient[];
  readonly name: string;
  readonly size: number;
  readonly seconds: number;
  readonly idleShare: number;
}

async function measureGroup(context: BenchContext, options: MeasureOptions): Promise<GroupCost> {
  const { run, clients, name, size, seconds, idleShare } = options;
  const { settings, meter } = context;
  const template = new SendTemplate({ conversation: `g:${name}`, priority: Priority.MEDIUM, textBytes: settings.textBytes });
  const senders = clients.map((client) => ({ client, template }));
  const used = meter.start();
  const result = await run.openLoop(senders, settings.rate, {
    messages: Math.ceil(settings.rate * seconds),
    receivers: clients.length - 1,
    isLastOnly: true,
  });
  const cpu = used();
  return {
    size,
    online: clients.length,
    cpuUs: ((cpu.serverMs - idleShare * cpu.wallMs) * 1000) / result.acknowledged,
    last: result.delivery,
    lag: result.lag,
    cpu,
    faults: [...result.faults, ...result.troubles].map((fault) => `${size} members, ${clients.length} online: ${fault}`),
  };
}

function roundOf(costs: readonly GroupCost[], about: Readonly<Record<string, number>>): Round {
  const named = (metric: string, of: (cost: GroupCost) => number): Readonly<Record<string, number>> =>
    Object.fromEntries(costs.map((cost) => [`${metric}, ${cost.online} of ${cost.size}`, of(cost)]));
  const last =
    (pick: (spread: Spread) => number) =>
    (cost: GroupCost): number =>
      pick(cost.last);
  const [first] = costs;
  if (first === undefined) throw new Error('no group was measured');
  const cpu = costs
    .map((cost) => cost.cpu)
    .reduce((a, b) => ({
      wallMs: a.wallMs + b.wallMs,
      serverMs: a.serverMs + b.serverMs,
      generatorMs: a.generatorMs + b.generatorMs,
      othersMs: a.othersMs + b.othersMs,
    }));
  return {
    values: {
      ...named('server CPU per message', ({ cpuUs }) => cpuUs),
      ...costRatios(costs),
      ...named(
        'last member p99',
        last(({ p99 }) => p99),
      ),
      ...about,
    },
    cpu,
    faults: costs.flatMap(({ faults }) => faults),
    invalid: [...doubtsAbout(cpu), ...costs.flatMap(({ lag }) => lagDoubts(lag))],
  };
}
