import { isIP } from 'node:net';
import { limits } from '@parley/kernel';
import { z } from 'zod';
import { appRules } from './app-rules.js';
import { type MediaS3Config, mediaSettings } from './media-settings.js';
import { rateLimits } from './rate-limits.js';
import { setting } from './setting.js';

/** Services that a process can run. */
export const serviceNames = ['gateway', 'router', 'group', 'room', 'history', 'push', 'user', 'media'] as const;

const count = (max = 1_000_000): z.ZodInt => z.int().min(1).max(max);
const aNumber = (max: number): string => `a whole number from 1 to ${max}`;

const host = (fallback: string, meaning: string) =>
  setting(z.string().min(1).default(fallback), { meaning, expects: 'a host name or IP address' });

const port = (fallback: number, meaning: string) =>
  setting(z.int().min(0).max(65_535).default(fallback), { meaning, expects: 'a port from 0 (any free one) to 65535' });

const idPattern = /^[A-Za-z0-9_.-]{1,64}$/;
const idText = '1 to 64 of A-Z a-z 0-9 _ - .';

/** RFC 4632, 3.1, and RFC 4291, 2.3. */
function isAddressOrNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(bits) <= (version === 4 ? 32 : 128);
}

const pem = (meaning: string) =>
  setting(
    z
      .string()
      .regex(/-----BEGIN [A-Z ]+-----/)
      .optional(),
    { meaning, expects: 'PEM text (-----BEGIN …)', mayBeFile: true },
  );
const secretPem = (meaning: string) =>
  setting(
    z
      .string()
      .regex(/-----BEGIN [A-Z ]+-----/)
      .optional(),
    { meaning, expects: 'PEM text (-----BEGIN …)', isSecret: true },
  );

const edge = z
  .strictObject({
    host: host('127.0.0.1', 'Interface that clients connect to; 0.0.0.0 for all.'),
    port: port(7700, 'Port that clients connect to.'),
    implementation: setting(z.enum(['auto', 'uws', 'ws']).default('auto'), {
      meaning: 'WebSocket server: uWebSockets.js, ws, or the first of them that loads.',
      expects: 'auto, uws or ws',
    }),
    allowedOrigins: setting(z.array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/)).default(['*']), {
      meaning: 'Web pages whose scripts may connect, by origin; * lets in all. Clients that are no browser send none.',
      expects: 'origins like https://example.org, separated by commas, or *',
    }),
    trustedProxies: setting(z.array(z.string().refine(isAddressOrNetwork)).default([]), {
      meaning: 'Proxies and load balancers before the gateway: there the client is whom X-Forwarded-For names, for limits per address.',
      expects: 'IP addresses or networks like 10.0.0.0/8, separated by commas',
    }),
  })
  .prefault({});

const admin = z
  .strictObject({
    host: host('127.0.0.1', 'Interface of health, metrics and the back-end API.'),
    port: port(7701, 'Port of health, metrics and the back-end API.'),
    key: setting(z.string().min(16).optional(), {
      meaning: 'Bearer key of the back-end API; without one the API is closed.',
      expects: 'at least 16 characters',
      isSecret: true,
    }),
  })
  .prefault({});

const rpc = z
  .strictObject({
    host: host('127.0.0.1', 'Interface that other processes of the cluster call.'),
    port: port(7702, 'Port that other processes of the cluster call.'),
    advertisedHost: setting(z.string().min(1).optional(), {
      meaning: 'Host at which other processes reach this one.',
      expects: 'a host name or IP address',
      defaultText: 'rpc.host',
    }),
    tls: z
      .strictObject({
        ca: pem('Certificate authority of all processes; with cert and key it turns mutual TLS on.'),
        cert: pem('Certificate of this process.'),
        key: secretPem('Private key of this process.'),
      })
      .prefault({}),
  })
  .prefault({});

const kafka = z
  .strictObject({
    brokers: setting(z.array(z.string().regex(/^[^\s,]+:\d+$/)).default([]), {
      meaning: 'Kafka brokers to begin with.',
      expects: 'host:port, separated by commas',
    }),
    replicationFactor: setting(count(9).default(3), {
      meaning: 'Copies of every topic that is created.',
      expects: aNumber(9),
    }),
    prefix: setting(
      z
        .string()
        .regex(/^[A-Za-z0-9_.-]{0,64}$/)
        .default(''),
      {
        meaning: 'Begins the names of topics and groups, so that several Parleys can share one Kafka.',
        expects: 'at most 64 of A-Z a-z 0-9 _ - .',
      },
    ),
    tls: setting(z.boolean().default(false), { meaning: 'Whether brokers are reached over TLS.', expects: 'true or false' }),
    sasl: z
      .strictObject({
        mechanism: setting(z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'), {
          meaning: 'How to log in to the brokers.',
          expects: 'plain, scram-sha-256 or scram-sha-512',
        }),
        username: setting(z.string().min(1).optional(), {
          meaning: 'User to log in as; without one there is no login.',
          expects: 'a user name',
        }),
        password: setting(z.string().min(1).optional(), { meaning: 'Password of that user.', expects: 'a password', isSecret: true }),
      })
      .prefault({}),
    sessionTimeoutMs: setting(z.int().min(1_000).max(300_000).default(6_000), {
      meaning: 'A process that was silent for so long loses its partitions.',
      expects: 'milliseconds from 1000 to 300000',
    }),
  })
  .prefault({});

const cassandra = z
  .strictObject({
    contactPoints: setting(z.array(z.string().regex(/^[^\s,]+$/)).default([]), {
      meaning: 'Cassandra nodes to begin with.',
      expects: 'host names, separated by commas',
    }),
    port: port(9042, 'Port of all Cassandra nodes.'),
    localDataCenter: setting(z.string().min(1).default('datacenter1'), {
      meaning: 'Data centre whose nodes are asked.',
      expects: 'the name of a data centre',
    }),
    keyspace: setting(
      z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,47}$/)
        .default('parley'),
      {
        meaning: 'Keyspace of all tables; created when missing.',
        expects: 'a-z 0-9 _, beginning with a letter, at most 48',
      },
    ),
    replicationFactor: setting(count(9).default(3), {
      meaning: 'Copies of every row in a keyspace that is created.',
      expects: aNumber(9),
    }),
    migrate: setting(z.boolean().default(true), {
      meaning: 'Whether the schema is brought up to date at start; several processes may do it at once.',
      expects: 'true or false',
    }),
    tls: setting(z.boolean().default(false), { meaning: 'Whether nodes are reached over TLS.', expects: 'true or false' }),
    username: setting(z.string().min(1).optional(), { meaning: 'User to log in as.', expects: 'a user name' }),
    password: setting(z.string().min(1).optional(), { meaning: 'Password of that user.', expects: 'a password', isSecret: true }),
  })
  .prefault({});

const appKey = z.strictObject({
  kid: setting(z.string().regex(idPattern), { meaning: 'Id of the key; tokens name it in their header.', expects: idText }),
  alg: setting(z.enum(['HS256', 'EdDSA', 'ES256', 'RS256']), {
    meaning: 'Algorithm of the tokens that it signs.',
    expects: 'HS256, EdDSA, ES256 or RS256',
  }),
  // RFC 7518, section 3.2: a key for HS256 has at least the 256 bits of the hash.
  secret: setting(z.string().min(32).optional(), {
    meaning: 'Shared secret, for HS256.',
    expects: 'at least 32 characters',
    isSecret: true,
  }),
  publicKeyPem: pem('Public key, for EdDSA, ES256 and RS256.'),
});

const appLimits = z
  .strictObject({
    sendsPerSecond: setting(count(10_000).optional(), {
      meaning: 'Stored messages per second and client.',
      expects: aNumber(10_000),
      defaultText: '10',
    }),
    sendBurst: setting(count(10_000).optional(), {
      meaning: 'Stored messages that a client may send at once.',
      expects: aNumber(10_000),
      defaultText: '30',
    }),
    commandsPerSecond: setting(count(10_000).optional(), {
      meaning: 'Commands per second and client.',
      expects: aNumber(10_000),
      defaultText: '30',
    }),
    bulletsPerSecond: setting(count(10_000).optional(), {
      meaning: 'Bullet messages per second and client.',
      expects: aNumber(10_000),
      defaultText: '50',
    }),
    textBytesMax: setting(z.int().min(1).max(limits.textBytesCeiling).optional(), {
      meaning: 'Bytes of a text or custom body.',
      expects: `bytes from 1 to ${limits.textBytesCeiling}`,
      defaultText: String(limits.textBytesMax),
    }),
    heartbeatMs: setting(z.int().min(5_000).max(limits.heartbeatMs).optional(), {
      meaning: 'Time between heartbeats of a client.',
      expects: `milliseconds from 5000 to ${limits.heartbeatMs}`,
      defaultText: String(limits.heartbeatMs),
    }),
    sessionsPerUser: setting(z.int().min(1).max(limits.deviceSessionsMax).optional(), {
      meaning: 'Devices that a user may be logged in on, on one gateway; one more ends the oldest session.',
      expects: `a whole number from 1 to ${limits.deviceSessionsMax}`,
      defaultText: String(limits.deviceSessionsMax),
    }),
    ...rateLimits('limits'),
  })
  .prefault({});

const app = z.strictObject({
  id: setting(z.string().regex(idPattern), { meaning: 'Id of the app; the issuer (iss) of its tokens.', expects: idText }),
  keys: setting(z.array(appKey).min(1), { meaning: 'Keys that sign its tokens.', expects: 'a list of at least one key' }),
  limits: appLimits,
  rules: appRules('rules').optional(),
});

/** Every setting, its default and what may be in it. */
export const configSchema = z.strictObject({
  mode: setting(z.enum(['embedded', 'cluster']).default('embedded'), {
    meaning: 'embedded: one process with a log and store of its own; cluster: Kafka and Cassandra.',
    expects: 'embedded or cluster',
  }),
  dataDir: setting(z.string().min(1).default('./data'), { meaning: 'Folder of everything that embedded mode stores.', expects: 'a path' }),
  partitions: setting(count(1_024).optional(), {
    meaning: 'Partitions of every topic. Fixed once there is data.',
    expects: aNumber(1_024),
    defaultText: '16 embedded, 64 in a cluster',
  }),
  timelineRetentionDays: setting(z.int().min(1).max(3_650).default(30), {
    meaning: 'How far back the log of messages reaches; history keeps them on.',
    expects: 'days from 1 to 3650',
  }),
  services: setting(
    z
      .array(z.enum(serviceNames))
      .min(1)
      .default([...serviceNames]),
    {
      meaning: 'Services that this process runs.',
      expects: `some of ${serviceNames.join(', ')}, separated by commas`,
    },
  ),
  drainMs: setting(z.int().min(0).max(600_000).default(10_000), {
    meaning: 'Time for an orderly stop; then the process ends as it is.',
    expects: 'milliseconds from 0 to 600000',
  }),
  logging: z
    .strictObject({
      level: setting(z.enum(['error', 'warn', 'info', 'debug']).default('info'), {
        meaning: 'Least severe lines that are written.',
        expects: 'error, warn, info or debug',
      }),
    })
    .prefault({}),
  edge,
  admin,
  rpc,
  kafka,
  cassandra,
  media: mediaSettings,
  rules: appRules().prefault({}),
  limits: z.strictObject(rateLimits()).prefault({}),
  apps: setting(z.array(app).default([]), {
    meaning: 'Apps that are served. As a variable: YAML or JSON.',
    expects: 'a list of apps, each with id and keys',
  }),
});

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** What was read and filled with defaults, before settings that depend on others are settled. */
export type ParsedConfig = z.output<typeof configSchema>;

/** The validated configuration of a process. */
export type Config = Frozen<
  Omit<ParsedConfig, 'partitions' | 'rpc' | 'media'> & {
    partitions: number;
    media: Omit<ParsedConfig['media'], 'dir' | 's3'> & { dir: string; s3: MediaS3Config | undefined };
    rpc: Omit<ParsedConfig['rpc'], 'advertisedHost' | 'tls'> & { advertisedHost: string; tls: RpcTlsConfig | undefined };
  }
>;

/** Certificates for calls between processes, all in PEM. */
export interface RpcTlsConfig {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** How much may be sent, by priority, where an app has nothing else. */
export type RateLimitsConfig = Config['limits'];
/** What users may do, where an app has nothing else. */
export type RulesConfig = Config['rules'];
/** Where files are kept and served. */
export type MediaConfig = Config['media'];
/** One app that is served. */
export type AppConfig = Config['apps'][number];
/** A key that signs an app's tokens. */
export type AppKeyConfig = AppConfig['keys'][number];
export type ServiceName = (typeof serviceNames)[number];
