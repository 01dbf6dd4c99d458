// Brings a fresh clone to the point where something can be run: installs what the lock file says when that
// has not happened yet, builds what has changed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.cache/parley/installed`;

export function installIfNeeded() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) fail(`Node 20.19 or newer is needed, this is ${process.versions.node}`);
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
  if (isInstalled()) return;
  const release = takeTurn();
  try {
    if (isInstalled()) return;
    console.error('Installing dependencies (npm ci) …');
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    mkdirSync(`${root}node_modules/.cache/parley`, { recursive: true });
    writeFileSync(stamp, lock);
  } finally {
    release();
  }
}

/** Lets one process at a time install into this folder; the folder itself is remade by that, so the mark lies elsewhere. */
function takeTurn() {
  const mark = join(tmpdir(), `parley-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`);
  for (;;) {
    try {
      writeFileSync(mark, String(process.pid), { flag: 'wx' });
      process.once('exit', () => rmSync(mark, { force: true }));
      return () => rmSync(mark, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isAlive(Number(readFileSync(mark, 'utf8')))) rmSync(mark, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
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
