import type { Clock } from '@parley/kernel';
import type { CpuUse, ProcessMeter } from '../measure/process-meter.js';
import type { ServerUnderTest } from '../server/server-under-test.js';

/** What a workload runs on. */
export interface BenchContext {
  readonly clock: Clock;
  readonly server: ServerUnderTest;
  readonly meter: ProcessMeter;
  /** Begins all names of the run, so that runs against one server do not meet. */
  readonly tag: string;
  readonly settings: BenchSettings;
  /** Tells the person who waits what is going on. */
  note(text: string): void;
}

/** How much of everything; each workload has defaults of its own. */
export interface BenchSettings {
  /** Messages of a round of a closed loop. */
  readonly messages: number;
  readonly pairs: number;
  /** Messages under way per pair. */
  readonly inFlight: number;
  /** Messages per second over all senders; 0 is the closed loop. */
  readonly rate: number;
  /** Length of a round of an open loop. */
  readonly seconds: number;
  readonly groups: number;
  readonly members: number;
  /** Connections of `idle`, logins of `login`. */
  readonly connections: number;
  /** Logins under way. */
  readonly concurrency: number;
  readonly textBytes: number;
}

/** What one round measured. */
export interface Round {
  /** By name of the metric, see `targets.ts`. */
  readonly values: Readonly<Record<string, number>>;
  readonly cpu: CpuUse;
  /** What went wrong with messages; empty when each was acknowledged and delivered exactly once. */
  readonly faults: readonly string[];
  /** Why the round says nothing about the server; empty when it does. */
  readonly invalid: readonly string[];
}

/** A workload that is set up. Disposing closes its connections. */
export interface RunningWorkload extends AsyncDisposable {
  /** One round; the first is thrown away by the caller when `warmUp` is set. */
  round(isWarmUp: boolean): Promise<Round>;
}

/** Something to measure. */
export interface Workload {
  readonly name: string;
  readonly defaults: Partial<BenchSettings>;
  /** Whether each round needs a server that has done nothing before. */
  readonly needsFreshServer: boolean;
  start(context: BenchContext): Promise<RunningWorkload>;
}
