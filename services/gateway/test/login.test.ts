import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import { closeCodes } from '@parley/wire';
import { gatewayLimits } from '../src/index.js';
import { app, Harness, pairs, secret, type TokenOptions, tokenOf } from './harness.js';

const now = (): number => Math.floor(Date.now() / 1_000);

/** A token with a valid signature that says what a library would not let it say (JWS, RFC 7515, 3.1). */
function tokenSaying(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
  const parts = [
    { alg: 'HS256', kid: 'k1', ...header },
    { iss: 'app', sub: 'alice', iat: now(), exp: now() + 60, ...claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('login', () => {
  it('lets a user in with a valid token and tells what the client needs', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const loggedIn = await client.login(tokenOf('alice'));
    expect(loggedIn).toMatchObject({ app: 'app', user: 'alice', isResumed: false, heartbeatMs: gatewayLimits.heartbeatMs });
    expect(loggedIn.resumeKey.split('.')[1]).toHaveLength(26);
    expect(harness.router.subscriptions.get('app/user:alice')).toBe(true);
  });

  it.each([
    ['ES256', 'k2'],
    ['EdDSA', 'k3'],
    ['RS256', 'k4'],
  ] as const)('takes keys for %s', async (algorithm, kid) => {
    await using harness = await Harness.start();
    const client = await harness.client();
    expect((await client.login(tokenOf('alice', { algorithm, kid, secret: pairs[kid].privateKey }))).user).toBe('alice');
  });

  it('takes a token that starts in the past', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    expect((await client.login(tokenSaying({ nbf: now() - 60 }))).user).toBe('alice');
  });

  it.each<[string, TokenOptions & { user?: string }]>([
    ['with a forged signature', { secret: 'a secret of somebody else, long enough' }],
    ['of an app that does not exist', { app: 'nowhere' }],
    ['that claims another app', { app: 'other' }],
    ['with an unknown key', { kid: 'k9' }],
    ['that lives longer than allowed', { expires: 25 * 24 * 3_600 }],
    ['from the future', { issued: 3_600, expires: 7_200 }],
    ['of an impossible user', { user: 'not a user' }],
  ])('answers a token %s like every other invalid one and closes', async (_what, { user = 'alice', ...options }) => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: tokenOf(user, options), device: 'phone' } });
    const { code, message } = errorTable.UNAUTHENTICATED;
    expect(answer).toEqual({ type: 'error', value: { code, name: 'UNAUTHENTICATED', message, retryAfterMs: 0 } });
    expect(await client.closed()).toBe(closeCodes.UNAUTHENTICATED);
    expect(harness.router.subscriptions.size).toBe(0);
  });

  it.each<[string, () => string]>([
    ['nothing', () => ''],
    ['no JWT', () => 'a.b.c'],
    ['no signature', () => tokenSaying({}, { alg: 'none' }).replace(/[^.]*$/, '')],
    ['its signature cut off', () => tokenOf('alice').replace(/[^.]*$/, '')],
    ['a signature that takes the public key for a shared secret', () => tokenOf('alice', { kid: 'k2', secret: pairs.k2.publicKey })],
    ['the key of another algorithm', () => tokenOf('alice', { kid: 'k2', algorithm: 'RS256', secret: pairs.k4.privateKey })],
    ['no key id', () => tokenSaying({}, { kid: undefined })],
    ['an extension that must be understood', () => tokenSaying({}, { crit: ['b64'], b64: true })],
    ['no user', () => tokenSaying({ sub: undefined })],
    ['a user that is no text', () => tokenSaying({ sub: ['alice'] })],
    ['several issuers', () => tokenSaying({ iss: ['app'] })],
    ['no expiry', () => tokenSaying({ exp: undefined })],
    ['an expiry that is no number', () => tokenSaying({ exp: String(now() + 60) })],
    ['no moment of issue', () => tokenSaying({ iat: undefined })],
    ['a start in the future', () => tokenSaying({ nbf: now() + 60 })],
  ])('refuses a token with %s', async (_what, token) => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: token(), device: 'phone' } });
    expect(answer).toMatchObject({ type: 'error', value: { name: 'UNAUTHENTICATED' } });
    expect(await client.closed()).toBe(closeCodes.UNAUTHENTICATED);
  });

  it('tells an expired token from an invalid one, but not a forged one', async () => {
    await using harness = await Harness.start();
    const options = { issued: -7_200, expires: -3_600 };
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: tokenOf('alice', options), device: 'phone' } });
    expect(answer).toMatchObject({ type: 'error', value: { name: 'TOKEN_EXPIRED' } });
    expect(await client.closed()).toBe(closeCodes.TOKEN_EXPIRED);
    const forger = await harness.client();
    const forged = tokenOf('alice', { ...options, secret: 'a secret of somebody else, long enough' });
    expect(await forger.ask({ type: 'login', value: { token: forged, device: 'phone' } })).toMatchObject({
      value: { name: 'UNAUTHENTICATED' },
    });
  });

  it('names a device that is not valid', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: tokenOf('alice'), device: 'my phone' } });
    expect(answer).toMatchObject({ value: { name: 'INVALID_ARGUMENT', message: expect.stringContaining('device') } });
    await client.closed();
  });

  it('answers whatever comes before the login with NOT_LOGGED_IN and closes', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    expect(await client.ask({ type: 'ping', value: {} })).toMatchObject({ value: { name: 'NOT_LOGGED_IN' } });
    expect(await client.closed()).toBe(closeCodes.NOT_LOGGED_IN);
  });

  it('serves frames behind the login in the same message after it', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const ping = client.send({ type: 'login', value: { token: tokenOf('alice'), device: 'phone' } }, { type: 'ping', value: {} });
    expect((await client.answer(ping)).type).toBe('pong');
    expect(client.frames.map((frame) => frame.body?.type)).toEqual(['loggedIn', 'pong']);
  });

  it('refuses a second login on a connection and goes on', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const token = tokenOf('alice');
    expect(await client.ask({ type: 'login', value: { token, device: 'phone' } })).toMatchObject({
      value: { name: 'ALREADY_LOGGED_IN' },
    });
    expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('allows only a small message before the login', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    client.socket.send(new Uint8Array(gatewayLimits.loginFrameBytesMax + 1));
    expect(await client.closed()).toBe(closeCodes.INVALID_FRAME);
    expect(client.frames).toMatchObject([{ body: { value: { name: 'MESSAGE_TOO_LARGE' } } }]);
  });

  it('closes a connection that does not log in in time', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    harness.clock.skip(gatewayLimits.loginWithinMs + 1_500);
    expect(await client.closed()).toBe(closeCodes.LOGIN_TIMEOUT);
  });

  it('does not take empty messages for a login', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const sayNothing = (): Promise<string | number> => {
      const served = new Promise<string>((resolve) => client.socket.once('pong', () => resolve('served')));
      client.socket.send(new Uint8Array(0));
      client.socket.ping();
      return Promise.race([served, client.closed()]);
    };
    harness.clock.skip(gatewayLimits.loginWithinMs - 1_000);
    expect(await sayNothing()).toBe('served');
    harness.clock.skip(1_500);
    expect(await sayNothing()).toBe(closeCodes.LOGIN_TIMEOUT);
  });

  it('renews the token of the same user only', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    await client.login(tokenOf('alice', { expires: 20 }));
    harness.clock.skip(3_500);
    const warning = await client.nextPush('tokenExpiring');
    expect(warning.expiresMs).toBeGreaterThan(Date.now());
    expect(await client.ask({ type: 'renewToken', value: { token: tokenOf('bob') } })).toMatchObject({
      value: { name: 'UNAUTHENTICATED' },
    });
    expect((await client.ask({ type: 'renewToken', value: { token: tokenOf('alice', { expires: 600 }) } })).type).toBe('done');
    harness.clock.skip(25_000);
    expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(client.closeCode).toBeUndefined();
  });

  it('closes a connection whose token has expired', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    await client.login(tokenOf('alice', { expires: 20 }));
    harness.clock.skip(3_500);
    await client.nextPush('tokenExpiring');
    harness.clock.skip(18_500);
    expect(await client.closed()).toBe(closeCodes.TOKEN_EXPIRED);
    expect(client.pushed('tokenExpiring')).toHaveLength(1);
  });

  it('ends the session at logout', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const { resumeKey } = await client.login(tokenOf('alice'));
    expect((await client.ask({ type: 'logout', value: {} })).type).toBe('done');
    expect(await client.closed()).toBe(1000);
    const again = await harness.client();
    expect((await again.login(tokenOf('alice'), 'phone', resumeKey)).isResumed).toBe(false);
  });

  it('keeps an app to its sessions per user: the oldest device goes', async () => {
    const single = { ...app, sessionsPerUserMax: 1 };
    await using harness = await Harness.start({ appOf: () => single });
    const phone = await harness.client();
    await phone.login(tokenOf('alice'), 'phone');
    const tablet = await harness.client();
    await tablet.login(tokenOf('alice'), 'tablet');
    expect((await phone.nextPush('kickedOut')).code).toBe(errorTable.KICKED_OUT.code);
    expect(await phone.closed()).toBe(closeCodes.KICKED_OUT);
    expect((await tablet.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(harness.router.presence).toEqual(['user:alice=true']);
  });

  it('replaces the session of a device that logs in anew', async () => {
    await using harness = await Harness.start();
    const first = await harness.client();
    await first.login(tokenOf('alice'));
    const second = await harness.client();
    await second.login(tokenOf('alice'));
    expect(await first.closed()).toBe(closeCodes.SESSION_REPLACED);
    const { sessions } = await harness.gateway.handlers.listSessions({ app: 'app', user: 'alice' }, context);
    expect(sessions).toHaveLength(1);
  });

  it('refuses browsers from unknown origins and too many handshakes from one address', async () => {
    const limits = { ...gatewayLimits, handshakesPerAddress: { perSecond: 0.01, burst: 2 } };
    const listener = { host: '127.0.0.1', port: 0, origins: ['https://example.org'], unlimitedAddresses: [] };
    await using harness = await Harness.start({ listener, limits });
    const statusOf = (origin?: string): Promise<number> => handshakeStatus(harness.gateway.port, origin);
    expect(await statusOf('https://evil.example')).toBe(403);
    expect(await statusOf('https://example.org')).toBe(101);
    expect(await statusOf()).toBe(101);
    expect(await statusOf()).toBe(429);
  });
});

const context = { signal: new AbortController().signal, trace: '' };

async function handshakeStatus(port: number, origin?: string): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const attempt = request({
      host: '127.0.0.1',
      port,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.from(`${now()}-0123456789`).subarray(0, 16).toString('base64'),
        'sec-websocket-protocol': 'parley.v1.proto',
        ...(origin === undefined ? {} : { origin }),
      },
    });
    attempt.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    attempt.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    attempt.on('error', reject);
    attempt.end();
  });
}
