import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, sleep } from '@parley/kernel';
import { endWithUs } from './end-with-us.js';
import { edgeAddressOf, type ServerUnderTest } from './server-under-test.js';

export interface SpawnOptions {
  readonly clock: Clock;
  /** Path of the server's program. */
  readonly main: string;
  /** Arguments for Node itself, e.g. `--cpu-prof`. */
  readonly nodeArguments: readonly string[];
  /** `auto`, `uws` or `ws`. */
  readonly listener: string;
  /** Where the temporary data folder is made. */
  readonly dataParent?: string | undefined;
  /** Messages that a room takes per second; 0 for the server's default. */
  readonly roomRate: number;
}

const adminKey = 'a key of the load generator for the back-end API';
const app = { app: 'bench', kid: 'bench-1', secret: 'a secret that signs the tokens of the load generator' };
const readyWithinMs = 30_000;
const stopWithinMs = 60_000;

const many = { perSecond: 10_000, burst: 10_000 };

/** As one server on one machine would be set up, but for the limits of what a single client and a single room may send. */
const settings = (listener: string, roomRate: number): string =>
  JSON.stringify({
    dataDir: './data',
    edge: { host: '127.0.0.1', port: 0, implementation: listener },
    admin: { host: '127.0.0.1', port: 0, key: adminKey },
    rpc: { host: '127.0.0.1', port: 0 },
    media: { host: '127.0.0.1', port: 0 },
    logging: { level: 'info' },
    apps: [
      {
        id: app.app,
        keys: [{ kid: app.kid, alg: 'HS256', secret: app.secret }],
        limits: {
          ...{ sendsPerSecond: 10_000, sendBurst: 10_000, bulletsPerSecond: 10_000 },
          // What one client may send with HIGH priority stays as it is.
          client: { low: many, medium: many },
          ...(roomRate === 0 ? {} : { room: { perSecond: roomRate } }),
        },
      },
    ],
  });

/** Starts the standalone server on ports and a data folder of its own; disposing stops it and removes the folder. */
export async function spawnServer(options: SpawnOptions): Promise<ServerUnderTest> {
  const { clock, main, nodeArguments, listener, dataParent = tmpdir(), roomRate } = options;
  const folder = await mkdtemp(join(dataParent, 'parley-bench-'));
  await writeFile(join(folder, 'parley.yaml'), settings(listener, roomRate));
  const output = createWriteStream(join(folder, 'output.log'));
  // The folder holds ./parley.yaml, which is where the server looks for its configuration.
  const child = spawn(process.execPath, [...nodeArguments, main], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const hasEnded = endWithUs(child, folder);
  child.stdout.pipe(output);
  child.stderr.pipe(output);
  const stop = async (): Promise<void> => {
    await stopped(child, clock);
    hasEnded();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url, adminUrl } = await readDemo(folder, child, clock);
    await untilReady(adminUrl, clock);
    const listening = /"implementation":"(\w+)"/.exec(await readFile(join(folder, 'output.log'), 'utf8'));
    return {
      addresses: [edgeAddressOf(url)],
      app,
      durability: 'D2',
      listener: listening?.[1] ?? 'unknown',
      pids: [child.pid ?? 0],
      metricsUrls: new Map([['standalone', `${adminUrl}/metrics`]]),
      admin: { url: adminUrl, key: adminKey },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    const log = await readFile(join(folder, 'output.log'), 'utf8');
    await stop();
    throw new Error(`the server did not start:\n${log.slice(-4000)}`, { cause: error });
  }
}

/** The server writes its addresses into the data folder once it listens. */
async function readDemo(folder: string, child: ChildProcess, clock: Clock): Promise<{ url: string; adminUrl: string }> {
  const untilMs = clock.monotonic() + readyWithinMs;
  while (clock.monotonic() < untilMs && child.exitCode === null) {
    const text = await readFile(join(folder, 'data/demo.json'), 'utf8').catch(() => '');
    const match = /"url": "(ws:[^"]+)"[\s\S]*"adminUrl": "([^"]+)"/.exec(text);
    if (match?.[1] !== undefined && match[2] !== undefined) return { url: match[1], adminUrl: match[2] };
    await sleep(clock, 20);
  }
  throw new Error(child.exitCode === null ? 'no demo.json in time' : `exit code ${child.exitCode}`);
}

async function untilReady(adminUrl: string, clock: Clock): Promise<void> {
  const untilMs = clock.monotonic() + readyWithinMs;
  for (;;) {
    const answer = await fetch(`${adminUrl}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (clock.monotonic() > untilMs) throw new Error(`not ready in time: ${(await answer?.text()) ?? 'no answer'}`);
    await sleep(clock, 20);
  }
}

async function stopped(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const cancel = clock.setTimer(stopWithinMs, () => child.kill('SIGKILL'));
  await ended;
  cancel();
}
