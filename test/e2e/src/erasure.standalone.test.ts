import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { newDeployedApp, startStandalone } from '@parley/testkit';
import { eraseUser } from './erasure/erase.js';
import { readEverything } from './erasure/read-everything.js';
import { searchFiles } from './erasure/search-files.js';
import { leaveTraces, type Traces } from './erasure/traces.js';
import { eventually } from './world/eventually.js';
import { World } from './world/world.js';

jest.setTimeout(120_000);

const hourMs = 3_600_000;
const variables = { PARLEY_TIMELINE_RETENTION_DAYS: '3', PARLEY_PARTITIONS: '1' };
/**
 * When the server is started again, after the first start: a day later logs of groups and rooms are put into snapshots, a day
 * after that they are cut before them; then the retention of the timeline has passed, too, and the file of the log is
 * written anew.
 */
const laterStarts = [25 * hourMs, 50 * hourMs, 75 * hourMs];

/** G14 to the last byte: what lies on the disk of an embedded server. */
describe('the files of an erased user', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-erasure-'));
  const apps = [newDeployedApp('app-one')];
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts on the folder with the clock so far ahead; the end is an orderly one. */
  const start = async (aheadMs = 0): Promise<World> => {
    const ahead = `const now = Date.now; Date.now = () => now() + ${aheadMs};`;
    const nodeOptions = [`--import=data:text/javascript,${encodeURIComponent(ahead)}`];
    return new World(await startStandalone({ dataDir: folder, apps, env: variables, nodeOptions }));
  };

  async function leaveAndErase(): Promise<Traces> {
    await using world = await start();
    const traces = await leaveTraces(world);
    await eraseUser(world, traces.eve);
    await eventually('the end of the erasure', async () => existsSync(join(folder, 'history', 'compaction-asked-for')) || undefined);
    expect(await readEverything(world, traces)).toEqual([]);
    return traces;
  }

  it('hold no word once the retention of the log has passed; those of the stores after the next start', async () => {
    const { canaries, conversations, groups } = await leaveAndErase();
    expect(searchFiles(folder, canaries)).toEqual(expect.arrayContaining(['history/data.mdb: a text', 'log/log.mdb: a text']));
    for (const aheadMs of laterStarts) {
      const world = await start(aheadMs);
      // Others have lost nothing.
      const said = (await world.backEnd().history(conversations[0] ?? '')).map(({ body }) => body);
      expect(said).toEqual(expect.arrayContaining(['what do you say?', 'no need to be rude']));
      expect(await world.backEnd().call('group/getGroup', { group: groups[0] })).toMatchObject({ group: { memberCount: 2 } });
      await world[Symbol.asyncDispose]();
      const files = searchFiles(folder, canaries);
      expect(files.filter((file) => !file.startsWith('log/log.mdb'))).toEqual([]);
      if (aheadMs === laterStarts.at(-1)) expect(files).toEqual([]);
    }
  });
});
