import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { LogBench, textsOf } from '../contract/fixture.js';
import { openLmdbLog } from './lmdb-log.js';

interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
}

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
const repositoryRoot = join(packageRoot, '../..');
// Within the package, so that the bundle finds lmdb.
const writer = join(packageRoot, 'dist/.crash-writer/writer.mjs');

/** Bundles the writer from the sources, so that the test does not depend on what was built before. */
async function bundleWriter(): Promise<void> {
  await promisify(execFile)(join(repositoryRoot, 'node_modules/.bin/esbuild'), [
    join(packageRoot, 'test/crash-writer.ts'),
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--external:lmdb',
    `--alias:@parley/kernel=${join(repositoryRoot, 'packages/kernel/src/index.ts')}`,
    `--outfile=${writer}`,
  ]);
}

/** Lets a writer run until it has acknowledged `count` records, kills it, and returns all it acknowledged. */
async function killAfter(count: number, path: string, run: string): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [writer, path, run], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [partition, offset, text] = line.split(' ');
    // The last line may have been cut by the kill.
    if (text === undefined) continue;
    acknowledged.push({ partition: Number(partition), offset: Number(offset), text });
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  return acknowledged;
}

describe('a log on LMDB whose process is killed under load', () => {
  let path: string;

  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'parley-crash-'));
    await bundleWriter();
  }, 30_000);
  afterAll(() => rm(path, { recursive: true }));

  it('has lost nothing that was acknowledged and given no offset twice, over three kills', async () => {
    const acknowledged: Acknowledged[] = [];
    for (const run of ['first', 'second', 'third']) acknowledged.push(...(await killAfter(800, path, run)));
    const bench = new LogBench({
      isDurable: true,
      open: async () => {
        const log = await openLmdbLog({ clock: systemClock, path });
        return { log, close: () => log[Symbol.asyncDispose]() };
      },
    });
    await bench.open();
    await bench.log.createTopics([
      { name: 'crash', partitions: 4, kind: 'log' },
      { name: 'crash-compacted', partitions: 4, kind: 'compacted' },
    ]);
    const partitions = await Promise.all([0, 1, 2, 3].map((partition) => bench.readAll('crash', partition)));
    const compacted = (await Promise.all([0, 1, 2, 3].map((partition) => bench.readAll('crash-compacted', partition)))).flat();
    await bench.close();

    expect(new Set(acknowledged.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(acknowledged.length);
    for (const records of partitions) {
      expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index));
      expect(new Set(textsOf(records)).size).toBe(records.length);
    }
    const found = acknowledged.map(({ partition, offset }) => partitions[partition]?.[offset]);
    expect(found.map((record) => record && textsOf([record])[0])).toEqual(acknowledged.map(({ text }) => text));
    expect(compacted).toHaveLength(16);
  }, 60_000);
});
