import type { Clock } from '@parley/kernel';
import type { ChatServer } from '../chat/chat-server.js';
import type { LevelRow } from '../measure/level-row.js';
import type { CpuUse, ProcessMeter } from '../measure/process-meter.js';
import type { AdminAddress, ServerUnderTest } from '../server/server-under-test.js';

/** What a workload runs on that knows nothing of Parley in particular. */
export interface ChatContext {
  readonly clock: Clock;
  readonly chat: ChatServer;
  readonly meter: ProcessMeter;
  /** Begins all names of the run, so that runs against one server do not meet. */
  readonly tag: string;
  readonly settings: BenchSettings;
  /** Messages per second that a server holds, by its name: found once, used in all rounds of the run. */
  readonly held: Map<string, number>;
  /** Tells the person who waits what is going on. */
  note(text: string): void;
}

/** What the other workloads run on. */
export interface BenchContext extends ChatContext {
  readonly server: ServerUnderTest;
}

/** Where groups are made that a workload needs. Throws an Error in words when nobody said where that is. */
export function adminOf({ admin }: ServerUnderTest): AdminAddress {
  if (admin === undefined) throw new Error('this workload needs the back-end API: a demo.json or a cluster file with its address and key');
  return admin;
}

/** How much of everything; each workload has defaults of its own. */
export interface BenchSettings {
  /** Messages of a round of a closed loop. */
  readonly messages: number;
  readonly pairs: number;
  /** Messages under way per pair. */
  readonly inFlight: number;
  /** Messages per second over all senders; 0 is the closed loop. Of `overload`: what the server holds; 0 finds it out. */
  readonly rate: number;
  /** Length of a round of an open loop. */
  readonly seconds: number;
  readonly groups: number;
  readonly rooms: number;
  /** Of each group or room. */
  readonly members: number;
  /** Connections of `idle`, logins of `login`. */
  readonly connections: number;
  /** Logins under way. */
  readonly concurrency: number;
  readonly textBytes: number;
  /** How much more than it holds a server is offered by `overload`. */
  readonly factor: number;
  /** Messages of HIGH priority, percent. */
  readonly high: number;
  /** Bullets of LOW priority, percent; the rest are texts of MEDIUM priority. */
  readonly low: number;
  /** Members who do not read, percent. */
  readonly frozen: number;
  /** Users of `sync` who come back in a round. */
  readonly users: number;
  /** Conversations that each of them has. */
  readonly conversations: number;
  /** Users of `sync` who come back all at once instead; 0 for none. */
  readonly storm: number;
  /** Pages of history asked for per second. */
  readonly pages: number;
  /** Members of a large group who are online. */
  readonly online: number;
  /** Messages that a room takes per second, as the spawned server is set up; 0 leaves the server's default. */
  readonly roomRate: number;
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
  /** What became of the messages of each level, where the workload has levels. */
  readonly levels?: readonly LevelRow[];
  /** How much each counter of the server grew, by process, where somebody may want to know. */
  readonly counters?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** A workload that is set up. Disposing closes its connections. */
export interface RunningWorkload extends AsyncDisposable {
  /** One round; the first is thrown away by the caller when `warmUp` is set. */
  round(isWarmUp: boolean): Promise<Round>;
}

interface AnyWorkload {
  readonly name: string;
  readonly defaults: Partial<BenchSettings>;
  /** Whether each round needs a server that has done nothing before. */
  readonly needsFreshServer: boolean;
}

/** Something to measure that only Parley does. */
interface ParleyWorkload extends AnyWorkload {
  readonly runsOnPeers?: false;
  start(context: BenchContext): Promise<RunningWorkload>;
}

/** Something to measure that other chat servers do as well. */
export interface ChatWorkload extends AnyWorkload {
  readonly runsOnPeers: true;
  start(context: ChatContext): Promise<RunningWorkload>;
}

export type Workload = ParleyWorkload | ChatWorkload;
