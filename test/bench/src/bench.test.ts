import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { readOptions } from './options.js';
import { runBench } from './run-bench.js';

const quick = ['--repeat', '1', '--members', '3', '--groups', '2', '--connections', '20', '--seconds', '1'];

/** Against the built server in a process of its own. */
async function run(...args: readonly string[]): Promise<readonly string[]> {
  const printed: string[] = [];
  const results = await runBench(readOptions([...args, ...quick]), { clock: systemClock, print: (text) => printed.push(text) });
  expect(printed.length).toBeGreaterThanOrEqual(results.length);
  return results.flatMap(({ summary }) => summary.faults);
}

describe('the bench', () => {
  it('sees every 1:1 message acknowledged and delivered exactly once', async () => {
    expect(await run('direct', '--messages', '200', '--pairs', '4', '--in-flight', '4')).toEqual([]);
  }, 60_000);

  it('sees every message of groups and rooms reach every other member exactly once', async () => {
    expect(await run('group', '--rate', '20')).toEqual([]);
    expect(await run('room', '--rate', '20')).toEqual([]);
  }, 120_000);

  it('accounts for every message of every level, on the server and on the generator', async () => {
    expect(await run('overload', '--rate', '50', '--rooms', '2')).toEqual([]);
    expect(await run('slow-readers', '--rate', '20', '--frozen', '40')).toEqual([]);
  }, 120_000);

  it('sees lists told where something is new and only there, by users who come back one by one and all at once', async () => {
    expect(await run('sync', '--users', '4', '--conversations', '6')).toEqual([]);
    expect(await run('sync', '--storm', '40', '--conversations', '6', '--rate', '20')).toEqual([]);
  }, 120_000);

  it('sees whole pages and what searches find', async () => {
    expect(await run('history', '--messages', '60', '--rate', '20', '--pages', '20')).toEqual([]);
  }, 120_000);

  it('sees messages of large groups reach those who are online', async () => {
    expect(await run('large-group', '--online', '2', '--rate', '20')).toEqual([]);
  }, 120_000);

  it('measures another server in turn with this one', async () => {
    const options = readOptions(['room', '--against', 'socket.io', '--rate', '20', ...quick]);
    const [result] = await runBench(options, { clock: systemClock, print: () => undefined });
    expect(result?.rounds).toHaveLength(2);
    const [peer] = result?.peers ?? [];
    expect(peer).toMatchObject({ name: 'socket.io', durability: 'D0', summary: { faults: [] }, rounds: [{}] });
    expect(peer?.ratios.find(({ metric }) => metric === 'messages per second')?.ratio).toBeCloseTo(1, 0);
  }, 120_000);
});
