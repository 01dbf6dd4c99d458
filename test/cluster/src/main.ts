import { join, relative } from 'node:path';
import { freePorts } from '@parley/engines';
import { sleep, systemClock, systemRandom } from '@parley/kernel';
import { nodeHost } from '@parley/runtime';
import { type DemoKeys, demoKeys, writeDemoFile } from '@parley/standalone/demo';
import { greeting } from '@parley/standalone/greeting';
import { clusterFileOf, removeClusterFile, writeClusterFile } from './cluster-file.js';
import { helpText, type MainOptions, readMainOptions } from './main-options.js';
import { processTable } from './process-table.js';
import { ServiceLogs } from './service-logs.js';
import { type Cluster, startCluster } from './start-cluster.js';

const lookEveryMs = 1_000;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

try {
  const options = readMainOptions(process.argv.slice(2));
  if (options.isHelp) print(helpText);
  else await run(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function run({ cluster: options }: MainOptions): Promise<void> {
  const { dataDir, gateways } = options;
  const asked = askedToStop();
  const keys = demoKeys(dataDir, systemRandom);
  const logs = new ServiceLogs(join(dataDir, 'logs'));
  print(`Starting Kafka, Cassandra and the services; their data is in ${relative(process.cwd(), dataDir) || '.'} …`);
  const cluster = await startCluster({
    ...options,
    apps: [{ id: keys.app, kid: keys.kid, secret: keys.secret }],
    adminKey: keys.adminKey,
    edgePorts: await freePorts(gateways, { preferred: [7700, 7710] }),
    onProgress: (line) => print(`  ${line}`),
    onOutput: (name, text) => logs.add(name, text),
  });
  writeClusterFile(dataDir, clusterFileOf(cluster));
  writeDemoFile(dataDir, { ...keys, url: cluster.urls[0] ?? '', adminUrl: cluster.adminUrl });
  print(await summary(cluster, { keys, dataDir, logs: logs.folder }));
  const watching = new AbortController();
  const watched = reportEnds(cluster, watching.signal);
  await asked;
  print('\nStopping …');
  watching.abort();
  await watched;
  removeClusterFile(dataDir);
  await cluster.stop();
  print('Everything has stopped.');
}

/** Resolves with the first SIGINT or SIGTERM; a later one ends this process, and with it all others. */
function askedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let isAsked = false;
    nodeHost.onStopSignal(() => {
      if (isAsked) nodeHost.exit(1);
      isAsked = true;
      resolve();
    });
  });
}

interface SummaryFacts {
  readonly keys: DemoKeys;
  readonly dataDir: string;
  readonly logs: string;
}

async function summary(cluster: Cluster, { keys, dataDir, logs }: SummaryFacts): Promise<string> {
  const { urls, adminUrl, adminKey, parts, healthUrls } = cluster;
  const nowSeconds = Math.floor(systemClock.now() / 1_000);
  const rows = parts.map(({ name, pid }) => ({ name, pid, health: healthUrls[name] ?? '' }));
  const hello = await greeting({ url: urls.join('  '), adminUrl, adminKey, dataDir, demo: keys, nowSeconds });
  return `\n${hello}\n${processTable(rows)}\n  Output of the services is in ${relative(process.cwd(), logs)}. Ctrl-C stops everything.\n`;
}

/** Says so when a part ends that nobody has stopped. */
async function reportEnds({ parts }: Cluster, signal: AbortSignal): Promise<void> {
  const gone = new Set<string>();
  while (!signal.aborted) {
    for (const { name, pid, output } of parts) {
      if (pid !== undefined || gone.has(name)) continue;
      gone.add(name);
      process.stderr.write(`${name} has ended:\n${output.slice(-2_000)}\n`);
    }
    await sleep(systemClock, lookEveryMs, signal).catch(() => {});
  }
}
