import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoFile, readDemoFile } from '@parley/cli';
import type { Config } from '@parley/config';
import { type Random, randomId } from '@parley/kernel';

/** Keys that a server without configured apps makes at its first start and keeps. */
export type DemoKeys = Pick<DemoFile, 'app' | 'kid' | 'secret' | 'adminKey'>;

/** The demo app's keys in the data folder; made when there are none. */
export function demoKeys(dataDir: string, random: Random): DemoKeys {
  const known = readDemoFile(dataDir);
  if (known !== undefined && known.secret !== '' && known.adminKey !== '') return known;
  const keys = { app: 'demo', kid: 'demo-1', secret: randomId(random, 52), adminKey: randomId(random, 52) };
  writeDemoFile(dataDir, { ...keys, url: '', adminUrl: '' });
  return keys;
}

/** Tells the command line tool where the server is. Readable by its owner only: it holds secrets. */
export function writeDemoFile(dataDir: string, demo: DemoFile): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'demo.json');
  const text = `${JSON.stringify(demo, null, 2)}\n`;
  if (readIfThere(path) !== text) writeFileSync(path, text, { mode: 0o600 });
}

/** Serves the demo app where no app is configured, and lets the demo's admin key in where none is set. */
export function withDemo(config: Config, keys: DemoKeys): Config {
  const apps =
    config.apps.length > 0 ? config.apps : [{ id: keys.app, keys: [demoKey(keys)], limits: {} as Config['apps'][number]['limits'] }];
  return { ...config, apps, admin: { ...config.admin, key: config.admin.key ?? keys.adminKey } };
}

function demoKey({ kid, secret }: DemoKeys): Config['apps'][number]['keys'][number] {
  return { kid, alg: 'HS256', secret };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
