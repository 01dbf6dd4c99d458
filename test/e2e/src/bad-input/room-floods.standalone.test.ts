import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { errorTable, limits, type Random, seededRandom, sleep, systemClock, systemRandom } from '@parley/kernel';
import { encodeClientFrames, Priority, type ServerFrame } from '@parley/wire';
import { BackEnd } from '../world/back-end.js';
import { errorIn, RawClient, type RequestBody, type SeenError } from './raw-client.js';
import { attributesOf, count, enter, granted, says } from './room-requests.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(90_000);

/** What a client and a room have where nothing else is set (docs/configuration.md). */
const highOfClient = { perSecond: 5, burst: 10 };
const sliceMs = 200;

type Answers = readonly NonNullable<ServerFrame['body']>[];

describe('too much in rooms', () => {
  let server: ServerUnderAttack;
  let backEnd: BackEnd;
  beforeAll(async () => {
    server = await ServerUnderAttack.start();
    backEnd = new BackEnd(server.deployment, server.app.id);
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  /** Users in a room of their own. */
  async function gathered(room: string, ...users: readonly string[]): Promise<readonly RawClient[]> {
    await backEnd.call('room/createRoom', { room });
    const clients: RawClient[] = [];
    for (const user of users) {
      const client = await RawClient.login(server.url, server.app, user);
      await granted(client, enter(room));
      clients.push(client);
    }
    return clients;
  }

  const roomOf = async (room: string): Promise<Record<string, unknown>> =>
    (await backEnd.call('room/getRoom', { room }))['room'] as Record<string, unknown>;

  it('refuses HIGH messages beyond what a client has, and stores just the others', async () => {
    const [rich] = await gathered('shop', 'rich');
    if (rich === undefined) throw new Error('nobody there');
    const sent = 60;
    const startedMs = systemClock.monotonic();
    const answers = await askedAtOnce(
      rich,
      Array.from({ length: sent }, () => says('shop', 'text', Priority.HIGH)),
    );
    const seconds = (systemClock.monotonic() - startedMs) / 1_000;
    const refusals = refusalsIn(answers);
    const stored = answers.flatMap((answer) => (answer.type === 'stored' ? [answer.value.seq] : []));
    expect(stored.length + refusals.length).toBe(sent);
    expect(stored.length).toBeGreaterThanOrEqual(highOfClient.burst);
    expect(stored.length).toBeLessThanOrEqual(highOfClient.burst + highOfClient.perSecond * seconds + 1);
    for (const { name, message, retryAfterMs } of refusals) {
      expect(name).toBe('RATE_LIMITED');
      expect(message).toContain('client: HIGH messages');
      expect(retryAfterMs).toBeGreaterThan(0);
    }
    // Other levels have doors of their own, and whoever waits as long as is said gets in.
    await granted(rich, says('shop', 'text', Priority.LOW));
    await sleep(systemClock, Math.max(...refusals.map(({ retryAfterMs }) => retryAfterMs)));
    await granted(rich, says('shop', 'text', Priority.HIGH));
    const events = await backEnd.history('r:shop', stored.length + 2);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: stored.length + 2 }, (_, index) => index + 1));
    await server.checkHealth();
  });

  it('refuses MEDIUM and LOW messages beyond what a room has, never what is set aside for HIGH', async () => {
    const [crier, shouter, giver] = await gathered('market', 'crier', 'shouter', 'giver');
    if (crier === undefined || shouter === undefined || giver === undefined) throw new Error('nobody there');
    const flood = [crier, shouter].flatMap((client) => [
      askedAtOnce(
        client,
        Array.from({ length: 90 }, () => says('market', 'text', Priority.MEDIUM)),
      ),
      askedAtOnce(
        client,
        Array.from({ length: 90 }, () => says('market', 'text', Priority.LOW)),
      ),
    ]);
    const gifts = await askedAtOnce(
      giver,
      Array.from({ length: 5 }, () => says('market', 'text', Priority.HIGH)),
    );
    expect(gifts.map(({ type }) => type)).toEqual(gifts.map(() => 'stored'));
    const answers = (await Promise.all(flood)).flat();
    const refusals = refusalsIn(answers);
    // A busy machine turns some away before the room does.
    const ofRoom = refusals.filter(({ name }) => name !== 'OVERLOADED');
    expect(ofRoom.length).toBeGreaterThan(0);
    for (const { name, message, retryAfterMs } of ofRoom) {
      expect(name).toBe('RATE_LIMITED');
      expect(message).toMatch(/room: (MEDIUM|LOW) messages/);
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(sliceMs);
    }
    const stored = answers.length - refusals.length + gifts.length;
    expect(await backEnd.history('r:market', stored)).toHaveLength(stored);
    await server.checkHealth();
  });

  it('makes just those changes of attributes that it does not refuse', async () => {
    const [editor] = await gathered('board', 'editor');
    if (editor === undefined) throw new Error('nobody there');
    const before = Number((await roomOf('board'))['stateVersion']);
    const changes = Array.from({ length: 100 }, (_, n): RequestBody => {
      return { type: 'changeRoomAttributes', value: { room: 'board', set: attributesOf({ [`k${n % 20}`]: `${n}` }) } };
    });
    const answers = await askedAtOnce(editor, changes);
    const versions = answers.flatMap((answer) => (answer.type === 'newValue' ? [answer.value.value] : []));
    for (const { name, message } of refusalsIn(answers)) {
      expect(name).toBe('RATE_LIMITED');
      expect(message).toMatch(/requests at a time: at most 16|requests of class attributes/);
    }
    expect(versions.length).toBeGreaterThanOrEqual(16);
    expect(versions.length).toBeLessThan(changes.length);
    // Each has a version of its own, and there are no others.
    expect(versions.toSorted((a, b) => a - b)).toEqual(versions.map((_, index) => before + 1 + index));
    expect(Number((await roomOf('board'))['stateVersion'])).toBe(before + versions.length);
    await server.checkHealth();
  });

  it('counts just those contributions that it does not refuse, each once', async () => {
    const [fan] = await gathered('stage', 'fan');
    if (fan === undefined) throw new Error('nobody there');
    const taps = Array.from({ length: 60 }, (_, n) => count({ room: 'stage', counter: 'likes', nonce: `n${n % 30}` }));
    const answers = await askedAtOnce(fan, taps);
    const counted = new Set(answers.flatMap((answer, n) => (answer.type === 'newValue' ? [n % 30] : [])));
    for (const { name, message } of refusalsIn(answers)) {
      expect(name).toBe('RATE_LIMITED');
      expect(message).toMatch(/requests at a time: at most 16|requests of class counters/);
    }
    expect(counted.size).toBeGreaterThanOrEqual(10);
    expect(counted.size).toBeLessThan(taps.length);
    expect((await roomOf('stage'))['counters']).toEqual([{ name: 'likes', value: `${counted.size}` }]);
    await server.checkHealth();
  });

  it('lets nobody into a sixth room who enters many at the same moment', async () => {
    const [runner] = await gathered('start', 'runner');
    if (runner === undefined) throw new Error('nobody there');
    const answers = await askedAtOnce(
      runner,
      Array.from({ length: 12 }, (_, n) => enter(`run-${n}`)),
    );
    const entered = answers.flatMap((answer) => (answer.type === 'room' ? [answer.value.room] : []));
    expect(entered).toHaveLength(limits.roomsPerUserMax - 1);
    expect(new Set(refusalsIn(answers).map(({ name }) => name))).toEqual(new Set(['ROOM_LIMIT_REACHED']));
    const left = await granted(runner, { type: 'leaveAllRooms', value: {} });
    expect(left).toMatchObject({ type: 'roomNames' });
    if (left.type === 'roomNames') expect([...left.value.rooms].sort()).toEqual([...entered, 'start'].sort());
  });

  it('answers whatever is asked about rooms with what was asked for, or with a refusal that has a reason', async () => {
    const seed = Math.floor(systemRandom.next() * 2 ** 32);
    const random = seededRandom(seed);
    const callers = await gathered('zoo', 'ape', 'bat', 'cat', 'dog');
    const names = new Map<string, number>();
    const play = async (caller: RawClient): Promise<void> => {
      for (let asked = 0; asked < 400; asked++) {
        const body = strangeRequest(random);
        const answer = await caller.ask(body);
        if (answer.type !== 'error') continue;
        const { name } = errorIn(answer);
        names.set(name, (names.get(name) ?? 0) + 1);
        if (isReason(name)) continue;
        throw new Error(`seed ${seed}: ${JSON.stringify(body)} was answered with ${JSON.stringify(answer.value)}`);
      }
    };
    await Promise.all(callers.map(play));
    // A fuzz that is always refused for one reason tries nothing.
    expect(names.size).toBeGreaterThan(6);
    await server.checkHealth();
  });
});

let blocks = 0;

/** All in one WebSocket message; the answers in the order of the requests. */
async function askedAtOnce(client: RawClient, bodies: readonly RequestBody[]): Promise<Answers> {
  // Ids that the client itself does not come to.
  const first = 1_000_000 + 1_000 * ++blocks;
  client.socket.send(encodeClientFrames({ frames: bodies.map((body, index) => ({ id: first + index, body })) }));
  return Promise.all(bodies.map((_, index) => client.answerTo(first + index)));
}

const refusalsIn = (answers: Answers): readonly SeenError[] =>
  answers.flatMap((answer) => (answer.type === 'error' ? [errorIn(answer)] : []));

/** Refusals that say something about the request or about the rate of requests. */
const isReason = (name: string): boolean => name === 'RATE_LIMITED' || (name in errorTable && errorTable[name as 'BANNED'].code < 2_000);

const oneOf = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random.next() * items.length)] as T;

/** A request about rooms that is nearly right, or not at all. */
function strangeRequest(random: Random): RequestBody {
  const text = (): string =>
    oneOf(random, ['', 'a', 'seat', 'a b', '\0', '\u202e', 'é'.repeat(16), 'x'.repeat(33), 'x'.repeat(65), '😀'.repeat(300)]);
  const number = (): number => oneOf(random, [0, 1, 2, 3, 60_000, 2 ** 31, 2 ** 32 - 1]);
  const large = (): number => oneOf(random, [0, 1, 2, 2 ** 40, Number.MAX_SAFE_INTEGER]);
  const flag = (): boolean => random.next() < 0.5;
  const room = (): string => oneOf(random, ['zoo', 'zoo', 'zoo', 'nowhere', 'den-1', 'den-2', text()]);
  const user = (): string => oneOf(random, ['ape', 'bat', 'cat', 'dog', 'nobody', text()]);
  const many = <T>(make: () => T): T[] => Array.from({ length: oneOf(random, [0, 1, 2, 21, 60]) }, make);
  const pair = (): { key: string; value: string } => ({ key: text(), value: text() });
  const role = (): number => oneOf(random, [0, 1, 2, 3, 9]);
  const page = (): string => oneOf(random, ['', 'MWFwZQ', text()]);
  const entry = (): object => ({
    room: room(),
    name: text(),
    mustExist: flag(),
    options: { emptyTtlMs: number(), keepsAttributes: flag() },
  });
  const bodies: Readonly<Record<string, () => object>> = {
    createRoom: () => ({ room: room(), name: text(), memberLimit: number(), attributes: many(pair), options: { emptyTtlMs: number() } }),
    enterRoom: entry,
    leaveRoom: () => ({ room: room() }),
    switchRoom: () => ({ from: room(), to: flag() ? entry() : undefined }),
    destroyRoom: () => ({ room: room() }),
    getRoom: () => ({ room: room() }),
    listRooms: () => ({ namePrefix: text(), attributeKey: text(), attributeValue: text(), page: page(), limit: number() }),
    listRoomMembers: () => ({ room: room(), page: page(), limit: number(), users: flag() ? many(user) : [] }),
    kickFromRoom: () => ({ room: room(), users: many(user) }),
    banFromRoom: () => ({ room: room(), user: user(), durationMs: large() }),
    muteInRoom: () => ({ room: room(), user: user(), role: role(), isEveryone: flag(), durationMs: large() }),
    setRoomRole: () => ({ room: room(), user: user(), role: role() }),
    renameRoom: () => ({ room: room(), name: text() }),
    changeRoomAttributes: () => ({
      room: room(),
      set: many(pair),
      deleted: many(text),
      force: flag(),
      updateOwner: flag(),
      ifVersion: large(),
    }),
    changeMemberAttributes: () => ({ room: room(), user: user(), set: many(pair), deleted: many(text) }),
    incrementCounter: () => ({ room: room(), counter: text(), nonce: text(), total: large() }),
  };
  const type = oneOf(random, Object.keys(bodies));
  return { type, value: bodies[type]?.() } as RequestBody;
}
