import { readFile } from 'node:fs/promises';
import { edgeAddressOf, type ServerUnderTest } from './server-under-test.js';

/** What is needed to measure a server that already runs. */
export interface AttachOptions {
  readonly url: string;
  readonly adminUrl?: string | undefined;
  readonly pids: readonly number[];
  readonly app: string;
  readonly secret: string;
  readonly kid: string;
}

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Measures a server that somebody else started; disposing leaves it running. */
export async function attachServer({ url, adminUrl, pids, app, secret, kid }: AttachOptions): Promise<ServerUnderTest> {
  if (pids.length === 0) throw new Error('which processes count? give --pids');
  return {
    address: edgeAddressOf(url),
    app: { app, secret, kid },
    listener: await listenerOf(adminUrl),
    pids,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** From the metrics, when they can be had. */
async function listenerOf(adminUrl: string | undefined): Promise<string> {
  const answer = adminUrl === undefined ? undefined : await fetch(`${adminUrl}/metrics`).catch(() => undefined);
  return /implementation="(\w+)"/.exec((await answer?.text()) ?? '')?.[1] ?? 'unknown';
}

/** Options from the server's `demo.json` or from the summary that `npm run cluster` writes. */
export async function readAttachFile(path: string): Promise<Partial<AttachOptions>> {
  const found: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!isJson(found)) throw new Error(`${path} is no JSON object`);
  const text = (...names: readonly string[]): Json => {
    const value = names.map((name) => found[name]).find((each) => typeof each === 'string' && each !== '');
    return value === undefined ? {} : { [names[0] ?? '']: value };
  };
  return {
    ...text('url', 'edgeUrl'),
    ...text('adminUrl'),
    ...text('app'),
    ...text('secret'),
    ...text('kid'),
    ...pidsOf(found['processes'] ?? found['pids']),
  };
}

/** `[1, 2]`, `{ kafka: 1 }`, `{ kafka: [1] }` or `[{ name, pid }]`. */
function pidsOf(value: unknown): { readonly pids?: readonly number[] } {
  if (!isJson(value)) return {};
  const pids = Object.values(value).flatMap((entry) => (Array.isArray(entry) ? entry : [isJson(entry) ? entry['pid'] : entry]));
  return { pids: pids.filter((pid): pid is number => typeof pid === 'number') };
}
