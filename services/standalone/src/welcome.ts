import { resolve } from 'node:path';
import type { ServiceLife } from '@parley/runtime';
import { demoKeys, writeDemoFile } from './demo.js';
import { greeting } from './greeting.js';

const readyEveryMs = 20;

/** Says how to reach the server, as soon as it can be reached. */
export async function welcome(life: ServiceLife, edgePort: number): Promise<void> {
  const { config, clock, random } = life.platform;
  if (config.mode !== 'embedded') return;
  const url = `ws://${reachable(config.edge.host)}:${edgePort}`;
  const adminUrl = `http://${reachable(config.admin.host)}:${life.adminPort}`;
  const keys = demoKeys(config.dataDir, random);
  const isDemo = config.apps.some((app) => app.keys.some(({ secret }) => secret === keys.secret));
  const adminKey = config.admin.key ?? keys.adminKey;
  writeDemoFile(config.dataDir, { ...keys, url, adminUrl, adminKey });
  const say = async (): Promise<void> => {
    if (!(await isReady(adminUrl))) {
      clock.setTimer(readyEveryMs, () => void say());
      return;
    }
    const facts = { url, adminUrl, adminKey, dataDir: resolve(config.dataDir), nowSeconds: Math.floor(clock.now() / 1_000) };
    process.stdout.write(greeting({ ...facts, demo: isDemo ? keys : undefined }));
  };
  void say();
}

const reachable = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host);

const isReady = async (adminUrl: string): Promise<boolean> => {
  try {
    return (await fetch(`${adminUrl}/readyz`)).ok;
  } catch {
    return false;
  }
};
