import { join } from 'node:path';
import type { MediaS3Config } from './media-settings.js';
import { roomRateDefaults } from './rate-limits.js';
import type { AppConfig, AppKeyConfig, Config, ParsedConfig, RpcTlsConfig } from './schema.js';

const anyInterface: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]']);

/** Fills what depends on other settings and checks what settings promise each other; problems go to the list. */
export function settleConfig(parsed: ParsedConfig, problems: string[]): Config {
  const { rpc } = parsed;
  checkCluster(parsed, problems);
  checkApps(parsed.apps, problems);
  checkRoomRates(parsed, problems);
  return {
    ...parsed,
    partitions: parsed.partitions ?? (parsed.mode === 'embedded' ? 16 : 64),
    rpc: { ...rpc, advertisedHost: rpc.advertisedHost ?? rpc.host, tls: settleTls(rpc.tls, problems) },
    media: settleMedia(parsed, problems),
  };
}

function settleMedia({ mode, dataDir, services, media }: ParsedConfig, problems: string[]): Config['media'] {
  const s3 = settleS3(media.s3, problems);
  if (mode === 'cluster' && s3 !== undefined && services.includes('media') && media.urlKey === undefined) {
    problems.push('media.urlKey (PARLEY_MEDIA_URL_KEY): missing; media processes that share a bucket need the same');
  }
  return { ...media, dir: media.dir ?? join(dataDir, 'media'), s3 };
}

function settleS3(
  { region, endpoint, bucket, accessKeyId, secretAccessKey }: ParsedConfig['media']['s3'],
  problems: string[],
): MediaS3Config | undefined {
  if (endpoint !== undefined && bucket !== undefined && accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { endpoint, region, bucket, accessKeyId, secretAccessKey };
  }
  const given = [endpoint, bucket, accessKeyId, secretAccessKey].some((value) => value !== undefined);
  if (given) problems.push('media.s3: endpoint, bucket, accessKeyId and secretAccessKey go together');
  return undefined;
}

function settleTls({ ca, cert, key }: ParsedConfig['rpc']['tls'], problems: string[]): RpcTlsConfig | undefined {
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key };
  if (ca !== undefined || cert !== undefined || key !== undefined) problems.push('rpc.tls: ca, cert and key go together');
  return undefined;
}

function checkCluster({ mode, kafka, cassandra, rpc }: ParsedConfig, problems: string[]): void {
  if (mode !== 'cluster') return;
  if (kafka.brokers.length === 0)
    problems.push('kafka.brokers (PARLEY_KAFKA_BROKERS): missing; a cluster needs host:port, separated by commas');
  if (cassandra.contactPoints.length === 0) {
    problems.push('cassandra.contactPoints (PARLEY_CASSANDRA_CONTACT_POINTS): missing; a cluster needs host names, separated by commas');
  }
  if (rpc.advertisedHost === undefined && anyInterface.has(rpc.host)) {
    problems.push(`rpc.advertisedHost (PARLEY_RPC_ADVERTISED_HOST): missing; others cannot reach this process at ${rpc.host}`);
  }
  if ((kafka.sasl.username === undefined) !== (kafka.sasl.password === undefined)) {
    problems.push('kafka.sasl: username and password go together');
  }
  if ((cassandra.username === undefined) !== (cassandra.password === undefined)) {
    problems.push('cassandra: username and password go together');
  }
}

function checkApps(apps: readonly AppConfig[], problems: string[]): void {
  const ids = new Set<string>();
  for (const [index, app] of apps.entries()) {
    const path = `apps[${index}]`;
    if (ids.has(app.id)) problems.push(`${path}.id: "${app.id}" is there twice`);
    ids.add(app.id);
    checkKeys(app.keys, path, problems);
  }
}

/** LOW is a part of what MEDIUM and LOW may use together, also where an app sets only one of them. */
function checkRoomRates({ limits, apps }: ParsedConfig, problems: string[]): void {
  const inApps = apps.map(({ limits: own }, index) => ({ path: `apps[${index}].limits.room`, room: own.room }));
  for (const { path, room } of [{ path: 'limits.room', room: limits.room }, ...inApps]) {
    if (room === undefined) continue;
    const mediumPercent = room.mediumPercent ?? limits.room?.mediumPercent ?? roomRateDefaults.mediumPercent;
    const lowPercent = room.lowPercent ?? limits.room?.lowPercent ?? roomRateDefaults.lowPercent;
    if (mediumPercent >= lowPercent) continue;
    problems.push(`${path}.mediumPercent: expected at least lowPercent, which is ${lowPercent}; got ${mediumPercent}`);
  }
}

function checkKeys(keys: readonly AppKeyConfig[], path: string, problems: string[]): void {
  const kids = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const at = `${path}.keys[${index}]`;
    if (kids.has(key.kid)) problems.push(`${at}.kid: "${key.kid}" is there twice`);
    kids.add(key.kid);
    const isShared = key.alg === 'HS256';
    const [needed, other] = isShared ? (['secret', 'publicKeyPem'] as const) : (['publicKeyPem', 'secret'] as const);
    if (key[needed] === undefined) problems.push(`${at}.${needed}: missing; ${key.alg} needs it (or ${needed}File)`);
    if (key[other] !== undefined) problems.push(`${at}.${other}: ${key.alg} does not use it`);
  }
}
