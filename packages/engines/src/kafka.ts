// Apache Kafka in KRaft mode: every node is broker and controller.
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterHandle, clusterHandle } from './cluster-handle.js';
import { type Cache, cached, classPath, type EngineVersion } from './jars.js';
import { requireJava } from './java.js';
import { JvmNode, smallJvm } from './jvm-node.js';
import { temporaryFolder } from './reaper.js';
import { liveBrokers } from './kafka-probe.js';
import { type KafkaPeer, type KafkaProperties, nodeProperties, propertyLines, writeBrokerProperties } from './kafka-properties.js';
import { freePorts } from './loopback.js';
import { runCommand } from './run-command.js';
import { until } from './until.js';

/** The versions that are tried here; the first is the default. */
export const kafkaVersions = ['4.4.0', '3.9.2'] as const;
export type KafkaVersion = (typeof kafkaVersions)[number];

/** What to start; everything has a default. */
export interface KafkaOptions extends Cache {
  /** 1 (default) or 3; with 3, topics have three replicas and need two in sync. */
  readonly nodes?: 1 | 3;
  readonly version?: KafkaVersion;
  /** Keeps the data there; by default it is temporary and goes with the cluster. */
  readonly dir?: string | undefined;
  /** The client ports, one per node; by default free ones. */
  readonly ports?: readonly number[] | undefined;
  /** Further broker properties; they win over ours. */
  readonly config?: KafkaProperties;
  /** Further JVM options; they win over ours. */
  readonly jvmOptions?: readonly string[];
}

/** Running brokers. */
export interface KafkaCluster extends ClusterHandle {
  /** `host:port` of every node. */
  readonly bootstrap: readonly string[];
}

interface Launch {
  readonly options: KafkaOptions;
  readonly engine: EngineVersion;
  readonly kit: string;
  /** For the class archive: written or read. */
  readonly archive: string;
}

/** Resolves when every broker lists every broker; the first use of a version downloads and warms up. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const kit = await prepareKafka(options.version, options);
  const archive = `-XX:SharedArchiveFile=${join(kit, 'classes.jsa')}`;
  return launch({ options, engine: engineOf(options.version), kit, archive });
}

/** Downloads the jars, formats a data folder once, and records the classes that a start loads. Returns the folder. */
export async function prepareKafka(version?: KafkaVersion, cache: Cache = {}): Promise<string> {
  const java = requireJava();
  if (java.major < 17) throw new Error(`Kafka needs Java 17 or newer, found ${java.version}`);
  const engine = engineOf(version);
  return cached(cache, `kafka-${engine.version}-java-${java.version}`, async (kit) => {
    const jars = await classPath(cache, engine);
    cache.onProgress?.(`warming up Kafka ${engine.version} …`);
    await format(jars, kit);
    const archive = `-XX:ArchiveClassesAtExit=${join(kit, 'classes.jsa')}`;
    const rehearsal = await launch({ options: cache, engine, kit, archive });
    await rehearsal.stop({ orderly: true });
  });
}

const engineOf = (version: KafkaVersion = kafkaVersions[0]): EngineVersion => ({
  engine: 'kafka',
  title: 'Kafka',
  version,
});

/** What StorageTool writes differs between nodes only in meta.properties, so one run serves all. */
async function format(jars: string, kit: string): Promise<void> {
  const properties = join(kit, 'format.properties');
  const self = { id: 1, clientPort: 1, controllerPort: 2 }; // never opened
  writeBrokerProperties(properties, nodeProperties(self, [self], join(kit, 'formatted')));
  const tool = ['kafka.tools.StorageTool', 'format', '-t', newClusterId(), '-c', properties];
  await runCommand(requireJava().command, ['-cp', jars, ...tool]);
}

async function launch({ options, engine, kit, archive }: Launch): Promise<KafkaCluster> {
  const { nodes = 1, dir, ports, config = {}, jvmOptions = [] } = options;
  const jars = await classPath(options, engine);
  const folder = dir ?? temporaryFolder('kafka');
  const peers = await choosePeers(nodes, ports);
  const clusterId = newClusterId();
  const brokers = peers.map((self) => {
    const name = `kafka-${self.id}`;
    const data = join(folder, name);
    const properties = join(folder, `${name}.properties`);
    if (!existsSync(data)) layOut({ data, kit, id: self.id, clusterId });
    writeBrokerProperties(properties, { ...nodeProperties(self, peers, data), ...config });
    const args = [...jvmArguments, archive, ...jvmOptions, '-cp', jars, 'kafka.Kafka', properties];
    const isReady = async (): Promise<boolean> => (await liveBrokers(self.clientPort)).includes(self.id);
    return new JvmNode({ name, folder, args, isReady });
  });
  const handle = clusterHandle(brokers, { version: engine.version, folder, isTemporary: dir === undefined });
  try {
    await Promise.all(brokers.map((broker) => broker.start()));
    await Promise.all(peers.map((peer) => untilAllAreSeen(peer, nodes)));
    return { ...handle, bootstrap: peers.map(({ clientPort }) => `127.0.0.1:${clientPort}`) };
  } catch (error) {
    await handle.stop({ orderly: false });
    throw error;
  }
}

const jvmArguments = [
  ...smallJvm('384m'),
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
];

async function choosePeers(nodes: number, ports: readonly number[] = []): Promise<readonly KafkaPeer[]> {
  const free = await freePorts(2 * nodes);
  return Array.from({ length: nodes }, (_, index) => ({
    id: index + 1,
    clientPort: ports[index] ?? free[index] ?? 0,
    controllerPort: free[nodes + index] ?? 0,
  }));
}

interface Layout {
  readonly data: string;
  readonly kit: string;
  readonly id: number;
  readonly clusterId: string;
}

function layOut({ data, kit, id, clusterId }: Layout): void {
  mkdirSync(data, { recursive: true });
  cpSync(join(kit, 'formatted'), data, { recursive: true });
  const identity = { version: 1, 'cluster.id': clusterId, 'node.id': id };
  writeFileSync(join(data, 'meta.properties'), propertyLines(identity));
}

const untilAllAreSeen = (peer: KafkaPeer, nodes: number): Promise<void> =>
  until(async () => (await liveBrokers(peer.clientPort)).length === nodes, {
    what: 'Kafka brokers did not find each other',
    timeoutMs: 30_000,
  });

const newClusterId = (): string => `A${randomBytes(16).toString('base64url').slice(1)}`;
