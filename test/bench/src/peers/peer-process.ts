import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Clock, sleep } from '@parley/kernel';
import { endWithUs } from '../server/end-with-us.js';
import type { PeerOptions } from './peer.js';

const readyWithinMs = 30_000;
const stopWithinMs = 5_000;
const lookEveryMs = 50;
/** What is kept of the output, to explain a failed start. */
const outputMax = 4_000;

export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A peer's process, which listens on `port` of 127.0.0.1; disposing ends it and removes its folder. */
export interface PeerProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Starts a peer and waits until it listens. `commandFor` writes its configuration into the folder. */
export async function startPeerProcess(
  name: string,
  { clock, dataParent }: PeerOptions,
  commandFor: (place: { readonly folder: string; readonly port: number }) => Promise<PeerCommand>,
): Promise<PeerProcess> {
  const folder = await mkdtemp(join(dataParent, `bench-${name}-`));
  const port = await freePort();
  const { program, args, environment } = await commandFor({ folder, port });
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  const hasEnded = endWithUs(child, folder);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-outputMax);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  const stop = async (): Promise<void> => {
    await stopped(child, clock);
    hasEnded();
    await rm(folder, { recursive: true, force: true });
  };
  if (!(await listens(port, child, clock))) {
    await stop();
    throw new Error(`${name} did not start:\n${output}`);
  }
  return { port, pid: child.pid ?? 0, [Symbol.asyncDispose]: stop };
}

/** A port that nobody listens on; another process may take it first, which then fails the start. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function listens(port: number, child: ChildProcess, clock: Clock): Promise<boolean> {
  const untilMs = clock.monotonic() + readyWithinMs;
  while (clock.monotonic() < untilMs && child.exitCode === null && child.pid !== undefined) {
    if (await accepts(port)) return true;
    await sleep(clock, lookEveryMs);
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

/** A peer's data is thrown away, so it need not stop in order. */
async function stopped(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const cancel = clock.setTimer(stopWithinMs, () => child.kill('SIGKILL'));
  await ended;
  cancel();
}
