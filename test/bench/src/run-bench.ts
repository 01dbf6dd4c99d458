import { writeFile } from 'node:fs/promises';
import type { Clock } from '@parley/kernel';
import { type Measured, measureAgainst, measureAlone } from './measure-workload.js';
import type { BenchOptions } from './options.js';
import { printedComparison } from './report/print-comparison.js';
import { printedMatrix } from './report/print-matrix.js';
import { printedReport } from './report/print-report.js';
import { direct } from './workloads/direct.js';
import { group } from './workloads/group.js';
import { history } from './workloads/history.js';
import { idle } from './workloads/idle.js';
import { largeGroup } from './workloads/large-group.js';
import { login } from './workloads/login.js';
import { overload } from './workloads/overload.js';
import { room } from './workloads/room.js';
import { slowReaders } from './workloads/slow-readers.js';
import { sync } from './workloads/sync.js';
import type { BenchSettings, Workload } from './workloads/workload.js';

const workloads: readonly Workload[] = [direct, group, room, idle, login, overload, slowReaders, sync, history, largeGroup];

const fallbacks: BenchSettings = {
  messages: 100_000,
  pairs: 100,
  inFlight: 16,
  rate: 0,
  seconds: 10,
  groups: 100,
  rooms: 10,
  members: 20,
  connections: 5_000,
  concurrency: 64,
  textBytes: 200,
  factor: 3,
  high: 5,
  low: 60,
  frozen: 5,
  users: 40,
  conversations: 1_000,
  storm: 0,
  pages: 200,
  online: 200,
  // What a room costs is measured, not where its quota lies.
  roomRate: 100_000,
};

/** One workload's results with one combination of settings, as they are written to a file. */
export interface BenchResult extends Measured {
  readonly workload: string;
  readonly settings: BenchSettings;
}

export interface BenchDeps {
  readonly clock: Clock;
  print(text: string): void;
}

/** Measures what the options ask for. Throws an Error in words when they ask for nothing that there is. */
export async function runBench(options: BenchOptions, deps: BenchDeps): Promise<readonly BenchResult[]> {
  const chosen = workloads.filter(({ name }) => options.workload === 'all' || options.workload === name);
  if (chosen.length === 0) throw new Error(`which workload? ${workloads.map(({ name }) => name).join(', ')} or all`);
  if (options.repeat < 1) throw new Error('--repeat: at least 1');
  const results: BenchResult[] = [];
  for (const workload of chosen) {
    const ofWorkload: BenchResult[] = [];
    for (const given of options.settings) {
      const result = await measure(workload, { ...fallbacks, ...workload.defaults, ...given }, { options, deps });
      ofWorkload.push(result);
      results.push(result);
      // After each, so that a long run that is stopped leaves what it has.
      if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(results, null, 2)}\n`);
    }
    if (ofWorkload.length > 1) deps.print(printedMatrix(ofWorkload));
  }
  return results;
}

interface Surroundings {
  readonly options: BenchOptions;
  readonly deps: BenchDeps;
}

async function measure(workload: Workload, settings: BenchSettings, { options, deps }: Surroundings): Promise<BenchResult> {
  const isCompared = options.against.length > 0 && workload.runsOnPeers === true;
  const measured = isCompared
    ? await measureAgainst(workload, settings, { options, ...deps })
    : await measureAlone(workload, settings, { options, ...deps });
  const title = titleOf(workload, settings);
  deps.print(printedReport({ title, facts: measured.facts, summary: measured.summary }));
  if (measured.peers.length > 0) deps.print(printedComparison(title, measured));
  return { workload: workload.name, settings, ...measured };
}

function titleOf({ name, defaults }: Workload, { rate, members }: BenchSettings): string {
  const size = 'members' in defaults && name !== 'group' ? ` of ${members}` : '';
  return `${name}${size}${rate > 0 && 'rate' in defaults ? ` at ${rate}/s` : ''}`;
}
