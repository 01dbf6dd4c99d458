import type { EdgeClient } from '../protocol/edge-client.js';
import { Samples } from '../measure/percentiles.js';
import { runOpenLoop } from '../measure/pacer.js';
import type { CpuUse } from '../measure/process-meter.js';
import { Filler } from './filler.js';
import { startHeartbeats } from './heartbeat.js';
import { type FilledGroup, fillGroup } from './filled-group.js';
import { doubtsAbout, lagDoubts } from './judge.js';
import { measureSearches, type SearchTimes } from './measure-searches.js';
import { logoutAll, mintIdentities, openClients } from './open-clients.js';
import { untilQuiet } from './until-quiet.js';
import type { BenchContext, Round, RunningWorkload, Workload } from './workload.js';

/** Pages out of long conversations, and searches through them, while messages are written there and elsewhere. */
export const history: Workload = {
  name: 'history',
  defaults: { members: 8, messages: 10_000, rate: 200, pages: 200, seconds: 8 },
  needsFreshServer: false,
  start: startHistory,
};

const pageLimit = 50;

async function startHistory(context: BenchContext): Promise<RunningWorkload> {
  const { clock, settings } = context;
  const filler = new Filler(clock);
  const clients = await openClients(context, mintIdentities(context, 'r', settings.members), filler);
  const stopHeartbeats = startHeartbeats(clients, clock);
  const parts = { context, filler, clients };
  const plain = await fillGroup(parts, { name: 'plain', messages: settings.messages });
  const changed = await fillGroup(parts, { name: 'changed', messages: Math.ceil(settings.messages / 5), isChanged: true });
  let rounds = 0;
  return {
    async round(isWarmUp) {
      const seconds = settings.seconds * (isWarmUp ? 0.5 : 1);
      const alone = await measureSpan(parts, { group: plain, seconds, pagesPerSecond: 0 });
      const plainPages = await measureSpan(parts, { group: plain, seconds, pagesPerSecond: settings.pages });
      const changedPages = await measureSpan(parts, { group: changed, seconds, pagesPerSecond: settings.pages });
      // The first search of a conversation makes its filters, so each round needs one that nobody has searched.
      const searched = await fillGroup(parts, { name: `search${rounds++}`, messages: settings.messages });
      const searches = await measureSearches(context, clients, searched);
      return roundOf({ alone, plainPages, changedPages }, searches);
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, clients);
    },
  };
}

interface Parts {
  readonly context: BenchContext;
  readonly filler: Filler;
  readonly clients: readonly EdgeClient[];
}

interface Span {
  readonly cpu: CpuUse;
  readonly pages: number;
  readonly latency: Samples;
  readonly lag: Samples;
  readonly faults: readonly string[];
}

/** Writes at the rate of the settings, half of it into the group, and asks for pages of the group at places all over it. */
async function measureSpan(
  { context, filler, clients }: Parts,
  { group, seconds, pagesPerSecond }: { readonly group: FilledGroup; readonly seconds: number; readonly pagesPerSecond: number },
): Promise<Span> {
  const { clock, settings, meter } = context;
  const latency = new Samples();
  const lag = new Samples();
  const faults = new Set<string>();
  const underWay: Promise<void>[] = [];
  const write = (n: number, dueMs: number): void => {
    const sender = group.writers[n % group.writers.length];
    lag.add(clock.monotonic() - dueMs);
    if (sender !== undefined)
      underWay.push(filler.send(sender).then((error) => void (error !== undefined && faults.add(`a message was refused: ${error}`))));
  };
  const read = (n: number, dueMs: number): void => {
    const client = clients[n % clients.length];
    lag.add(clock.monotonic() - dueMs);
    if (client === undefined) return;
    // Steps of a prime number visit the whole conversation without order.
    const fromSeq = group.firstSeq + ((n * 7_919) % Math.max(1, group.messages - pageLimit));
    const page = readPage(client, group.conversation, fromSeq).then((events) => {
      latency.add(clock.monotonic() - dueMs);
      if (events < Math.min(pageLimit, group.messages)) faults.add(`a page had ${events} messages`);
    });
    underWay.push(page.catch((error: unknown) => void faults.add(String(error))));
  };
  const loop = (ratePerSecond: number, start: typeof read): Promise<void> =>
    ratePerSecond === 0 ? Promise.resolve() : runOpenLoop({ clock, ratePerSecond, count: Math.ceil(ratePerSecond * seconds), start });
  const used = meter.start();
  await Promise.all([loop(settings.rate, write), loop(pagesPerSecond, read)]);
  await Promise.all(underWay);
  const active = used();
  await untilQuiet(context);
  const cpu = { ...active, serverMs: used().serverMs };
  return { cpu, pages: latency.spread().count, latency, lag, faults: [...faults] };
}

async function readPage(client: EdgeClient, conversation: string, fromSeq: number): Promise<number> {
  const asked = client.request({ type: 'queryHistory', value: { conversation, fromSeq, limit: pageLimit } });
  client.flush();
  const body = await asked;
  return body.type === 'historyPage' ? body.value.events.length : -1;
}

function roundOf(
  { alone, plainPages, changedPages }: Readonly<Record<'alone' | 'plainPages' | 'changedPages', Span>>,
  searches: SearchTimes,
): Round {
  const spans = [alone, plainPages, changedPages];
  const lag = spans.map((span) => span.lag.spread());
  const plain = plainPages.latency.spread();
  const changed = changedPages.latency.spread();
  return {
    values: {
      'server CPU per page': cpuPerPage(alone, plainPages),
      'server CPU per page with states': cpuPerPage(alone, changedPages),
      'page p50': plain.p50,
      'page p99': plain.p99,
      'page with states p50': changed.p50,
      'page with states p99': changed.p99,
      ...searches.values,
    },
    cpu: plainPages.cpu,
    faults: [...spans.flatMap(({ faults }) => faults), ...searches.faults],
    invalid: [...doubtsAbout(plainPages.cpu), ...lag.flatMap(lagDoubts)],
  };
}

/** What the pages added to the cost of the same writing, µs. */
const cpuPerPage = (alone: Span, withPages: Span): number => ((withPages.cpu.serverMs - alone.cpu.serverMs) * 1000) / withPages.pages;
