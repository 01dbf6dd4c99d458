import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@parley/kernel';
import { ProcessMeter } from './measure/process-meter.js';
import type { BenchOptions } from './options.js';
import { printedProfiles } from './report/print-profile.js';
import { printedReport } from './report/print-report.js';
import { type Summary, summarize } from './report/summary.js';
import { type AttachOptions, attachServer, readAttachFile } from './server/attach-server.js';
import { type MachineFacts, machineFacts } from './server/machine-facts.js';
import type { ServerUnderTest } from './server/server-under-test.js';
import { spawnServer } from './server/spawn-server.js';
import { direct } from './workloads/direct.js';
import { group } from './workloads/group.js';
import { idle } from './workloads/idle.js';
import { login } from './workloads/login.js';
import { room } from './workloads/room.js';
import type { BenchContext, BenchSettings, Round, Workload } from './workloads/workload.js';

const workloads: readonly Workload[] = [direct, group, room, idle, login];

const fallbacks: BenchSettings = {
  messages: 100_000,
  pairs: 100,
  inFlight: 16,
  rate: 0,
  seconds: 10,
  groups: 100,
  members: 20,
  connections: 5_000,
  concurrency: 64,
  textBytes: 200,
};

/** One workload's results, as they are written to a file. */
export interface BenchResult {
  readonly workload: string;
  readonly settings: BenchSettings;
  readonly facts: MachineFacts;
  readonly summary: Summary;
  readonly rounds: readonly Round[];
}

export interface BenchDeps {
  readonly clock: Clock;
  print(text: string): void;
}

/** Measures what the options ask for. Throws an Error in words when they ask for nothing that there is. */
export async function runBench(options: BenchOptions, deps: BenchDeps): Promise<readonly BenchResult[]> {
  const chosen = workloads.filter(({ name }) => options.workload === 'all' || options.workload === name);
  if (chosen.length === 0) throw new Error(`which workload? ${workloads.map(({ name }) => name).join(', ')} or all`);
  const results: BenchResult[] = [];
  for (const workload of chosen) {
    const settings = { ...fallbacks, ...workload.defaults, ...options.settings };
    const result = await measure(workload, settings, { options, deps });
    results.push(result);
    const title = `${workload.name}${settings.rate > 0 && 'rate' in workload.defaults ? ` at ${settings.rate}/s` : ''}`;
    deps.print(printedReport({ title, facts: result.facts, summary: result.summary }));
  }
  if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(results, null, 2)}\n`);
  return results;
}

interface Surroundings {
  readonly options: BenchOptions;
  readonly deps: BenchDeps;
}

async function measure(workload: Workload, settings: BenchSettings, { options, deps }: Surroundings): Promise<BenchResult> {
  const rounds: Round[] = [];
  const lives = workload.needsFreshServer ? options.repeat : 1;
  const spans: [number, number][] = [];
  let facts: MachineFacts | undefined;
  for (let life = 0; life < lives; life++) {
    await using server = await openServer(workload.name, options, deps);
    facts ??= machineFacts(server);
    const context: BenchContext = {
      clock: deps.clock,
      server,
      meter: new ProcessMeter(server.pids, deps.clock),
      tag: `b${deps.clock.now().toString(36)}`,
      settings,
      note: (text) => deps.print(text),
    };
    await using running = await workload.start(context);
    if (!workload.needsFreshServer) await running.round(true);
    const fromUs = monotonicUs();
    for (let i = 0; i < options.repeat / lives; i++) rounds.push(await running.round(false));
    spans.push([fromUs, monotonicUs()]);
  }
  const folder = profileFolder(workload.name, options);
  if (folder !== undefined) deps.print(printedProfiles(folder, spans));
  if (facts === undefined) throw new Error('--repeat: at least 1');
  const scope = { rate: settings.rate, isCluster: options.isCluster };
  return { workload: workload.name, settings, facts, summary: summarize(workload.name, rounds, scope), rounds };
}

async function openServer(name: string, options: BenchOptions, { clock }: BenchDeps): Promise<ServerUnderTest> {
  if (options.url !== undefined || options.attachFile !== undefined) return attachServer(await attachOptions(options));
  const folder = profileFolder(name, options);
  return spawnServer({
    clock,
    main: options.main ?? fileURLToPath(new URL('../../../services/standalone/dist/main.js', import.meta.url)),
    nodeArguments: [...options.nodeArguments, ...(folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`])],
    listener: options.listener,
    dataParent: options.dataParent,
  });
}

/** A new folder for each measurement, so that profiles of an earlier one are not read again. */
function profileFolder(name: string, { profile }: BenchOptions): string | undefined {
  if (profile === undefined) return undefined;
  const folder = resolve(profile, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The clock that profiles are stamped with: the same in all processes of a machine. */
const monotonicUs = (): number => Number(process.hrtime.bigint() / 1000n);

async function attachOptions({ attachFile, url, adminUrl, pids, app, secret, kid }: BenchOptions): Promise<AttachOptions> {
  const found = attachFile === undefined ? {} : await readAttachFile(attachFile);
  const need = (name: string, value: string | undefined): string => {
    if (value === undefined) throw new Error(`--${name} is missing`);
    return value;
  };
  return {
    urls: url === undefined ? (found.urls ?? [need('url', undefined)]) : url.split(','),
    adminUrl: adminUrl ?? found.adminUrl,
    pids: pids.length > 0 ? pids : (found.pids ?? []),
    app: need('app', app ?? found.app),
    secret: need('secret', secret ?? found.secret),
    kid: need('kid', kid ?? found.kid),
  };
}
