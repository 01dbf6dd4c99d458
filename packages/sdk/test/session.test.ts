import { describe, expect, it } from '@jest/globals';
import { closeCodes } from '@parley/wire';
import { ParleyClientError } from '../src/client-error.js';
import { makeWorld, record } from './world.js';

describe('connecting', () => {
  it('resolves with the user and tells the state on the way', async () => {
    const { client, seen } = await makeWorld().online('alice');
    expect(client.userId).toBe('alice');
    expect(seen.states.map(({ state }) => state)).toEqual(['connecting', 'online']);
  });

  it('tries again with longer waits until the server can be reached', async () => {
    const { client, server, clock } = makeWorld();
    server.isReachable = false;
    const alice = client('alice');
    const seen = record(alice);
    const connected = alice.connect();
    await clock.advance(120_000);
    const waits = seen.states.flatMap((status) => (status.state === 'offline' ? [status.retryInMs] : []));
    expect(waits.length).toBeGreaterThan(4);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect(Math.max(...waits.slice(4))).toBeGreaterThan(500);
    server.isReachable = true;
    await clock.advance(31_000);
    await expect(connected).resolves.toBe('alice');
  });

  it('goes on at once when it is woken', async () => {
    const { client, server, clock } = makeWorld();
    server.isReachable = false;
    const alice = client('alice', { limits: { reconnectFirstMs: 1_000_000, reconnectLongestMs: 1_000_000 } });
    void alice.connect();
    await clock.advance(10);
    expect(alice.status.state).toBe('offline');
    server.isReachable = true;
    alice.wake();
    await clock.advance(10);
    expect(alice.status.state).toBe('online');
  });

  it('gives up when a fresh token is refused', async () => {
    const { client, server, clock } = makeWorld();
    server.answers.set('login', () => server.refuse('UNAUTHENTICATED'));
    const alice = client('alice');
    const connected = alice.connect();
    const outcome = expect(connected).rejects.toMatchObject({ name: 'UNAUTHENTICATED', code: 1010, retryable: false });
    await clock.advance(5_000);
    await outcome;
    expect(server.links).toHaveLength(1);
    expect(alice.status.state).toBe('closed');
  });

  it('waits as long as the server asks for when it is overloaded', async () => {
    const { client, server, clock } = makeWorld();
    server.answers.set('login', () => server.refuse('OVERLOADED', 7_000));
    void client('alice').connect();
    await clock.advance(6_900);
    expect(server.links).toHaveLength(1);
    server.answers.clear();
    await clock.advance(3_000);
    expect(server.links).toHaveLength(2);
  });

  it('goes on when the token function fails for a while', async () => {
    const { client, clock } = makeWorld();
    let calls = 0;
    const token = (): Promise<string> => (++calls < 3 ? Promise.reject(new Error('offline')) : Promise.resolve('alice'));
    const alice = client('alice', { token });
    const seen = record(alice);
    void alice.connect();
    await clock.advance(10_000);
    expect(alice.status.state).toBe('online');
    expect(seen.errors.map(({ name }) => name)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
  });

  it('does not ask for a token on every reconnect, only for one that is missing or refused', async () => {
    const world = makeWorld();
    let calls = 0;
    const { client } = await world.online('alice', { token: () => `alice${++calls > 0 ? '' : ''}` });
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(client.status.state).toBe('online');
    expect(calls).toBe(1);
    world.server.link.end.close(closeCodes.TOKEN_EXPIRED);
    await world.clock.advance(5_000);
    expect(client.status.state).toBe('online');
    expect(calls).toBe(2);
  });

  it('reports an unusable address instead of trying for ever', async () => {
    const { client } = makeWorld();
    const webSocket = (): never => {
      throw new SyntaxError('invalid url');
    };
    await expect(client('alice', { webSocket }).connect()).rejects.toMatchObject({ name: 'INVALID_ARGUMENT' });
  });
});

describe('a connection', () => {
  it('sends at least one frame per heartbeat and outlives silence of the application', async () => {
    const world = makeWorld();
    await world.online('alice');
    await world.clock.advance(300_000);
    expect(world.server.links).toHaveLength(1);
    const pings = world.server.link.received.filter(({ body }) => body?.type === 'ping').length;
    expect(pings).toBeGreaterThanOrEqual(29);
  });

  it('is replaced when the server has gone silent', async () => {
    const world = makeWorld();
    await world.online('alice');
    world.server.isSilent = true;
    await world.clock.advance(35_000);
    world.server.isSilent = false;
    await world.clock.advance(60_000);
    expect(world.server.links.length).toBeGreaterThan(1);
    expect(world.server.link.isOpen).toBe(true);
  });

  it('comes back after a break with the resume key of before', async () => {
    const world = makeWorld();
    const { seen } = await world.online('alice');
    world.server.link.end.break();
    await world.clock.advance(5_000);
    const login = world.server.link.received[0]?.body;
    expect(login).toMatchObject({ type: 'login', value: { resumeKey: 'resume-1', device: 'device-of-alice' } });
    expect(seen.states.at(-1)).toMatchObject({ state: 'online', isResumed: true, isComplete: true });
  });

  it('comes back when the server has said it should, not earlier', async () => {
    const world = makeWorld();
    await world.online('alice');
    world.server.push(world.server.link, { type: 'reconnect', value: { afterMs: 20_000 } });
    world.server.link.end.close(closeCodes.DRAINING);
    await world.clock.advance(20_000);
    expect(world.server.links).toHaveLength(1);
    await world.clock.advance(1_000);
    expect(world.server.links).toHaveLength(2);
  });

  it('stops for good when the user was kicked out, and says so once', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    world.server.push(world.server.link, { type: 'kickedOut', value: { code: 1013, reason: 'another device' } });
    world.server.link.end.close(closeCodes.KICKED_OUT);
    await world.clock.advance(60_000);
    expect(seen.kicks).toEqual([{ code: 1013, reason: 'another device' }]);
    expect(client.status).toMatchObject({ state: 'closed', error: { name: 'KICKED_OUT' } });
    expect(world.server.links).toHaveLength(1);
  });

  it.each(['INVALID_FRAME', 'NOT_LOGGED_IN'] as const)('stops for good on close code %s', async (name) => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    world.server.link.end.close(closeCodes[name]);
    await world.clock.advance(60_000);
    expect(client.status).toMatchObject({ state: 'closed', error: { name } });
  });

  it('does not take a session back from the client that took it, but goes on as a device of its own', async () => {
    const world = makeWorld();
    await world.online('alice');
    world.server.link.end.close(closeCodes.SESSION_REPLACED);
    await world.clock.advance(5_000);
    const [first, second] = world.server.links.map(({ received }) => received[0]?.body);
    expect(second).toMatchObject({ type: 'login', value: { resumeKey: '', device: expect.stringMatching(/^[\w-]{16}$/) } });
    expect(second).not.toMatchObject({ value: { device: first?.type === 'login' && first.value.device } });
  });

  it('renews its token when the server warns', async () => {
    const world = makeWorld();
    let calls = 0;
    await world.online('alice', { token: () => (++calls === 1 ? 'alice' : 'alice-renewed') });
    world.server.push(world.server.link, { type: 'tokenExpiring', value: { expiresMs: world.clock.now() + 30_000 } });
    await world.clock.advance(100);
    const renewal = world.server.link.received.find(({ body }) => body?.type === 'renewToken');
    expect(renewal?.body).toEqual({ type: 'renewToken', value: { token: 'alice-renewed' } });
    expect(world.server.links).toHaveLength(1);
  });

  it('survives bytes that are no frame by connecting anew', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    world.server.link.end.send(Uint8Array.from([255, 255, 255]));
    await world.clock.advance(5_000);
    expect(world.server.links).toHaveLength(2);
    expect(client.status.state).toBe('online');
  });

  it('closes when asked to, and nothing follows', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    client.close();
    await world.clock.advance(120_000);
    expect(seen.states.at(-1)).toEqual({ state: 'closed' });
    expect(world.server.links).toHaveLength(1);
    await expect(client.joinGroup('team')).rejects.toMatchObject({ name: 'UNAVAILABLE' });
  });

  it('sends a logout before it closes', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    const done = client.logout();
    await world.clock.advance(100);
    await done;
    expect(world.server.link.received.at(-1)?.body?.type).toBe('logout');
    expect(client.status).toEqual({ state: 'closed' });
  });
});

describe('a request', () => {
  it('waits for the login', async () => {
    const { client, clock, server } = makeWorld();
    server.groups.make('alice', 'team');
    const alice = client('alice');
    const left = alice.leaveGroup('team');
    void alice.connect();
    await clock.advance(100);
    await expect(left).resolves.toBeUndefined();
  });

  it('fails with UNAVAILABLE when there is no connection in time', async () => {
    const { client, server, clock } = makeWorld();
    server.isReachable = false;
    const alice = client('alice');
    void alice.connect();
    const outcome = expect(alice.leaveGroup('team')).rejects.toMatchObject({ name: 'UNAVAILABLE', retry: 'after-backoff' });
    await clock.advance(16_000);
    await outcome;
  });

  it('carries the refusal of the server', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    world.server.answers.set('changeGroup', () => world.server.refuse('GROUP_NOT_FOUND'));
    const outcome = expect(client.joinGroup('nowhere')).rejects.toMatchObject({ name: 'GROUP_NOT_FOUND', retryable: false });
    await world.clock.advance(100);
    await outcome;
  });

  it('is repeated after a break when that does no harm, and is "unknown" otherwise', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    const info = { group: 'team', name: '', owner: 'alice', memberCount: 1, version: 1 };
    let isFirst = true;
    world.server.answers.set('changeGroup', (_, link) => {
      if (!isFirst) return { type: 'groupResult', value: { group: info, users: ['alice'] } };
      isFirst = false;
      link.end.break();
      return undefined;
    });
    const joined = client.joinGroup('team');
    const created = expect(client.createGroup({ name: 'x' })).rejects.toMatchObject({ name: 'TIMEOUT' });
    await world.clock.advance(5_000);
    await expect(joined).resolves.toMatchObject({ group: info, users: ['alice'], asked: [] });
    await created;
  });

  it('waits its turn when more are asked than the server takes at a time', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    let open = 0;
    let most = 0;
    world.server.answers.set('getUsers', (frame, link) => {
      most = Math.max(most, ++open);
      world.clock.setTimer(100, () => {
        open--;
        world.server.push(link, { type: 'users', value: {} }, frame.id);
      });
      return undefined;
    });
    const all = Promise.all(Array.from({ length: 40 }, () => client.people.get(['bob'])));
    await world.clock.advance(1_000);
    await expect(all).resolves.toHaveLength(40);
    expect(most).toBe(12);
  });

  it('gives every error one class', () => {
    const unknown = ParleyClientError.fromFrame({ code: 2999, name: 'NEW_ONE', message: 'later', retryAfterMs: 5 });
    expect(unknown).toMatchObject({ name: 'NEW_ONE', code: 2999, retry: 'after-backoff', retryAfterMs: 5 });
    expect(ParleyClientError.fromFrame({ code: 1999, name: '', message: '', retryAfterMs: 0 })).toMatchObject({
      name: 'CODE_1999',
      retry: 'never',
    });
  });
});
