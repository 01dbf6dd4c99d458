import { freePorts, temporaryFolder } from '@parley/engines';
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { randomId, systemClock, systemRandom } from '@parley/kernel';
import {
  appsVariable,
  type DeployedApp,
  type DeployedAppLimits,
  type DeployedPart,
  type Deployment,
  ManagedProcess,
  newDeployedApp,
  unhurriedLimits,
} from '@parley/testkit';
import { awaitOwners } from './await-owners.js';
import { type PlannedProcess, planCluster, portsOf, type ServiceCounts } from './cluster-plan.js';
import { type EngineOptions, engineAddresses, type StartingEngines, startEngines } from './start-engines.js';

/** What to start; everything has a default. */
export interface ClusterOptions {
  /** Processes by service; 1 each by default. */
  readonly gateways?: number;
  readonly routers?: number;
  readonly groups?: number;
  readonly rooms?: number;
  readonly histories?: number;
  readonly pushes?: number;
  readonly users?: number;
  readonly kafkaNodes?: 1 | 3;
  readonly cassandraNodes?: 1 | 3;
  /** Of every topic; 8 by default. Fixed once there is data. */
  readonly partitions?: number;
  /** Kept after the end; by default a temporary folder, which goes. */
  readonly dataDir?: string;
  /** `app-one` and `app-two` with new secrets by default. */
  readonly apps?: readonly DeployedApp[];
  /** Limits of all apps; by default rates that no test meets by accident. */
  readonly limits?: DeployedAppLimits;
  readonly adminKey?: string;
  /** Ports of the gateways; free ones by default. */
  readonly edgePorts?: readonly number[];
  /** Further variables of all service processes; they win over ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node for all service processes. */
  readonly nodeOptions?: readonly string[];
  /** Further options of all JVMs, such as `-XX:TieredStopAtLevel=4` for load tests. */
  readonly jvmOptions?: readonly string[];
  /** Hears everything that the service processes print, by name. */
  readonly onOutput?: (name: string, text: string) => void;
  /** Hears what takes time, one line per step. */
  readonly onProgress?: (line: string) => void;
}

/** A running cluster. Disposal is kill -9 of everything where the data is temporary, else `stop`. */
export interface Cluster extends Deployment {
  /** Services first, engines last; within each in the order in which they are stopped. */
  readonly parts: readonly DeployedPart[];
  /** Health by name of the service's process. */
  readonly healthUrls: Readonly<Record<string, string>>;
  /** Ends everything in good order, callers before those they call; throws when a process did not end cleanly. */
  stop(): Promise<void>;
}

const partitionsDefault = 8;

/** Kafka, Cassandra and every service as a process of its own, all ready. Ports stay over kill and start of a part. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { apps = [newDeployedApp('app-one'), newDeployedApp('app-two')], adminKey = randomId(systemRandom, 52) } = options;
  const isTemporary = options.dataDir === undefined;
  const folder = options.dataDir === undefined ? temporaryFolder('cluster') : resolve(options.dataDir);
  mkdirSync(folder, { recursive: true });
  const { engineOptions, processes } = await plan({ ...options, apps, adminKey, folder });
  const engines = startEngines(engineOptions);
  const services = processes.map((planned) => ({ planned, part: newProcess(planned, options) }));
  const end = async (orderly: boolean): Promise<void> => {
    const failures = await endServices(
      services.map(({ part }) => part),
      orderly,
    );
    await engines.stop({ orderly });
    if (isTemporary) rmSync(folder, { recursive: true, force: true });
    if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
  };
  const { partitions = partitionsDefault, onProgress = () => {} } = options;
  const adminUrl = doorOf(processes);
  try {
    const engineParts = await startAll(engines, services, onProgress);
    await awaitOwners({ adminUrl, adminKey, app: apps[0]?.id ?? '' }, partitions);
    return {
      kind: 'cluster',
      urls: processes.flatMap(({ url }) => url ?? []),
      adminUrl,
      adminKey,
      apps,
      cassandra: { contactPoints: engineAddresses(engineOptions).contactPoints, port: engineOptions.cassandraPort },
      parts: [...services.map(({ part }) => part), ...engineParts],
      healthUrls: Object.fromEntries(processes.map(({ name, readyUrl }) => [name, readyUrl])),
      stop: () => end(true),
      [Symbol.asyncDispose]: () => end(!isTemporary),
    };
  } catch (error) {
    await end(false);
    throw error;
  }
}

interface Planned {
  readonly engineOptions: EngineOptions;
  readonly processes: readonly PlannedProcess[];
}

type PlanInput = ClusterOptions & Required<Pick<ClusterOptions, 'apps' | 'adminKey'>> & { readonly folder: string };

/** Chooses all ports at once, so that the services may start before the engines have. */
async function plan(options: PlanInput): Promise<Planned> {
  const { kafkaNodes = 1, cassandraNodes = 1, partitions = partitionsDefault, folder, adminKey, apps, limits = unhurriedLimits } = options;
  const { onProgress = () => {}, jvmOptions = [], env = {}, edgePorts = [] } = options;
  const counts = countsOf(options);
  const [cassandraPort = 0, ...ports] = await freePorts(1 + kafkaNodes + portsOf(counts));
  const kafkaPorts = ports.splice(0, kafkaNodes);
  const engineOptions = { kafkaNodes, cassandraNodes, kafkaPorts, cassandraPort, folder, jvmOptions, onProgress };
  const processes = planCluster({
    ...{ counts, partitions, adminKey, folder, ports, edgePorts, env },
    engines: engineAddresses(engineOptions),
    apps: appsVariable(apps, limits),
  });
  return { engineOptions, processes };
}

/** One process of media, because it keeps files in a folder. */
function countsOf(options: ClusterOptions): ServiceCounts {
  const { gateways = 1, routers = 1, groups = 1, rooms = 1, histories = 1, pushes = 1, users = 1 } = options;
  const writers = { router: routers, group: groups, room: rooms };
  return { gateway: gateways, ...writers, history: histories, push: pushes, user: users, media: 1 };
}

function newProcess(planned: PlannedProcess, { nodeOptions = [], onOutput = () => {} }: ClusterOptions): ManagedProcess {
  return new ManagedProcess({ ...planned, nodeOptions, onOutput: (text) => onOutput(planned.name, text) });
}

interface Service {
  readonly planned: PlannedProcess;
  readonly part: ManagedProcess;
}

/** A service starts as soon as the engines that it needs are there. Answers the parts of the engines. */
async function startAll(
  engines: StartingEngines,
  services: readonly Service[],
  onProgress: (line: string) => void,
): Promise<readonly DeployedPart[]> {
  const began = systemClock.monotonic();
  const reported = async <T>(what: string, starting: Promise<T>): Promise<T> => {
    const result = await starting;
    onProgress(`${what} is ready after ${((systemClock.monotonic() - began) / 1_000).toFixed(1)} s`);
    return result;
  };
  const kafka = reported('Kafka', engines.kafka);
  const cassandra = reported('Cassandra', engines.cassandra);
  const starts = services.map(async ({ planned, part }) => {
    await kafka;
    if (needsCassandra.has(planned.service)) await cassandra;
    await reported(planned.name, part.start());
  });
  await Promise.all([kafka, cassandra, ...starts]);
  return [...(await kafka), ...(await cassandra)];
}

const needsCassandra: ReadonlySet<string> = new Set(['history', 'push']);

/** Service by service, processes of one service at once. Answers what went wrong. */
async function endServices(parts: readonly ManagedProcess[], orderly: boolean): Promise<readonly Error[]> {
  if (!orderly) {
    await Promise.all(parts.map((part) => part.kill()));
    return [];
  }
  const failures: Error[] = [];
  for (const group of byService(parts)) {
    for (const ended of await Promise.allSettled(group.map((part) => part.stop()))) {
      if (ended.status === 'rejected') failures.push(ended.reason instanceof Error ? ended.reason : new Error(String(ended.reason)));
    }
  }
  return failures;
}

function byService(parts: readonly ManagedProcess[]): readonly (readonly ManagedProcess[])[] {
  const groups = new Map<string, ManagedProcess[]>();
  for (const part of parts) {
    const service = part.name.replace(/-\d+$/, '');
    groups.set(service, [...(groups.get(service) ?? []), part]);
  }
  return [...groups.values()];
}

/** Every process serves the whole API; push is the one that clients miss least when it is killed. */
function doorOf(processes: readonly PlannedProcess[]): string {
  const door = processes.find(({ service }) => service === 'push') ?? processes[0];
  return door?.adminUrl ?? '';
}
