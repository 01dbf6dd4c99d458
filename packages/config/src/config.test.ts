import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './config-error.js';
import { describeConfig } from './describe-config.js';
import type { Environment } from './environment.js';
import { loadConfig } from './load-config.js';

const secret = 'x'.repeat(32);

function load(environment: Environment = {}, files: Readonly<Record<string, string>> = {}) {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  };
  return loadConfig({ environment, readFile });
}

function problemsOf(environment: Environment, files?: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(environment, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('expected a problem');
}

const yaml = (text: string) => ({ './parley.yaml': text });

describe('the configuration', () => {
  it('needs nothing to run embedded', () => {
    const { config, file } = load();
    expect(config).toMatchObject({ mode: 'embedded', partitions: 16, dataDir: './data', apps: [], logging: { level: 'info' } });
    expect(config.rpc).toEqual({ host: '127.0.0.1', port: 7702, advertisedHost: '127.0.0.1', tls: undefined });
    expect(file).toBe('');
  });

  it('takes variables over the file and the file over defaults', () => {
    const { config, file } = load({ PARLEY_EDGE_PORT: '9000' }, yaml('edge: { port: 8000, host: 127.0.0.1 }\nadmin:\ndrainMs: 5\n'));
    expect(config.edge).toMatchObject({ port: 9000, host: '127.0.0.1', implementation: 'auto' });
    expect(config.drainMs).toBe(5);
    expect(file).toBe('./parley.yaml');
  });

  it('reads lists from variables, separated by commas, and apps as YAML', () => {
    const { config } = load({
      PARLEY_SERVICES: 'gateway, router',
      PARLEY_EDGE_ALLOWED_ORIGINS: 'https://a.example,https://b.example:8443',
      PARLEY_APPS: JSON.stringify([{ id: 'shop', keys: [{ kid: 'k1', alg: 'HS256', secret }], limits: { sendsPerSecond: 20 } }]),
    });
    expect(config.services).toEqual(['gateway', 'router']);
    expect(config.edge.allowedOrigins).toEqual(['https://a.example', 'https://b.example:8443']);
    expect(config.apps).toEqual([{ id: 'shop', keys: [{ kid: 'k1', alg: 'HS256', secret }], limits: { sendsPerSecond: 20 } }]);
  });

  it('takes what docs/operating.md and docs/configuration.md show', () => {
    const shown = ['operating', 'configuration'].flatMap((page) => {
      const text = readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8');
      return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
    });
    const pem = '-----BEGIN PUBLIC KEY-----';
    const files = { '/run/secrets/parley-admin': secret, '/run/secrets/shop': secret, '/etc/parley/shop.pem': pem };
    const loaded = shown.map((block) => load({}, { ...files, ...yaml(block) }).config.apps[0]?.id);
    expect(loaded).toEqual(['shop', 'shop']);
  });

  it('knows addresses and networks of proxies', () => {
    const proxies = (text: string) => load({ PARLEY_EDGE_TRUSTED_PROXIES: text }).config.edge.trustedProxies;
    expect(proxies('10.0.0.0/8, 192.0.2.7,2001:db8::/32')).toEqual(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
    for (const wrong of ['10.0.0.0/33', 'proxy.example', '10.0.0.1/x', '::1/129']) {
      expect(problemsOf({ PARLEY_EDGE_TRUSTED_PROXIES: wrong })).toEqual([expect.stringContaining('IP addresses or networks')]);
    }
  });

  it('reads secrets from files', () => {
    const files = {
      '/run/key': 'an admin key of enough length\n',
      '/run/app': `${secret}\r\n`,
      ...yaml('apps:\n  - id: shop\n    keys:\n      - { kid: k1, alg: HS256, secretFile: /run/app }\n'),
    };
    const { config } = load({ PARLEY_ADMIN_KEY_FILE: '/run/key' }, files);
    expect(config.admin.key).toBe('an admin key of enough length');
    expect(config.apps[0]?.keys[0]?.secret).toBe(secret);
  });

  it('lets a variable replace a secret that the file gives as a file', () => {
    const { config } = load({ PARLEY_ADMIN_KEY: 'from the variable' }, yaml('admin: { keyFile: /missing }\n'));
    expect(config.admin.key).toBe('from the variable');
  });

  it('names every problem at once, with setting, variable and what was expected', () => {
    const problems = problemsOf({ PARLEY_EDGE_PORT: 'abc', PARLEY_MODE: 'cloud' }, yaml('drainMs: -1\nkafka: 5\nedge: { prot: 1 }\n'));
    expect([...problems].sort()).toEqual([
      'drainMs (PARLEY_DRAIN_MS): expected milliseconds from 0 to 600000; got -1',
      'edge.port (PARLEY_EDGE_PORT): expected a port from 0 (any free one) to 65535; got "abc"',
      'edge.prot: no such setting; there are host, port, implementation, allowedOrigins, trustedProxies',
      'kafka: expected settings as "name: value"',
      'mode (PARLEY_MODE): expected embedded or cluster; got "cloud"',
    ]);
  });

  it('names the place within a list', () => {
    const problems = problemsOf({}, yaml('apps:\n  - id: "a b"\n    keys: [{ kid: k, alg: none }]\n  - id: shop\n'));
    expect(problems).toEqual([
      'apps[0].id: expected 1 to 64 of A-Z a-z 0-9 _ - .; got "a b"',
      'apps[0].keys[0].alg: expected HS256, EdDSA, ES256 or RS256; got "none"',
      'apps[1].keys: missing; expected a list of at least one key',
    ]);
  });

  it('never shows a secret', () => {
    const problems = problemsOf({ PARLEY_ADMIN_KEY: 'hunter2' });
    expect(problems).toEqual(['admin.key (PARLEY_ADMIN_KEY): expected at least 16 characters; got 7 characters']);
  });

  it('knows what a cluster needs', () => {
    expect(problemsOf({ PARLEY_MODE: 'cluster', PARLEY_RPC_HOST: '0.0.0.0' })).toEqual([
      expect.stringMatching(/^kafka.brokers \(PARLEY_KAFKA_BROKERS\): missing/),
      expect.stringMatching(/^cassandra.contactPoints/),
      expect.stringMatching(/^rpc.advertisedHost/),
    ]);
    const { config } = load({ PARLEY_MODE: 'cluster', PARLEY_KAFKA_BROKERS: 'a:9092,b:9092', PARLEY_CASSANDRA_CONTACT_POINTS: 'c' });
    expect(config).toMatchObject({
      partitions: 64,
      kafka: { brokers: ['a:9092', 'b:9092'] },
      cassandra: { contactPoints: ['c'], port: 9042 },
    });
  });

  it('takes rates by priority for all apps and for one, and leaves out what nobody set', () => {
    const { config } = load(
      { PARLEY_LIMITS_CLIENT_HIGH_PER_SECOND: '7', PARLEY_LIMITS_ROOM_SLICE_MS: '100' },
      yaml(
        `apps: [{ id: shop, keys: [{ kid: k, alg: HS256, secret: ${secret} }], limits: { app: { low: { perSecond: 9, burst: 90 } } } }]\n`,
      ),
    );
    expect(config.limits).toEqual({ client: { high: { perSecond: 7 } }, room: { sliceMs: 100 } });
    expect(config.apps[0]?.limits).toEqual({ app: { low: { perSecond: 9, burst: 90 } } });
    expect(problemsOf({ PARLEY_LIMITS_APP_LOW_BURST: '5', PARLEY_LIMITS_ROOM_PER_SECOND: '0' })).toEqual([
      'limits.room.perSecond (PARLEY_LIMITS_ROOM_PER_SECOND): expected a whole number from 1 to 10000000; got 0',
      'limits.app.low.perSecond (PARLEY_LIMITS_APP_LOW_PER_SECOND): missing; expected a whole number from 1 to 10000000',
    ]);
  });

  it('takes what users may do for all apps and for one, and leaves out what nobody set', () => {
    const { config } = load(
      { PARLEY_RULES_RETENTION_DAYS: '30' },
      yaml(`apps: [{ id: shop, keys: [{ kid: k, alg: HS256, secret: ${secret} }], rules: { friendsOnly: true, recallWithinMs: 0 } }]\n`),
    );
    expect(config.rules).toEqual({ retentionDays: 30 });
    expect(config.apps[0]?.rules).toEqual({ friendsOnly: true, recallWithinMs: 0 });
    expect(problemsOf({ PARLEY_RULES_RECALL_WITHIN_MS: '86400001' })).toEqual([
      'rules.recallWithinMs (PARLEY_RULES_RECALL_WITHIN_MS): expected milliseconds from 0 to 86400000; got 86400001',
    ]);
  });

  it('keeps files below the data, or in a bucket that is described as a whole', () => {
    expect(load({ PARLEY_DATA_DIR: '/srv/chat' }).config.media).toMatchObject({ port: 7703, dir: '/srv/chat/media', s3: undefined });
    const bucket = {
      PARLEY_MEDIA_S3_ENDPOINT: 'http://127.0.0.1:4568',
      PARLEY_MEDIA_S3_BUCKET: 'chat',
      PARLEY_MEDIA_S3_ACCESS_KEY_ID: 'id',
      PARLEY_MEDIA_S3_SECRET_ACCESS_KEY_FILE: '/run/s3',
    };
    const files = { '/run/s3': 'the key\n' };
    expect(load(bucket, files).config.media.s3).toEqual({
      endpoint: 'http://127.0.0.1:4568',
      region: 'us-east-1',
      bucket: 'chat',
      accessKeyId: 'id',
      secretAccessKey: 'the key',
    });
    expect(problemsOf({ ...bucket, PARLEY_MEDIA_S3_BUCKET: '' }, files)).toEqual([
      'media.s3: endpoint, bucket, accessKeyId and secretAccessKey go together',
    ]);
    const cluster = { PARLEY_MODE: 'cluster', PARLEY_KAFKA_BROKERS: 'a:9092', PARLEY_CASSANDRA_CONTACT_POINTS: 'c' };
    expect(problemsOf({ ...cluster, ...bucket }, files)).toEqual([
      'media.urlKey (PARLEY_MEDIA_URL_KEY): missing; media processes that share a bucket need the same',
    ]);
  });

  it('lets no room give LOW more than MEDIUM and LOW together have, whoever set which', () => {
    const app = (id: string, room: string) => `{ id: ${id}, keys: [{ kid: k, alg: HS256, secret: ${secret} }], limits: { room: ${room} } }`;
    const apps = `apps: [${app('a', '{ lowPercent: 61 }')}, ${app('b', '{ mediumPercent: 80, lowPercent: 80 }')}]\n`;
    expect(problemsOf({}, yaml(`limits: { room: { mediumPercent: 60 } }\n${apps}`))).toEqual([
      'apps[0].limits.room.mediumPercent: expected at least lowPercent, which is 61; got 60',
    ]);
    expect(problemsOf({ PARLEY_LIMITS_ROOM_MEDIUM_PERCENT: '39' })).toEqual([
      'limits.room.mediumPercent: expected at least lowPercent, which is 40; got 39',
    ]);
  });

  it('reads yes and no, and nested settings', () => {
    const { config } = load({ PARLEY_KAFKA_TLS: 'True', PARLEY_KAFKA_SASL_USERNAME: 'u', PARLEY_KAFKA_SASL_PASSWORD: 'p' });
    expect(config.kafka).toMatchObject({ tls: true, sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' } });
    expect(problemsOf({ PARLEY_KAFKA_TLS: 'yes' })).toEqual(['kafka.tls (PARLEY_KAFKA_TLS): expected true or false; got "yes"']);
  });

  it('checks that keys fit their algorithm and ids are there once', () => {
    const problems = problemsOf({
      PARLEY_APPS: JSON.stringify([
        {
          id: 'shop',
          keys: [
            { kid: 'k', alg: 'HS256' },
            { kid: 'k', alg: 'EdDSA', secret },
          ],
        },
        { id: 'shop', keys: [{ kid: 'k', alg: 'HS256', secret }] },
      ]),
    });
    expect(problems).toEqual([
      'apps[0].keys[0].secret: missing; HS256 needs it (or secretFile)',
      'apps[0].keys[1].kid: "k" is there twice',
      'apps[0].keys[1].publicKeyPem: missing; EdDSA needs it (or publicKeyPemFile)',
      'apps[0].keys[1].secret: EdDSA does not use it',
      'apps[1].id: "shop" is there twice',
    ]);
  });

  it('refuses a secret given twice, and a file that is not there', () => {
    const problems = problemsOf({}, yaml('admin: { key: 0123456789abcdef, keyFile: /x }\nrpc: { tls: { caFile: /ca } }\n'));
    expect(problems).toEqual(['admin.keyFile: give either key or keyFile, not both', 'rpc.tls.caFile: cannot read /ca (no such file)']);
    expect(problemsOf({ PARLEY_CONFIG: '/nowhere.yaml' })).toEqual(['PARLEY_CONFIG: cannot read /nowhere.yaml (no such file)']);
  });

  it('explains a file that is no YAML', () => {
    expect(problemsOf({}, yaml('a: [1\n'))[0]).toMatch(/^\.\/parley\.yaml: /);
    expect(problemsOf({}, yaml('- 1\n'))).toEqual(['./parley.yaml: expected settings as "name: value"']);
  });

  it('points out variables that set nothing', () => {
    expect(load({ PARLEY_EDGE_PROT: '1', HOME: '/', PARLEY_CONFIG: 'f' }, { f: '' }).unknownVariables).toEqual(['PARLEY_EDGE_PROT']);
  });

  it('describes every setting, secrets hidden', () => {
    const lines = describeConfig(
      load({ PARLEY_ADMIN_KEY: 'correct horse battery', PARLEY_APPS: `[{id: shop, keys: [{kid: k1, alg: HS256, secret: ${secret}}]}]` })
        .config,
    );
    const byPath = new Map(lines.map((line) => [line.path, line]));
    expect(byPath.get('edge.port')).toEqual({
      path: 'edge.port',
      env: 'PARLEY_EDGE_PORT',
      value: '7700',
      default: '7700',
      meaning: 'Port that clients connect to.',
    });
    expect(byPath.get('admin.key')).toMatchObject({ value: '(set)', default: '' });
    expect(byPath.get('partitions')).toMatchObject({ value: '16', default: '16 embedded, 64 in a cluster' });
    expect(byPath.get('apps[0].keys[0].secret')).toMatchObject({ env: 'PARLEY_APPS', value: '(set)' });
    expect(byPath.get('apps[0].keys[0].alg')).toMatchObject({ value: 'HS256' });
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines.every((line) => line.meaning !== '')).toBe(true);
  });
});
