import { fileURLToPath } from 'node:url';
import type { ManagedProcessOptions } from '@parley/testkit';

/** Services of a cluster, in the order in which they are stopped: whoever calls goes before whom it calls. */
export const clusterServices = ['gateway', 'user', 'group', 'room', 'media', 'push', 'router', 'history'] as const;
type ClusterService = (typeof clusterServices)[number];

/** How many processes each service gets. */
export type ServiceCounts = Readonly<Record<ClusterService, number>>;

/** Where the engines are, known before they run. */
export interface EngineAddresses {
  /** `host:port` of every broker. */
  readonly brokers: readonly string[];
  /** Hosts of all Cassandra nodes. */
  readonly contactPoints: readonly string[];
  readonly cassandraPort: number;
}

export interface PlanOptions {
  readonly counts: ServiceCounts;
  readonly engines: EngineAddresses;
  readonly partitions: number;
  readonly adminKey: string;
  /** Value of PARLEY_APPS. */
  readonly apps: string;
  /** Working directory of all processes. */
  readonly folder: string;
  /** A port for every listener of the plan; `portsOf` says how many. */
  readonly ports: readonly number[];
  /** Ports of the gateways' clients, instead of some of `ports`. */
  readonly edgePorts?: readonly number[];
  /** Variables of all processes; they win over ours. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One process to be started. */
export interface PlannedProcess extends ManagedProcessOptions {
  readonly service: ClusterService;
  readonly adminUrl: string;
  /** WebSocket address; a gateway's only. */
  readonly url?: string;
}

/** Listeners of a process: calls, health and API; of a gateway and of media the clients' as well. */
const listenersOf = (service: ClusterService): number => (service === 'gateway' || service === 'media' ? 3 : 2);

/** Ports that a plan with these counts needs. */
export const portsOf = (counts: ServiceCounts): number =>
  clusterServices.reduce((sum, service) => sum + counts[service] * listenersOf(service), 0);

/** Every process of a cluster with its variables, in the order in which they are stopped. */
export function planCluster(options: PlanOptions): readonly PlannedProcess[] {
  const ports = [...options.ports];
  const nextPort = (): number => {
    const port = ports.shift();
    if (port === undefined) throw new Error(`a plan of these services needs ${portsOf(options.counts)} ports`);
    return port;
  };
  return clusterServices.flatMap((service) =>
    Array.from({ length: options.counts[service] }, (_, index) => planProcess(service, index, { options, nextPort })),
  );
}

interface Planning {
  readonly options: PlanOptions;
  readonly nextPort: () => number;
}

function planProcess(service: ClusterService, index: number, { options, nextPort }: Planning): PlannedProcess {
  const adminPort = nextPort();
  const variables = { ...sharedVariables(options), PARLEY_ADMIN_PORT: `${adminPort}`, PARLEY_RPC_PORT: `${nextPort()}` };
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const process = {
    name: `${service}-${index + 1}`,
    service,
    script: scriptOf(service),
    folder: options.folder,
    variables: { ...variables, ...options.env },
    adminUrl,
    readyUrl: `${adminUrl}/readyz`,
  };
  if (service === 'media') {
    const media = { PARLEY_MEDIA_PORT: `${nextPort()}`, PARLEY_DATA_DIR: options.folder };
    return { ...process, variables: { ...variables, ...media, ...options.env } };
  }
  if (service !== 'gateway') return process;
  const edgePort = options.edgePorts?.[index] ?? nextPort();
  const edge = { PARLEY_EDGE_HOST: '127.0.0.1', PARLEY_EDGE_PORT: `${edgePort}` };
  return { ...process, variables: { ...variables, ...edge, ...options.env }, url: `ws://127.0.0.1:${edgePort}` };
}

function sharedVariables({ engines, partitions, adminKey, apps }: PlanOptions): Readonly<Record<string, string>> {
  return {
    PARLEY_MODE: 'cluster',
    PARLEY_PARTITIONS: `${partitions}`,
    PARLEY_APPS: apps,
    PARLEY_ADMIN_KEY: adminKey,
    PARLEY_KAFKA_BROKERS: engines.brokers.join(),
    PARLEY_KAFKA_REPLICATION_FACTOR: `${engines.brokers.length}`,
    PARLEY_CASSANDRA_CONTACT_POINTS: engines.contactPoints.join(),
    PARLEY_CASSANDRA_PORT: `${engines.cassandraPort}`,
    PARLEY_CASSANDRA_REPLICATION_FACTOR: `${engines.contactPoints.length}`,
  };
}

/** Where the build puts a service, seen from src as from dist. */
const scriptOf = (service: ClusterService): string => fileURLToPath(new URL(`../../../services/${service}/dist/main.js`, import.meta.url));
