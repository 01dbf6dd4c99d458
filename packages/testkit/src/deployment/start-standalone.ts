import { freePorts, temporaryFolder } from '@parley/engines';
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomId, systemRandom } from '@parley/kernel';
import { appsVariable, type DeployedAppLimits, newDeployedApp, unhurriedLimits } from './deployed-apps.js';
import type { DeployedApp, Deployment } from './deployment.js';
import { ManagedProcess } from './managed-process.js';

/** What to start; everything has a default. */
export interface StandaloneOptions {
  /** Kept after the end; by default a temporary folder, which goes. */
  readonly dataDir?: string;
  /** `app-one` and `app-two` with new secrets by default. Give those of a former deployment with its data. */
  readonly apps?: readonly DeployedApp[];
  /** Limits of all apps; by default rates that no test meets by accident. */
  readonly limits?: DeployedAppLimits;
  /** Further variables of the process, such as PARLEY_PARTITIONS; they win over ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** Hears everything that the process prints. */
  readonly onOutput?: (text: string) => void;
}

/** Where `npm run build` puts it, seen from src as from dist. */
const script = fileURLToPath(new URL('../../../../services/standalone/dist/main.js', import.meta.url));

/**
 * Every service in one process with a log of its own, ready for traffic. Ports and data stay the same over
 * `parts[0].kill()` and `start()`. The end is kill -9 where the data is temporary, else orderly.
 */
export async function startStandalone(options: StandaloneOptions = {}): Promise<Deployment> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnFreePorts(options);
    } catch (error) {
      if (tries === portTriesMax || !/cannot listen|EADDRINUSE/.test(String(error))) throw error;
    }
  }
}

/** Between being found free and being taken by the process, a port may be taken by something else. */
const portTriesMax = 3;

async function startOnFreePorts(options: StandaloneOptions): Promise<Deployment> {
  const { apps = [newDeployedApp('app-one'), newDeployedApp('app-two')], limits = unhurriedLimits, env = {} } = options;
  const isTemporary = options.dataDir === undefined;
  const folder = options.dataDir === undefined ? temporaryFolder('standalone') : resolve(options.dataDir);
  mkdirSync(folder, { recursive: true });
  const [edgePort = 0, adminPort = 0, mediaPort = 0] = await freePorts(3);
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const adminKey = randomId(systemRandom, 52);
  const variables = {
    PARLEY_DATA_DIR: folder,
    PARLEY_EDGE_HOST: '127.0.0.1',
    PARLEY_EDGE_PORT: String(edgePort),
    PARLEY_ADMIN_PORT: String(adminPort),
    PARLEY_MEDIA_PORT: String(mediaPort),
    PARLEY_ADMIN_KEY: adminKey,
    PARLEY_APPS: appsVariable(apps, limits),
    ...env,
  };
  const { nodeOptions = [], onOutput = () => {} } = options;
  const readyUrl = `${adminUrl}/readyz`;
  const server = new ManagedProcess({ name: 'standalone', script, folder, variables, readyUrl, nodeOptions, onOutput });
  const end = async (): Promise<void> => {
    await (isTemporary ? server.kill() : server.stop());
    if (isTemporary) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.start();
  } catch (error) {
    await end();
    throw error;
  }
  const urls = [`ws://127.0.0.1:${edgePort}`];
  return { kind: 'standalone', urls, adminUrl, adminKey, apps, parts: [server], [Symbol.asyncDispose]: end };
}
