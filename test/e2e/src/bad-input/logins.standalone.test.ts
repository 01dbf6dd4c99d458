import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { limits, systemClock } from '@parley/kernel';
import { appToken, type DeployedApp } from '@parley/testkit';
import { closeCodes } from '@parley/wire';
import { errorIn, RawClient } from './raw-client.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(60_000);

const { publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'prime256v1',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const asymmetricApp = { id: 'app-keys', keys: [{ kid: 'ec', alg: 'ES256', publicKeyPem: publicKey }] };

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowSeconds = (): number => Math.floor(systemClock.now() / 1_000);

interface Forgery {
  readonly header?: object;
  readonly claims?: object;
  readonly secret?: string;
}

/** A token of the app in which something is not as it should be. */
function forged(app: DeployedApp, { header = {}, claims = {}, secret = app.secret }: Forgery): string {
  const iat = nowSeconds();
  const payload = { iss: app.id, sub: 'mal', iat, exp: iat + 3_600, ...claims };
  const signed = `${json({ alg: 'HS256', kid: app.kid, ...header })}.${json(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const unsigned = (token: string): string => `${token.split('.').slice(0, 2).join('.')}.`;
const maxSeconds = limits.tokenLifetimeMsMax / 1_000;

/** Tokens that must all be refused in the same words, by what is wrong with them. */
const badTokens: readonly (readonly [string, (app: DeployedApp, other: DeployedApp) => string])[] = [
  ['nothing', () => ''],
  ['no token', () => 'open sesame'],
  ['dots only', () => '..'],
  ['3 KiB of dots', () => '.'.repeat(3_072)],
  ['a header that is no JSON', () => 'e30x.e30.x'],
  ['a header that is null', () => `${json(null)}.${json({})}.x`],
  ['another secret', (app) => forged(app, { secret: 'a secret that somebody has made up' })],
  ['a changed claim', (app) => swapped(appToken(app, 'mal'), { iss: app.id, sub: 'owner', iat: nowSeconds(), exp: nowSeconds() + 60 })],
  ['no signature', (app) => unsigned(appToken(app, 'mal'))],
  ['algorithm none', (app) => unsigned(forged(app, { header: { alg: 'none' } }))],
  ['algorithm None', (app) => unsigned(forged(app, { header: { alg: 'None' } }))],
  ['algorithm none, but signed', (app) => forged(app, { header: { alg: 'none' } })],
  ['another algorithm of the same secret', (app) => forged(app, { header: { alg: 'HS512' } })],
  ['a public key as shared secret', () => forged({ id: 'app-keys', kid: 'ec', secret: publicKey }, {})],
  [
    'a public key as shared secret, by its own name',
    () => forged({ id: 'app-keys', kid: 'ec', secret: publicKey }, { header: { alg: 'ES256' } }),
  ],
  ['no key id', (app) => forged(app, { header: { kid: undefined } })],
  ['an unknown key id', (app) => forged(app, { header: { kid: 'other' } })],
  ['a key id that is an object', (app) => forged(app, { header: { kid: { toString: 'x' } } })],
  ['a key id that is a path', (app) => forged(app, { header: { kid: '../../../../dev/null' }, secret: '' })],
  ['a critical header that nobody knows', (app) => forged(app, { header: { crit: ['x'], x: 1 } })],
  ['the key of another app', (app, other) => forged({ ...other, id: app.id }, {})],
  ["another app's key under this app's key id", (app, other) => forged({ ...app, secret: other.secret }, {})],
  ['another app, signed with the key of this one', (app, other) => forged(app, { claims: { iss: other.id } })],
  ['an app that is not there', (app) => forged(app, { claims: { iss: 'nobody' } })],
  ['an app called __proto__', (app) => forged(app, { claims: { iss: '__proto__' } })],
  ['no app', (app) => forged(app, { claims: { iss: undefined } })],
  ['no user', (app) => forged(app, { claims: { sub: undefined } })],
  ['a user with a slash', (app) => forged(app, { claims: { sub: 'a/b' } })],
  ['a user of 33 letters', (app) => forged(app, { claims: { sub: 'x'.repeat(33) } })],
  ['a user that is a list', (app) => forged(app, { claims: { sub: ['mal'] } })],
  ['no end', (app) => forged(app, { claims: { exp: undefined } })],
  ['an end that is text', (app) => forged(app, { claims: { exp: '9999999999' } })],
  ['no beginning', (app) => forged(app, { claims: { iat: undefined } })],
  ['a beginning in an hour', (app) => forged(app, { claims: { iat: nowSeconds() + 3_600, exp: nowSeconds() + 7_200 } })],
  ['not before in an hour', (app) => forged(app, { claims: { nbf: nowSeconds() + 3_600 } })],
  ['a life of 24 days and a minute', (app) => forged(app, { claims: { exp: nowSeconds() + maxSeconds + 60 } })],
  ['no end in sight', (app) => forged(app, { claims: { exp: Number.MAX_SAFE_INTEGER } })],
  ['an end long ago and another secret', (app) => forged(app, { claims: { exp: 1 }, secret: 'a secret that somebody has made up' })],
];

/** The token with other claims under its old signature. */
function swapped(token: string, claims: object): string {
  const [header, , signature] = token.split('.');
  return `${header}.${json(claims)}.${signature}`;
}

describe('logins that must not succeed', () => {
  let server: ServerUnderAttack;
  beforeAll(async () => {
    server = await ServerUnderAttack.start({ apps: [asymmetricApp] });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  const refused = async (token: string, device = 'phone') => {
    const client = await RawClient.open(server.url);
    const answer = errorIn(await client.ask({ type: 'login', value: { token, device } }));
    return { answer, code: await client.closed() };
  };

  it.each(badTokens)('with %s', async (_name, make) => {
    expect(await refused(make(server.app, server.otherApp))).toEqual({
      answer: { code: 1010, name: 'UNAUTHENTICATED', message: expect.any(String), retryAfterMs: 0 },
      code: closeCodes.UNAUTHENTICATED,
    });
  });

  it('are all refused in the same words', async () => {
    const answers = await Promise.all(badTokens.map(async ([, make]) => JSON.stringify(await refused(make(server.app, server.otherApp)))));
    expect(new Set(answers).size).toBe(1);
  });

  it('with an expired token, of which only its holder is told that it has expired', async () => {
    const { answer, code } = await refused(forged(server.app, { claims: { iat: nowSeconds() - 7_200, exp: nowSeconds() - 3_600 } }));
    expect(answer).toMatchObject({ name: 'TOKEN_EXPIRED' });
    expect(code).toBe(closeCodes.TOKEN_EXPIRED);
  });

  it.each(['', 'a b', 'x'.repeat(65), '../x', 'a\0b'])('from device %j', async (device) => {
    expect((await refused(appToken(server.app, 'mal'), device)).answer).toMatchObject({ name: 'INVALID_ARGUMENT' });
  });

  it('in place of a living session: bad renewals are refused and the session goes on', async () => {
    const client = await RawClient.login(server.url, server.app, 'renewer');
    const foreign = [appToken(server.app, 'owner'), appToken(server.otherApp, 'renewer')];
    for (const token of [...foreign, ...badTokens.map(([, make]) => make(server.app, server.otherApp))]) {
      expect(await client.refusal({ type: 'renewToken', value: { token } })).toMatchObject({ name: 'UNAUTHENTICATED' });
    }
    expect(await client.isServed()).toBe(true);
    expect((await client.ask({ type: 'renewToken', value: { token: appToken(server.app, 'renewer') } })).type).toBe('done');
    await server.checkHealth();
  });

  it('disturb nobody in a flood of hundreds, among hundreds who do not log in at all', async () => {
    const openedMs = systemClock.monotonic();
    const silent = await Promise.all(Array.from({ length: 300 }, () => RawClient.open(server.url)));
    const flood = Array.from({ length: 400 }, () => refused(forged(server.app, { secret: 'a secret that somebody has made up' })));
    const honest = await RawClient.login(server.url, server.app, 'honest');
    expect(await honest.isServed()).toBe(true);
    expect(new Set((await Promise.all(flood)).map(({ code }) => code))).toEqual(new Set([closeCodes.UNAUTHENTICATED]));
    // Some keep themselves busy without ever logging in.
    for (const client of silent.slice(0, 100)) client.socket.send(new Uint8Array(0));
    expect(new Set(await Promise.all(silent.map((client) => client.closed())))).toEqual(new Set([closeCodes.LOGIN_TIMEOUT]));
    expect(systemClock.monotonic() - openedMs).toBeGreaterThan(limits.loginWithinMs - 1_000);
    expect(await honest.isServed()).toBe(true);
    await server.checkHealth();
  });
});
