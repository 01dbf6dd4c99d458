import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { readOptions } from './options.js';
import { runBench } from './run-bench.js';

const quick = ['--repeat', '1', '--members', '3', '--groups', '2', '--connections', '20', '--seconds', '1'];

/** Against the built server in a process of its own. */
async function run(...args: readonly string[]): Promise<readonly string[]> {
  const printed: string[] = [];
  const results = await runBench(readOptions([...args, ...quick]), { clock: systemClock, print: (text) => printed.push(text) });
  expect(printed).toHaveLength(results.length);
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
});
