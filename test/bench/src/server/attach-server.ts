import { readFile } from 'node:fs/promises';
import { edgeAddressOf, type ServerUnderTest } from './server-under-test.js';

/** What is needed to measure a server that already runs. */
export interface AttachOptions {
  /** Of every gateway. */
  readonly urls: readonly string[];
  readonly adminUrl?: string | undefined;
  /** Bearer key of the back-end API; some workloads make their groups there. */
  readonly adminKey?: string | undefined;
  /** Addresses of the metrics by the process's name. */
  readonly metricsUrls?: ReadonlyMap<string, string> | undefined;
  readonly pids: readonly number[];
  /** A cluster with one broker, which acknowledges what its disk has not seen yet. */
  readonly isCluster?: boolean | undefined;
  readonly app: string;
  readonly secret: string;
  readonly kid: string;
}

type Json = Readonly<Record<string, unknown>>;

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Measures a server that somebody else started; disposing leaves it running. */
export async function attachServer({
  urls,
  adminUrl,
  adminKey,
  metricsUrls,
  isCluster,
  pids,
  app,
  secret,
  kid,
}: AttachOptions): Promise<ServerUnderTest> {
  if (pids.length === 0) throw new Error('which processes count? give --pids');
  const [gatewayUrl] = [...(metricsUrls ?? [])].flatMap(([name, url]) => (name.startsWith('gateway') ? [url] : []));
  return {
    addresses: urls.map(edgeAddressOf),
    app: { app, secret, kid },
    durability: isCluster ? 'D1' : 'D2',
    listener: await listenerOf(gatewayUrl ?? (adminUrl === undefined ? undefined : `${adminUrl}/metrics`)),
    pids,
    metricsUrls: metricsUrls ?? new Map(adminUrl === undefined ? [] : [['server', `${adminUrl}/metrics`]]),
    admin: adminUrl === undefined || adminKey === undefined ? undefined : { url: adminUrl, key: adminKey },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** From the metrics, when they can be had. */
async function listenerOf(metricsUrl: string | undefined): Promise<string> {
  const answer = metricsUrl === undefined ? undefined : await fetch(metricsUrl).catch(() => undefined);
  return /implementation="(\w+)"/.exec((await answer?.text()) ?? '')?.[1] ?? 'unknown';
}

/** Options from the server's `demo.json` or from the summary that `npm run cluster` writes. */
export async function readAttachFile(path: string): Promise<Partial<AttachOptions>> {
  const found: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!isJson(found)) throw new Error(`${path} is no JSON object`);
  const text = (name: string): Json => (typeof found[name] === 'string' && found[name] !== '' ? { [name]: found[name] } : {});
  return {
    ...urlsOf(found),
    ...text('adminUrl'),
    ...text('adminKey'),
    ...text('app'),
    ...text('secret'),
    ...text('kid'),
    ...pidsOf(found['pids']),
    ...metricsUrlsOf(found['health']),
  };
}

function urlsOf({ urls, url }: Json): { readonly urls?: readonly string[] } {
  const found = (Array.isArray(urls) ? urls : [url]).filter((each): each is string => typeof each === 'string' && each !== '');
  return found.length === 0 ? {} : { urls: found };
}

/** By name; a part that has no process of its own counts as 0. */
function pidsOf(value: unknown): { readonly pids?: readonly number[] } {
  if (!isJson(value)) return {};
  return { pids: Object.values(value).filter((pid): pid is number => typeof pid === 'number' && pid > 0) };
}

/** Each process of a cluster has its metrics beside its health. */
function metricsUrlsOf(value: unknown): { readonly metricsUrls?: ReadonlyMap<string, string> } {
  if (!isJson(value)) return {};
  const urls = Object.entries(value).flatMap(([name, url]) =>
    typeof url === 'string' ? [[name, new URL('/metrics', url).href] as const] : [],
  );
  return { metricsUrls: new Map(urls) };
}
