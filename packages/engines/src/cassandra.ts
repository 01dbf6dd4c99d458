// Apache Cassandra 5.0. Nodes are 127.0.0.1, .2 and .3 with the same ports: a driver learns from the cluster
// its peers' addresses, but not their ports.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { assetPath, readAsset } from './assets.js';
import { answersQuery, consistency } from './cassandra-probe.js';
import { type ClusterHandle, clusterHandle } from './cluster-handle.js';
import { type Cache, cached, classPath, type EngineVersion } from './jars.js';
import { requireJava } from './java.js';
import { JvmNode, smallJvm } from './jvm-node.js';
import { temporaryFolder } from './reaper.js';
import { type Address, freePorts } from './loopback.js';
import { until } from './until.js';

/** The version that is tried here; the newest that runs on Java 17. */
export const cassandraVersion = '5.0.9';

const engine: EngineVersion = { engine: 'cassandra', title: 'Cassandra', version: cassandraVersion };

/** Settings of cassandra.yaml; values may be nested. */
export type CassandraSettings = Readonly<Record<string, unknown>>;

const commitLog = {
  batch: { commitlog_sync: 'batch' },
  group: { commitlog_sync: 'group', commitlog_sync_group_window: '5ms' },
  periodic: { commitlog_sync: 'periodic', commitlog_sync_period: '10000ms' },
} as const satisfies Record<string, CassandraSettings>;

/** What to start; everything has a default. */
export interface CassandraOptions extends Cache {
  /** 1 (default) or 3. */
  readonly nodes?: 1 | 3;
  /** Keeps the data there; by default it is temporary and goes with the cluster. */
  readonly dir?: string | undefined;
  /** The native-protocol port of all nodes; by default a free one. */
  readonly port?: number | undefined;
  /**
   * `batch` (default) and `group` acknowledge what is on disk; with `periodic`, as Cassandra is shipped, a kill -9
   * loses the last acknowledged writes of a node.
   */
  readonly commitLogSync?: keyof typeof commitLog;
  /** Further settings of cassandra.yaml; they win over ours. */
  readonly config?: CassandraSettings;
  /** Further JVM options; they win over ours. */
  readonly jvmOptions?: readonly string[];
}

/** Running nodes. */
export interface CassandraCluster extends ClusterHandle {
  /** `host:port` of every node. */
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly localDataCenter: string;
}

/** Resolves when every node answers queries and, with three, sees the others. The first use downloads and warms up. */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraCluster> {
  const kit = await prepareCassandra(options);
  return launch(options, `-XX:SharedArchiveFile=${join(kit, 'classes.jsa')}`);
}

/** Downloads the jars and records the classes that a start loads. Returns the folder. */
export async function prepareCassandra(cache: Cache = {}): Promise<string> {
  const java = requireJava();
  if (java.major !== 17) throw new Error(`Cassandra 5.0 needs Java 17, found ${java.version}: set JAVA_HOME`);
  return cached(cache, `cassandra-${cassandraVersion}-java-${java.version}`, async (kit) => {
    await classPath(cache, engine);
    cache.onProgress?.(`warming up Cassandra ${cassandraVersion} …`);
    const rehearsal = await launch({ cacheFolder: cache.cacheFolder }, `-XX:ArchiveClassesAtExit=${join(kit, 'classes.jsa')}`);
    await rehearsal.stop({ orderly: true });
  });
}

async function launch(options: CassandraOptions, archive: string): Promise<CassandraCluster> {
  const { nodes = 1, dir, commitLogSync = 'batch', config = {}, jvmOptions = [] } = options;
  const jars = await classPath(options, engine);
  const folder = dir ?? temporaryFolder('cassandra');
  const hosts = Array.from({ length: nodes }, (_, index) => `127.0.0.${index + 1}`);
  const [free = 0, storagePort = 0] = await freePorts(2, { hosts });
  const port = options.port ?? free;
  const members = hosts.map((host, index) => {
    const name = `cassandra-${index + 1}`;
    const settings = { ...nodeSettings({ index, hosts, port, storagePort }), ...commitLog[commitLogSync], ...config };
    const args = [...layOut(folder, name, settings), archive, ...jvmOptions, '-cp', jars, mainClass];
    const isReady = (): Promise<boolean> => answersQuery({ host, port }, 'SELECT key FROM system.local', consistency.one);
    return new JvmNode({ name, folder, args, isReady });
  });
  const handle = clusterHandle(members, { version: cassandraVersion, folder, isTemporary: dir === undefined });
  try {
    await members[0]?.start();
    await Promise.all(members.slice(1).map((member) => member.start()));
    if (nodes > 1) await Promise.all(hosts.map((host) => untilAllAreSeen({ host, port })));
  } catch (error) {
    await handle.stop({ orderly: false });
    throw error;
  }
  // SimpleSnitch knows no other data centre.
  return { ...handle, contactPoints: hosts.map((host) => `${host}:${port}`), port, localDataCenter: 'datacenter1' };
}

const mainClass = 'org.apache.cassandra.service.CassandraDaemon';

/** Writes a node's files and returns the JVM arguments that point to them. */
function layOut(folder: string, name: string, settings: CassandraSettings): readonly string[] {
  const data = join(folder, name);
  const yaml = join(folder, `${name}.yaml`);
  mkdirSync(data, { recursive: true });
  // Of a setting that is given twice, the later value counts; JSON is YAML.
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  writeFileSync(yaml, readAsset('cassandra/cassandra.yaml') + lines.join(''));
  return [
    `@${assetPath('cassandra/java17.args')}`,
    ...smallJvm('512m'),
    `-Dlogback.configurationFile=${assetPath('cassandra/logback.xml')}`,
    `-Dcassandra.config=${pathToFileURL(yaml)}`,
    `-Dcassandra.storagedir=${data}`,
    `-Dcassandra.logdir=${data}`,
    '-Dcassandra-foreground=yes',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=1000',
    '-Dcassandra.shutdown_announce_in_ms=0',
    '-Dcassandra.memtable.row_overhead_size=180', // else measured on every start, for 1.7 s
  ];
}

interface NodePlace {
  readonly index: number;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly storagePort: number;
}

function nodeSettings({ index, hosts, port, storagePort }: NodePlace): CassandraSettings {
  const seeds = `${hosts[0]}:${storagePort}`;
  const token = (BigInt(2 * index - hosts.length + 1) * 2n ** 63n) / BigInt(hosts.length);
  return {
    listen_address: hosts[index],
    rpc_address: hosts[index],
    native_transport_port: port,
    storage_port: storagePort,
    initial_token: String(token),
    seed_provider: [{ class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds }] }],
  };
}

/** Every node must see every other as up; this keyspace has three replicas from the start. */
const untilAllAreSeen = (address: Address): Promise<void> =>
  until(() => answersQuery(address, 'SELECT * FROM system_distributed.view_build_status LIMIT 1', consistency.all), {
    what: `Cassandra node ${address.host} does not see the others`,
    timeoutMs: 60_000,
  });
