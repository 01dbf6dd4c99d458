import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '@parley/config';
import { createVerifier } from 'fast-jwt';
import { checkDataDir, checkEdge, checkNode } from './doctor/check-machine.js';
import { checkPort, checkReachable } from './doctor/check-network.js';
import { examine, printFindings } from './doctor/doctor.js';
import { makeToken, parseLifetime } from './make-token.js';
import type { Output } from './output.js';
import { runProgram } from './program.js';
import { findTarget } from './target.js';

let folder = '';
let lines: string[] = [];
let notes: string[] = [];
const output: Output = { line: (text) => lines.push(text), note: (text) => notes.push(text) };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-cli-'));
  lines = [];
  notes = [];
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = 0;
});

const secret = 'a secret of at least thirty-two characters';
const writeDemo = (): void =>
  writeFileSync(join(folder, 'demo.json'), JSON.stringify({ url: 'ws://127.0.0.1:7700', app: 'demo', secret, kid: 'k1' }));

describe('parley token', () => {
  const request = { app: 'demo', user: 'alice', kid: 'k1', lifetimeSeconds: 60, nowSeconds: 1_700_000_000 };
  const clockTimestamp = 1_700_000_010_000;

  it('makes what a server accepts: issuer, subject, times and key id', () => {
    const verify = createVerifier({ key: secret, clockTimestamp, complete: true });
    const { payload, header } = verify(makeToken({ ...request, key: secret }));
    expect(payload).toEqual({ iss: 'demo', sub: 'alice', iat: 1_700_000_000, exp: 1_700_000_060 });
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'k1' });
  });

  it.each([
    ['EdDSA', () => generateKeyPairSync('ed25519')],
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ] as const)('signs with a private key in PEM: %s', (algorithm, generate) => {
    const { privateKey, publicKey } = generate();
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const verify = createVerifier({
      key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      algorithms: [algorithm],
      clockTimestamp,
    });
    expect(verify(makeToken({ ...request, key }))).toMatchObject({ sub: 'alice' });
  });

  it.each([
    [{ user: 'not a user' }, 'not a user id'],
    [{ app: '' }, 'not an app id'],
    [{ lifetimeSeconds: 25 * 86_400 }, '24 days'],
    [{ key: '-----BEGIN NONSENSE-----' }, 'no private key'],
  ])('refuses what no server would accept: %j', (wrong, message) => {
    expect(() => makeToken({ ...request, key: secret, ...wrong })).toThrow(message);
  });

  it('reads durations', () => {
    expect(['90', '90s', '15m', '2h', '7d'].map(parseLifetime)).toEqual([90, 90, 900, 7_200, 604_800]);
    expect(() => parseLifetime('soon')).toThrow('not a duration');
  });

  it('takes app, key and key id from the demo file', async () => {
    writeDemo();
    await runProgram(['token', 'bob', '--data-dir', folder, '--ttl', '5m'], output);
    const { payload, header } = createVerifier({ key: secret, complete: true })(lines[0] ?? '');
    expect(payload).toMatchObject({ iss: 'demo', sub: 'bob', exp: payload.iat + 300 });
    expect(header.kid).toBe('k1');
  });
});

describe('finding the server', () => {
  it('says what to do when there is no demo file', async () => {
    await runProgram(['send', 'bob', 'hi', '--data-dir', folder], output);
    expect(notes.join()).toContain('start the server first (npm start)');
    expect(process.exitCode).toBe(1);
  });

  it('prefers what was given over what the demo file says', () => {
    writeDemo();
    const target = findTarget({ dataDir: folder, as: 'alice', url: 'wss://chat.example', app: 'mine' });
    expect(target).toMatchObject({ url: 'wss://chat.example', app: 'mine' });
  });

  it('does not use the demo key id for another key', async () => {
    writeDemo();
    writeFileSync(join(folder, 'key'), `${secret}\n`);
    const token = await findTarget({ dataDir: folder, as: 'alice', keyFile: join(folder, 'key') }).token();
    expect(createVerifier({ key: secret, complete: true })(token).header).not.toHaveProperty('kid');
  });

  it('complains about a demo file that is none', async () => {
    writeFileSync(join(folder, 'demo.json'), 'garbage');
    await runProgram(['token', 'bob', '--data-dir', folder], output);
    expect(notes.join()).toContain('is no JSON object');
  });
});

describe('parley doctor', () => {
  it('names an old Node.js and what to install', () => {
    expect(checkNode('20.18.3')).toMatchObject({ status: 'problem', advice: expect.stringContaining('20.19') });
    expect(checkNode('20.19.0').status).toBe('ok');
    expect(checkNode('24.1.0').status).toBe('ok');
  });

  it('knows that a missing uWebSockets.js is no problem', () => {
    const probes = [{ implementation: 'uws', isAvailable: false, detail: 'GLIBC_2.38 not found' }] as const;
    expect(checkEdge(probes)).toMatchObject({ status: 'note', detail: expect.stringContaining('GLIBC_2.38') });
  });

  it('sees a port that is taken and one that is free', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const taken = await checkPort('edge', { host: '127.0.0.1', port });
    const reachable = await checkReachable('Kafka', [`127.0.0.1:${port}`], 'PARLEY_KAFKA_BROKERS');
    server.close();
    await once(server, 'close');
    expect(taken).toMatchObject({ status: 'note', detail: 'in use' });
    expect(reachable).toMatchObject([{ status: 'ok' }]);
    await expect(checkPort('edge', { host: '127.0.0.1', port })).resolves.toMatchObject({ status: 'ok' });
    await expect(checkReachable('Kafka', [`127.0.0.1:${port}`], 'PARLEY_KAFKA_BROKERS')).resolves.toMatchObject([
      { status: 'problem', detail: 'ECONNREFUSED', advice: expect.stringContaining('PARLEY_KAFKA_BROKERS') },
    ]);
  });

  it('leaves the data folder as it was', () => {
    expect(checkDataDir(join(folder, 'not', 'yet')).status).toBe('ok');
    writeFileSync(join(folder, 'file'), '');
    expect(checkDataDir(join(folder, 'file')).status).toBe('problem');
  });

  (process.getuid?.() === 0 ? it.skip : it)('sees a folder that cannot be written', () => {
    chmodSync(folder, 0o500);
    expect(checkDataDir(folder)).toMatchObject({ status: 'problem', advice: expect.stringContaining('PARLEY_DATA_DIR') });
    chmodSync(folder, 0o700);
  });

  it('asks in cluster mode for what a cluster needs', async () => {
    const yaml =
      'mode: cluster\nkafka: { brokers: ["127.0.0.1:1"] }\ncassandra: { contactPoints: ["127.0.0.1"], port: 1 }\nedge: { port: 0 }\n';
    const environment = { PARLEY_CONFIG: '/parley.yaml' };
    const findings = await examine(() => loadConfig({ environment, readFile: () => yaml }));
    const problems = findings.filter(({ status }) => status === 'problem').map(({ check }) => check);
    expect(problems).toEqual(['Kafka 127.0.0.1:1', 'Cassandra 127.0.0.1:1']);
    expect(printFindings(findings, output)).toBe(false);
    expect(lines.at(-1)).toBe('2 problems to solve.');
  });

  it('reports a wrong configuration instead of failing on it', async () => {
    const findings = await examine(() => {
      throw new ConfigError(['edge.port: expected a port']);
    });
    expect(findings).toContainEqual(expect.objectContaining({ status: 'problem', detail: 'edge.port: expected a port' }));
  });
});

describe('parley config', () => {
  it('prints every setting with value, default and variable', async () => {
    await runProgram(['config'], output);
    expect(lines.join('\n')).toMatch(/edge\.port = \d+\n.*Default: 7700\. Variable: PARLEY_EDGE_PORT/);
    await runProgram(['config', '--json'], output);
    const settings = JSON.parse(lines.at(-1) ?? '') as { path: string }[];
    expect(settings.map(({ path }) => path)).toContain('edge.port');
  });
});
