import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './start-cluster.js';

/** What `<data>/cluster.json` tells other programs about a cluster that runs; it goes with the cluster. */
export interface ClusterFile {
  readonly url: string;
  readonly urls: readonly string[];
  readonly adminUrl: string;
  readonly adminKey: string;
  readonly app: string;
  readonly kid: string;
  readonly secret: string;
  /** Process ids by name: `gateway-1`, …, `kafka`, `cassandra`. */
  readonly pids: Readonly<Record<string, number>>;
  /** Where to ask for health, by name; services only. */
  readonly health: Readonly<Record<string, string>>;
}

/** The facts of a running cluster, with its first app. */
export function clusterFileOf({ urls, adminUrl, adminKey, apps, parts, healthUrls }: Cluster): ClusterFile {
  const [app] = apps;
  const pids = Object.fromEntries(parts.map(({ name, pid }) => [name, pid ?? 0]));
  const { id = '', kid = '', secret = '' } = app ?? {};
  return { url: urls[0] ?? '', urls, adminUrl, adminKey, app: id, kid, secret, pids, health: healthUrls };
}

const pathIn = (dataDir: string): string => join(dataDir, 'cluster.json');

/** Readable by its owner only: it holds secrets. */
export function writeClusterFile(dataDir: string, file: ClusterFile): void {
  writeFileSync(pathIn(dataDir), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
}

export function removeClusterFile(dataDir: string): void {
  rmSync(pathIn(dataDir), { force: true });
}
