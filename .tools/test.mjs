// npm test: every tier that this machine can run, and one line that sums them up.
//   npm test                       everything, soaks shortened
//   npm test -- unit               one tier (see below)
//   npm test -- --soak             soaks in full length
//   npm test -- --ci               a tier that could run here and was skipped counts as failed
//   npm test -- --times            the slowest files and tests of each tier
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, fail, installIfNeeded, root } from './ensure.mjs';

/** Tests of single packages that start a Kafka or a Cassandra. */
const onEngines = ['/eventlog-kafka/', '/store-cassandra/', '/engines/', '/runtime/test/'];
const bench = '/test/bench/src/bench\\.test';

/** Tiers in the order in which they run; each is a set of test files. Long ones run with --soak, or when they are named. */
const tiers = {
  unit: {
    what: 'rules, units, services over memory and LMDB, sockets',
    workers: 2,
    ignore: [...onEngines, '\\.(standalone|cluster)\\.test', bench],
  },
  adapters: {
    what: 'adapters on a real Kafka and a real Cassandra',
    workers: 2,
    match: onEngines,
    needsEngines: true,
  },
  standalone: { what: 'promises over `npm start`', workers: 2, match: ['\\.standalone\\.test'] },
  cluster: {
    what: 'promises over separate services on Kafka and Cassandra',
    workers: 1,
    match: ['\\.cluster\\.test'],
    needsEngines: true,
  },
  bench: { what: 'every workload of the bench, in short', workers: 1, match: [bench], isLong: true },
};

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
for (const name of names) if (!(name in tiers)) fail(`there is no tier "${name}"; there are ${Object.keys(tiers).join(', ')}`);

installIfNeeded();
build();

const missing = missingForEngines();
const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, tier] of Object.entries(tiers)) {
  if (names.length > 0 ? !names.includes(name) : tier.isLong && !flags.includes('--soak')) continue;
  if (tier.needsEngines && missing.length > 0) {
    console.log(`\n${name}: skipped, ${missing.join(' and ')}`);
    continue;
  }
  console.log(`\n${name}: ${tier.what}`);
  add(runJest(tier), tier);
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

function runJest({ match = [], ignore = [], workers }) {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'));
  const report = join(folder, 'report.json');
  const args = ['--experimental-vm-modules', '--no-warnings', `${root}node_modules/.bin/jest`, '-c', '.tools/jest.config.mjs'];
  args.push(`--maxWorkers=${workers}`, '--json', `--outputFile=${report}`, '--passWithNoTests', ...match);
  if (ignore.length > 0) args.push('--testPathIgnorePatterns', '/node_modules/', '/dist/', ...ignore);
  const env = { ...process.env, PARLEY_TEST_SOAK: flags.includes('--soak') ? 'full' : 'short' };
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env });
  const summary = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  rmSync(folder, { recursive: true, force: true });
  return { summary, status: result.status };
}

function add({ summary, status }, tier) {
  if (summary === undefined) {
    total.failed++;
    return;
  }
  total.passed += summary.numPassedTests;
  total.failed += summary.numFailedTests + summary.numRuntimeErrorTestSuites;
  total.skipped += summary.numPendingTests;
  if (flags.includes('--times')) printTimes(summary);
  if (status !== 0 && summary.numFailedTests + summary.numRuntimeErrorTestSuites === 0) total.failed++;
  const skippedFiles = summary.testResults.filter(
    ({ assertionResults: results }) => results.length > 0 && results.every(({ status }) => status === 'pending'),
  );
  if (flags.includes('--ci') && tier.needsEngines && skippedFiles.length > 0) {
    console.log(`skipped although the engines are there: ${skippedFiles.map(({ name }) => name).join(', ')}`);
    total.failed += skippedFiles.length;
  }
}

function printTimes({ testResults }) {
  const files = testResults.map(({ name, startTime, endTime }) => ({ what: name.replace(root, ''), ms: endTime - startTime }));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ fullName: what, duration: ms }) => ({ what, ms })));
  for (const list of [files, tests]) {
    console.log('');
    for (const { what, ms } of list.sort((a, b) => b.ms - a.ms).slice(0, 15))
      console.log(`${(ms / 1_000).toFixed(1).padStart(7)} s  ${what}`);
  }
}

/** What a real Kafka and Cassandra need and this machine does not have, in words. */
function missingForEngines() {
  const java = spawnSync(process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1];
  const maven = spawnSync('mvn', ['--version'], { encoding: 'utf8' });
  return [
    ...(version === '17' ? [] : [version === undefined ? 'Java 17 is missing' : `Java 17 is needed, this is ${version}`]),
    ...(maven.status === 0 ? [] : ['Maven is missing']),
  ];
}
