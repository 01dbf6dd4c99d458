import { readFileSync } from 'node:fs';
import { type Clock, systemClock } from '@parley/kernel';
import type { Client } from '@parley/sdk';
import { createClient } from '@parley/sdk/node';
import { readDemoFile } from './demo-file.js';
import { makeToken } from './make-token.js';
import { UsageError } from './output.js';

/** Options of every command that speaks to a server; what is left out comes from the demo file. */
export interface TargetOptions {
  readonly dataDir: string;
  readonly url?: string;
  readonly app?: string;
  /** Id of the user to be. */
  readonly as: string;
  /** File with a secret or a private key in PEM. */
  readonly keyFile?: string;
  readonly kid?: string;
  /** Used as it is instead of making one. */
  readonly token?: string;
}

/** Where to connect, and with what. */
export interface Target {
  readonly url: string;
  readonly app: string;
  token(lifetimeSeconds?: number): Promise<string>;
}

const oneHour = 3_600;
/** A person waits: better to say soon that nobody is there. */
const attemptsMax = 4;

/** Joins options and demo file. Throws UsageError saying what is missing and how to give it. */
export function findTarget(options: TargetOptions, clock: Clock = systemClock): Target {
  const demo = readDemoFile(options.dataDir);
  const hint = `no ${options.dataDir}/demo.json: start the server first (npm start), or give --data-dir`;
  const app = options.app ?? demo?.app ?? '';
  const key = options.keyFile === undefined ? (demo?.secret ?? '') : readKey(options.keyFile);
  const kid = options.kid ?? (options.keyFile === undefined ? demo?.kid : undefined) ?? '';
  return {
    url: options.url ?? demo?.url ?? '',
    app,
    token: async (lifetimeSeconds = oneHour) => {
      if (options.token !== undefined) return options.token;
      if (app === '') throw new UsageError(`which app? ${hint}, or --app`);
      if (key === '') throw new UsageError(`no key to sign with: ${hint}, or --key-file or --token`);
      return makeToken({ app, user: options.as, key, kid, lifetimeSeconds, nowSeconds: Math.floor(clock.now() / 1000) });
    },
  };
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`cannot read the key: ${(error as Error).message}`);
  }
}

/** A client of the target, logged in. Throws UsageError when there is no way to, ParleyClientError when refused. */
export async function connectTo(options: TargetOptions, catchUp: 'all' | 'heads' = 'heads'): Promise<Client> {
  const target = findTarget(options);
  if (target.url === '') {
    throw new UsageError(`where to? no ${options.dataDir}/demo.json: start the server first (npm start), or give --url`);
  }
  // A first token here, so that a missing key is told at once instead of being tried again.
  let first: string | undefined = await target.token();
  const token = (): string | Promise<string> => {
    const made = first ?? target.token();
    first = undefined;
    return made;
  };
  const client = createClient({ url: target.url, token, catchUp, deliveryReceipts: false });
  let failures = 0;
  const off = client.on('connection', (status) => {
    if (status.state === 'offline' && ++failures === attemptsMax) client.close();
  });
  try {
    await client.connect();
  } catch (error) {
    if (failures < attemptsMax) throw error;
    throw new UsageError(`cannot reach ${target.url}: is the server running? (npm start; parley doctor)`);
  } finally {
    off();
  }
  return client;
}
