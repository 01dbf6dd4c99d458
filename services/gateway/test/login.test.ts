import { describe, expect, it } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import { closeCodes } from '@parley/wire';
import { SignJWT, UnsecuredJWT } from 'jose';
import { gatewayLimits } from '../src/index.js';
import { app, Harness, pair, publicPem, secret, type TokenOptions, tokenOf } from './harness.js';

const now = (): number => Math.floor(Date.now() / 1_000);

describe('login', () => {
  it('lets a user in with a valid token and tells what the client needs', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const loggedIn = await client.login(await tokenOf('alice'));
    expect(loggedIn).toMatchObject({ app: 'app', user: 'alice', isResumed: false, heartbeatMs: gatewayLimits.heartbeatMs });
    expect(loggedIn.resumeKey.split('.')[1]).toHaveLength(26);
    expect(harness.router.subscriptions.get('app/user:alice')).toBe(true);
  });

  it('takes keys of any allowed algorithm', async () => {
    await using harness = await Harness.start();
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'k2' })
      .setIssuer('app')
      .setSubject('alice')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(pair.privateKey);
    const client = await harness.client();
    expect((await client.login(token)).user).toBe('alice');
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
    const answer = await client.ask({ type: 'login', value: { token: await tokenOf(user, options), device: 'phone' } });
    const { code, message } = errorTable.UNAUTHENTICATED;
    expect(answer).toEqual({ type: 'error', value: { code, name: 'UNAUTHENTICATED', message, retryAfterMs: 0 } });
    expect(await client.closed()).toBe(closeCodes.UNAUTHENTICATED);
    expect(harness.router.subscriptions.size).toBe(0);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['nothing', () => ''],
    ['no JWT', () => 'a.b.c'],
    ['no signature', () => new UnsecuredJWT({}).setIssuer('app').setSubject('alice').setExpirationTime('1h').encode()],
    [
      'a signature that takes the public key for a shared secret',
      () =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'HS256', kid: 'k2' })
          .setIssuer('app')
          .setSubject('alice')
          .setIssuedAt()
          .setExpirationTime('1h')
          .sign(new TextEncoder().encode(publicPem)),
    ],
    [
      'no expiry',
      () =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .setIssuer('app')
          .setSubject('alice')
          .setIssuedAt()
          .sign(new TextEncoder().encode(secret)),
    ],
  ])('refuses a token with %s', async (_what, token) => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: await token(), device: 'phone' } });
    expect(answer).toMatchObject({ type: 'error', value: { name: 'UNAUTHENTICATED' } });
    expect(await client.closed()).toBe(closeCodes.UNAUTHENTICATED);
  });

  it('tells an expired token from an invalid one, but not a forged one', async () => {
    await using harness = await Harness.start();
    const options = { issued: -7_200, expires: -3_600 };
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: await tokenOf('alice', options), device: 'phone' } });
    expect(answer).toMatchObject({ type: 'error', value: { name: 'TOKEN_EXPIRED' } });
    expect(await client.closed()).toBe(closeCodes.TOKEN_EXPIRED);
    const forger = await harness.client();
    const forged = await tokenOf('alice', { ...options, secret: 'a secret of somebody else, long enough' });
    expect(await forger.ask({ type: 'login', value: { token: forged, device: 'phone' } })).toMatchObject({
      value: { name: 'UNAUTHENTICATED' },
    });
  });

  it('names a device that is not valid', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const answer = await client.ask({ type: 'login', value: { token: await tokenOf('alice'), device: 'my phone' } });
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
    const ping = client.send({ type: 'login', value: { token: await tokenOf('alice'), device: 'phone' } }, { type: 'ping', value: {} });
    expect((await client.answer(ping)).type).toBe('pong');
    expect(client.frames.map((frame) => frame.body?.type)).toEqual(['loggedIn', 'pong']);
  });

  it('holds only so many frames while a login is checked', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const login = { type: 'login', value: { token: await tokenOf('alice'), device: 'phone' } } as const;
    client.send(login, ...Array.from({ length: gatewayLimits.heldFramesMax + 1 }, () => ({ type: 'ping', value: {} }) as const));
    expect(await client.closed()).toBe(closeCodes.RATE_LIMITED);
  });

  it('refuses a second login on a connection and goes on', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const token = await tokenOf('alice');
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
    harness.clock.skip(gatewayLimits.loginWithinMs - 1_000);
    client.socket.send(new Uint8Array(0));
    client.socket.ping();
    await new Promise((resolve) => client.socket.once('pong', resolve));
    harness.clock.skip(2_500);
    expect(await client.closed()).toBe(closeCodes.LOGIN_TIMEOUT);
  });

  it('renews the token of the same user only', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    await client.login(await tokenOf('alice', { expires: 20 }));
    harness.clock.skip(3_500);
    const warning = await client.nextPush('tokenExpiring');
    expect(warning.expiresMs).toBeGreaterThan(Date.now());
    expect(await client.ask({ type: 'renewToken', value: { token: await tokenOf('bob') } })).toMatchObject({
      value: { name: 'UNAUTHENTICATED' },
    });
    expect((await client.ask({ type: 'renewToken', value: { token: await tokenOf('alice', { expires: 600 }) } })).type).toBe('done');
    harness.clock.skip(25_000);
    expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(client.closeCode).toBeUndefined();
  });

  it('closes a connection whose token has expired', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    await client.login(await tokenOf('alice', { expires: 20 }));
    harness.clock.skip(3_500);
    await client.nextPush('tokenExpiring');
    harness.clock.skip(18_500);
    expect(await client.closed()).toBe(closeCodes.TOKEN_EXPIRED);
    expect(client.pushed('tokenExpiring')).toHaveLength(1);
  });

  it('ends the session at logout', async () => {
    await using harness = await Harness.start();
    const client = await harness.client();
    const { resumeKey } = await client.login(await tokenOf('alice'));
    expect((await client.ask({ type: 'logout', value: {} })).type).toBe('done');
    expect(await client.closed()).toBe(1000);
    const again = await harness.client();
    expect((await again.login(await tokenOf('alice'), 'phone', resumeKey)).isResumed).toBe(false);
  });

  it('keeps an app to its sessions per user: the oldest device goes', async () => {
    const single = { ...app, sessionsPerUserMax: 1 };
    await using harness = await Harness.start({ appOf: () => single });
    const phone = await harness.client();
    await phone.login(await tokenOf('alice'), 'phone');
    const tablet = await harness.client();
    await tablet.login(await tokenOf('alice'), 'tablet');
    expect((await phone.nextPush('kickedOut')).code).toBe(errorTable.KICKED_OUT.code);
    expect(await phone.closed()).toBe(closeCodes.KICKED_OUT);
    expect((await tablet.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(harness.router.presence).toEqual(['user:alice=true']);
  });

  it('replaces the session of a device that logs in anew', async () => {
    await using harness = await Harness.start();
    const first = await harness.client();
    await first.login(await tokenOf('alice'));
    const second = await harness.client();
    await second.login(await tokenOf('alice'));
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
