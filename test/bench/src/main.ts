import { systemClock } from '@parley/kernel';
import { readOptions, usage } from './options.js';
import { runBench } from './run-bench.js';

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

try {
  const options = readOptions(process.argv.slice(2));
  if (options.workload === '') {
    print(usage);
    process.exitCode = 2;
  } else {
    const results = await runBench(options, { clock: systemClock, print });
    if (results.some(({ summary }) => summary.faults.length > 0)) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
