import { systemClock } from '@parley/kernel';
import { readOptions, usage } from './options.js';
import { runBench } from './run-bench.js';

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

// By default a signal ends a process without telling anybody in it, and servers would live on.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

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
