import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { probeEdgeImplementations } from '@parley/edge-listener';
import { type Finding, fine, noted, problem } from './finding.js';

const run = promisify(execFile);
const nodeFloor = [20, 19] as const;
/** One file per connection, and some for the log and the store. */
const filesWanted = 65_536;
const diskBytesWanted = 1024 ** 3;

/** Node.js 20.19 is the oldest version that is tested. */
export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1]);
  if (isEnough) return fine('Node.js', `${version} on ${process.platform} ${process.arch}`);
  return problem('Node.js', version, 'install Node.js 20.19 or newer (24 is recommended)');
}

/** Which WebSocket server can be used. */
export function checkEdge(probes = probeEdgeImplementations()): Finding {
  const uws = probes.find(({ implementation }) => implementation === 'uws');
  if (uws?.isAvailable) return fine('WebSocket server', `uWebSockets.js (${uws.detail})`);
  const advice = 'nothing needs to be done: ws serves instead, with some more CPU per message';
  return noted('WebSocket server', `uWebSockets.js does not load: ${uws?.detail ?? 'unknown'}`, advice);
}

/** The embedded log and store live here. */
export function checkDataDir(dataDir: string): Finding {
  const path = resolve(dataDir);
  try {
    if (existsSync(path)) {
      const probe = join(path, '.doctor');
      writeFileSync(probe, '');
      rmSync(probe);
    } else {
      // Not created here: looking must not change anything.
      accessSync(existing(path), constants.W_OK);
    }
    const { bavail, bsize } = statfsSync(existing(path));
    const free = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`;
    if (bavail * bsize < diskBytesWanted) return noted('data folder', `${path}, ${free}`, 'make room: the log stops when the disk is full');
    return fine('data folder', `${path}, ${free}`);
  } catch (error) {
    return problem('data folder', (error as Error).message, `make ${path} writable, or set PARLEY_DATA_DIR to another folder`);
  }
}

function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

/** Every connection is an open file. */
export async function checkOpenFiles(): Promise<Finding> {
  if (process.platform === 'win32') return fine('open files', 'no limit to look at on Windows');
  const { stdout } = await run('sh', ['-c', 'ulimit -n']);
  const limit = stdout.trim();
  if (limit === 'unlimited' || Number(limit) >= filesWanted) return fine('open files', `limit ${limit}`);
  return noted(
    'open files',
    `limit ${limit}`,
    `raise it (ulimit -n ${filesWanted}) for more than ${Math.floor(Number(limit) * 0.8)} connections`,
  );
}

/** Java runs the Kafka and Cassandra of the cluster tests; the server itself needs none. */
export async function checkJava(): Promise<Finding> {
  const java = await versionOf('java', ['-version']);
  const maven = await versionOf('mvn', ['-v']);
  const detail = `Java ${java ?? 'not found'}, Maven ${maven ?? 'not found'}`;
  if (java !== undefined) return fine('local cluster', detail);
  return noted('local cluster', detail, 'only for npm run cluster without Docker: install Java 17');
}

async function versionOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, [...args]);
    return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}
