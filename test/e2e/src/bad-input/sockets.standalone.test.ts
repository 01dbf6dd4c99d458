import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RawClient } from './raw-client.js';
import { RawSocket } from './raw-socket.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(60_000);

const implementations = ['auto', 'ws'] as const;

const upgrade = (lines: readonly string[]): string =>
  ['GET / HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade', ...lines, '', ''].join('\r\n');
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const version = 'Sec-WebSocket-Version: 13';
const protocol = 'Sec-WebSocket-Protocol: parley.v1.proto';

/** What no client says, with what may be answered; nothing stands for a connection that is just closed. */
const nonsense: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['a request for a page', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 426/],
  ['a path that climbs', 'GET /../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1.1 4\d\d/],
  ['a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc', /^HTTP\/1.1 426/],
  [
    'two lengths of one body',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
    /^(HTTP\/1.1 400|$)/,
  ],
  ['a megabyte in one header', `GET / HTTP/1.1\r\nX: ${'a'.repeat(1_000_000)}\r\n\r\n`, /^(HTTP\/1.1 431|$)/],
  ['5 000 headers', `GET / HTTP/1.1\r\n${'H: x\r\n'.repeat(5_000)}\r\n`, /^(HTTP\/1.1 431|$)/],
  ['no subprotocol', upgrade([version, key]), /^HTTP\/1.1 400/],
  ['another subprotocol', upgrade([version, key, 'Sec-WebSocket-Protocol: chat, superchat']), /^HTTP\/1.1 400/],
  ['a subprotocol that begins like one', upgrade([version, key, `${protocol}.v2`]), /^HTTP\/1.1 400/],
  ['no key', upgrade([version, protocol]), /^HTTP\/1.1 4\d\d/],
];

/** What never becomes a handshake; the server gives up after a while. */
const unfinished: readonly (readonly [string, (socket: RawSocket) => RawSocket])[] = [
  ['nothing', (socket) => socket],
  ['half a header', (socket) => socket.say('GET / HTTP/1.1\r\nHost: x\r\n')],
  ['a letter per second', (socket) => socket.drip('GET / HTTP/1.1\r\nHost: xxxxxxxxxxxxxxxxxxxxxxx', 1_000)],
  ['TLS', (socket) => socket.say(Buffer.from('16030100a5010000a10303', 'hex'))],
  ['bytes', (socket) => socket.say('\0\x01\x02hello\r\n\r\n')],
];
const eachTimes = 40;

// Both at once, because they are waited for most of the time.
const targets = new Map<string, Target>();
beforeAll(async () => {
  await Promise.all(implementations.map(async (implementation) => targets.set(implementation, await arrange(implementation))));
});
afterAll(async () => {
  await Promise.all([...targets.values()].map(({ server }) => server[Symbol.asyncDispose]()));
});

/** Frames of raw bytes behind a good handshake. */
const ruleBreakers: readonly (readonly [string, string])[] = [
  ['no mask', '820161'],
  ['an unknown opcode', '838100000000'],
  ['a reserved bit', 'f28100000000ff'],
  ['a ping of 126 bytes', `89fe007e00000000${'00'.repeat(126)}`],
  ['a ping in pieces', '09800000000089800000000000'],
  ['a continuation of nothing', '80810000000061'],
  ['a length of 2^63', '82ffffffffffffffffff00000000'],
  ['a close code that is reserved', '88820000000003ed'],
];

/** A server with everything under way that takes its time to end. */
interface Target {
  readonly server: ServerUnderAttack;
  readonly unfinished: readonly RawSocket[];
  readonly ruleBreakers: readonly (readonly [string, RawSocket])[];
}

async function arrange(implementation: 'auto' | 'ws'): Promise<Target> {
  const server = await ServerUnderAttack.start({ implementation });
  const open = (): Promise<RawSocket> => RawSocket.open(server.url);
  const times = Array.from({ length: eachTimes });
  const slow = unfinished.flatMap(([, say]) => times.map(async () => say(await open())));
  const breaking = ruleBreakers.map(async ([name, hex]) => {
    const socket = await open();
    return [name, socket.say(upgrade([version, key, protocol])).say(Buffer.from(hex, 'hex'))] as const;
  });
  return { server, unfinished: await Promise.all(slow), ruleBreakers: await Promise.all(breaking) };
}

describe.each(implementations)('the port of clients (%s)', (implementation) => {
  const target = (): Target => {
    const found = targets.get(implementation);
    if (found === undefined) throw new Error(`there is no server with ${implementation}`);
    return found;
  };

  it.each(nonsense)('refuses %s', async (_name, request, expected) => {
    expect(await (await RawSocket.open(target().server.url)).say(request).ended()).toMatch(expected);
  });

  it('serves others while hundreds of handshakes do not come to an end, and ends those in time', async () => {
    const { server } = target();
    const client = await RawClient.login(server.url, server.app, 'honest');
    const answers = await Promise.all(target().unfinished.map((socket) => socket.ended()));
    expect(answers.filter((answer) => answer.includes(' 101 '))).toEqual([]);
    expect(await client.isServed()).toBe(true);
    await server.checkHealth();
  });

  it('ends connections that break the rules of WebSocket', async () => {
    const { server } = target();
    const answers = await Promise.all(target().ruleBreakers.map(async ([name, socket]) => [name, await socket.ended()] as const));
    expect(answers.filter(([, answer]) => !answer.startsWith('HTTP/1.1 101'))).toEqual([]);
    await server.checkHealth();
  });
});
