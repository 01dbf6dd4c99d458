// Brings a fresh clone to the point where something can be run: installs what the lock file says when that
// has not happened yet, builds what has changed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.cache/parley/installed`;

export function installIfNeeded() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) fail(`Node 20.19 or newer is needed, this is ${process.versions.node}`);
  const lock = createHash('sha256').update(readFileSync(`${root}package-lock.json`)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing dependencies (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  mkdirSync(`${root}node_modules/.cache/parley`, { recursive: true });
  writeFileSync(stamp, lock);
}

export function build() {
  const started = performance.now();
  const turbo = `${root}node_modules/.bin/turbo`;
  const result = spawnSync(turbo, ['run', 'build', '--output-logs=errors-only', '--log-order=grouped'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  });
  if (result.status !== 0) fail(`The build failed:\n${result.stdout}\n${result.stderr}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (Number(seconds) > 2) console.error(`Built in ${seconds} s.`);
}

/** Runs a command to its end with its output shown; ends this process when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Becomes the given Node program: passes signals on and ends with its exit code. */
export function become(script, args) {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
