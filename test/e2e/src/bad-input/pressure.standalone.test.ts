import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomId, sleep, systemClock, systemRandom } from '@parley/kernel';
import { type Client, createClient, type Message } from '@parley/sdk/node';
import { appToken, type DeployedApp, newDeployedApp, unhurriedLimits } from '@parley/testkit';
import { type ClientFrameInit, closeCodes, encodeClientFrames, encodeContent } from '@parley/wire';
import { memoryOf } from './memory-of.js';
import { errorIn, RawClient } from './raw-client.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(90_000);

const textBytes = 30 * 1024;
/** More than the system's socket buffers hold, so that it stays with the server. */
const floodMessages = 400;
const deafClients = 20;
const growthBytesMax = 150 * 1024 * 1024;

const hurried = newDeployedApp('app-hurried');
const wide = newDeployedApp('app-wide');
const keysOf = ({ kid, secret }: DeployedApp) => [{ kid, alg: 'HS256', secret }];
const ping: ClientFrameInit['body'] = { type: 'ping', value: {} };
const text = encodeContent({ kind: { type: 'text', value: { text: 'hello' } } });

describe.each(['auto', 'ws'] as const)('a client that wants too much (%s)', (implementation) => {
  let server: ServerUnderAttack;
  beforeAll(async () => {
    const apps = [
      { id: hurried.id, keys: keysOf(hurried) },
      {
        id: wide.id,
        keys: keysOf(wide),
        limits: { ...unhurriedLimits, textBytesMax: 32 * 1024, client: { high: { perSecond: 10_000, burst: 10_000 } } },
      },
    ];
    server = await ServerUnderAttack.start({ implementation, apps });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it('is told to wait when it floods the server with frames, and is served after that', async () => {
    const client = await RawClient.login(server.url, hurried, 'flooder');
    const frames = Array.from({ length: 1_000 }, (_, index) => ({ id: 1_000 + index, body: ping }));
    client.socket.send(encodeClientFrames({ frames }));
    const answers = await Promise.all(frames.map(({ id }) => client.answerTo(id)));
    const refusals = answers.flatMap((answer) => (answer.type === 'error' ? [errorIn(answer)] : []));
    expect(answers.length - refusals.length).toBeGreaterThanOrEqual(400);
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals.map(({ name }) => name))).toEqual(new Set(['RATE_LIMITED']));
    const waitMs = Math.max(...refusals.map(({ retryAfterMs }) => retryAfterMs));
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThan(5_000);
    await sleep(systemClock, waitMs);
    expect(await client.isServed()).toBe(true);
    await server.checkHealth();
  });

  it('has just those messages stored that were not refused', async () => {
    const client = await RawClient.login(server.url, hurried, 'hasty');
    const sends = Array.from({ length: 100 }, (_, index) => index + 1).map((id) => ({
      id: 1_000 + id,
      body: { type: 'send', value: { conversation: 'u:hasty|zoe', clientMsgId: `m${id}`, content: text } } as const,
    }));
    client.socket.send(encodeClientFrames({ frames: sends }));
    const answers = await Promise.all(sends.map(({ id }) => client.answerTo(id)));
    const stored = answers.filter(({ type }) => type === 'stored').length;
    const refusals = answers.flatMap((answer) => (answer.type === 'error' ? [errorIn(answer)] : []));
    // A machine that is busy with something else turns some away before their rate is looked at.
    const isBusy = refusals.some(({ name }) => name === 'OVERLOADED');
    expect(stored).toBeGreaterThanOrEqual(isBusy ? 1 : 30);
    expect(stored).toBeLessThan(100);
    for (const { name } of refusals) expect(['RATE_LIMITED', 'OVERLOADED']).toContain(name);
    const waitMs = Math.max(...refusals.map(({ retryAfterMs }) => retryAfterMs));
    await sleep(systemClock, waitMs);
    // Had a refused message been stored after all, this one would not be the next.
    const later = { conversation: 'u:hasty|zoe', clientMsgId: 'later', content: text };
    const again = await client.askPatiently({ type: 'send', value: later });
    expect(again).toMatchObject({ type: 'stored', value: { seq: stored + 1 } });
  });

  it('has 16 requests answered at a time', async () => {
    const client = await RawClient.login(server.url, hurried, 'asker');
    const query = { type: 'queryHistory', value: { conversation: 'u:asker|zoe' } } as const;
    const frames = Array.from({ length: 100 }, (_, index) => ({ id: 1_000 + index, body: query }));
    client.socket.send(encodeClientFrames({ frames }));
    const answers = await Promise.all(frames.map(({ id }) => client.answerTo(id)));
    expect(answers.filter(({ type }) => type === 'historyPage').length).toBeGreaterThanOrEqual(16);
    expect(answers.some((answer) => answer.type === 'error' && errorIn(answer).name === 'RATE_LIMITED')).toBe(true);
    expect((await client.ask(query)).type).toBe('historyPage');
  });

  it('costs the server little when it never reads, is sent away, and finds everything when it comes back', async () => {
    const group = `wide-${randomId(systemRandom, 8)}`;
    const names = Array.from({ length: deafClients }, (_, index) => `deaf-${index}`);
    await using sender = await connected(server.url, 'sender');
    await using listener = await connected(server.url, 'listener');
    await sender.client.createGroup({ id: group, members: ['listener', ...names] });
    const heard = counting(listener.client, group);
    const deaf = await Promise.all(names.map((name) => RawClient.login(server.url, wide, name)));
    await Promise.all(deaf.map((client) => client.ask({ type: 'sync', value: {} })));
    for (const client of deaf) client.socket.pause();
    const before = memoryOf(server);

    const body = 'x'.repeat(textBytes);
    const sends = Array.from({ length: floodMessages }, (_, index) => sender.client.group(group).send(`${index} ${body}`));
    await Promise.all(sends.map(({ done }) => done));
    await heard.until(floodMessages);
    if (before !== undefined) expect((memoryOf(server) ?? 0) - before).toBeLessThan(growthBytesMax);

    // What must not be dropped and has no place in history fills the rest.
    const command = { type: 'command', payload: new Uint8Array(5_000) } as const;
    for (let sent = 0; sent < 300; sent++) await sender.client.group(group).send(command, { priority: 'high' }).done;
    for (const client of deaf) client.socket.resume();
    expect(new Set(await Promise.all(deaf.map((client) => client.closed())))).toEqual(new Set([closeCodes.SLOW_CONSUMER]));

    await using returned = await connected(server.url, 'deaf-0');
    await returned.messages.until(floodMessages);
    await server.checkHealth();
  });

  async function connected(url: string, user: string) {
    const limits = { catchUpMax: 2 * floodMessages };
    const client = createClient({ url, token: () => appToken(wide, user), user, device: `device-of-${user}`, limits });
    const messages = counting(client);
    await client.connect();
    return {
      client,
      messages,
      [Symbol.asyncDispose]: async (): Promise<void> => client.close(),
    };
  }
});

/** Counts the stored messages that the client hands out. */
function counting(client: Client, group?: string): { until(count: number): Promise<void> } {
  const seen = new Set<string>();
  let look = (): void => {};
  client.on('message', ({ conversation, seq }: Message) => {
    if (seq === 0 || (group !== undefined && conversation !== `g:${group}`)) return;
    seen.add(`${conversation} ${seq}`);
    look();
  });
  return {
    until: (count) =>
      new Promise((resolve) => {
        look = () => {
          if (seen.size >= count) resolve();
        };
        look();
      }),
  };
}
