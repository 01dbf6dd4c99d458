// Where the engines come from: jars copied once from Maven Central into a cache folder, and beside them
// what a first start leaves for later ones (a class-data archive halves the work of a start).
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assetPath } from './assets.js';
import { defaultCacheFolder } from './cache-folder.js';
import { runCommand } from './run-command.js';

/** What tells the user that a first start takes its time; one line of text per step. */
export type OnProgress = (line: string) => void;

/** Where the cache is and who hears of progress. */
export interface Cache {
  /** Default: see defaultCacheFolder. */
  readonly cacheFolder?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

const building = new Map<string, Promise<string>>();

/** A folder of the cache, built on first use: under another name first, so that a half-built one is never used. */
export function cached(cache: Cache, name: string, build: (draft: string) => Promise<void>): Promise<string> {
  const folder = join(cache.cacheFolder ?? defaultCacheFolder(), name);
  if (existsSync(folder)) return Promise.resolve(folder);
  const started = building.get(folder);
  if (started) return started;
  const work = buildFolder(folder, build).finally(() => building.delete(folder));
  building.set(folder, work);
  return work;
}

async function buildFolder(folder: string, build: (draft: string) => Promise<void>): Promise<string> {
  const draft = `${folder}.${randomBytes(4).toString('hex')}.draft`;
  mkdirSync(draft, { recursive: true });
  try {
    await build(draft);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another process was faster
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/** One engine in one version. */
export interface EngineVersion {
  readonly engine: 'kafka' | 'cassandra';
  /** As people write it: Kafka, Cassandra. */
  readonly title: string;
  readonly version: string;
}

/** The class path of an engine, downloaded on first use (45–70 MB, and the plug-ins of Maven). */
export async function classPath(cache: Cache, { engine, title, version }: EngineVersion): Promise<string> {
  const folder = await cached(cache, `${engine}-${version}`, async (draft) => {
    cache.onProgress?.(`downloading ${title} ${version} …`);
    let count = 0;
    await runCommand('mvn', mavenArguments(engine, version, draft), (line) => {
      if (!/Downloaded from .*\.jar/.test(line)) return;
      count += 1;
      if (count % 20 === 0) cache.onProgress?.(`downloading ${title} ${version}: ${count} files`);
    });
  });
  return readdirSync(folder)
    .sort()
    .map((jar) => join(folder, jar))
    .join(':');
}

const mavenArguments = (engine: string, version: string, into: string): readonly string[] => [
  '--batch-mode',
  '--strict-checksums',
  '--file',
  assetPath(`${engine}/pom.xml`),
  `-D${engine}.version=${version}`,
  'dependency:copy-dependencies',
  '-DincludeScope=runtime',
  `-DoutputDirectory=${into}`,
];
