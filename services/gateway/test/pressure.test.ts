import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import { closeCodes, decodeConversationEvent, encodeClientFrames, Priority, subprotocols } from '@parley/wire';
import { createJsonCodec, gatewayLimits, type JsonCodec } from '../src/index.js';
import { eventBytes, Harness, textContent, tokenOf } from './harness.js';
import { TestClient } from './test-client.js';

const context = { signal: new AbortController().signal, trace: '' };
const body = (id: string, seq: number, priority: Priority, bytes = 20_000): Uint8Array =>
  eventBytes({ conversation: 'u:alice|bob', messageId: id, seq, priority, body: { type: 'content', value: new Uint8Array(bytes) } });

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a client that reads too slowly', () => {
  it('gets every urgent event, a mark for stored ones it must fetch, the newest low ones, and the count of what is lost', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    alice.socket.pause();
    const deliver = (id: string, seq: number, priority: Priority): void =>
      harness.router.deliver({ channels: ['user:alice'], conversation: 'u:alice|bob', seq, priority, event: body(id, seq, priority) });
    // Fill what the network takes, so that the rest stays in the queues.
    for (let i = 0; i < 600; i++) {
      deliver(`filler${i}`, i + 1, Priority.MEDIUM);
      await nextTurn();
    }
    for (let i = 0; i < 20; i++) deliver(`low${i}`, 0, Priority.LOW);
    for (let i = 0; i < 20; i++) deliver(`high${i}`, 0, Priority.HIGH);
    for (let i = 0; i < 100; i++) deliver(`late${i}`, 601 + i, Priority.MEDIUM);
    for (let i = 0; i < 5; i++) deliver(`command${i}`, 0, Priority.MEDIUM);
    await nextTurn();
    alice.socket.resume();
    const [dropped] = (await alice.nextPush('messagesDropped')).counts;
    const ids = alice.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId);
    expect(ids.filter((id) => id.startsWith('high'))).toHaveLength(20);
    const low = ids.filter((id) => id.startsWith('low'));
    expect(low.length).toBeGreaterThan(0);
    expect(low).toEqual(Array.from({ length: low.length }, (_, i) => `low${20 - low.length + i}`));
    expect(ids.indexOf('high19')).toBeLessThan(ids.indexOf('low19'));
    expect(alice.pushed('headMoved').at(-1)).toEqual({ conversation: 'u:alice|bob', headSeq: 700 });
    expect(dropped).toEqual({ priority: Priority.LOW, count: 20 - low.length });
    expect(alice.pushed('messagesDropped')).toHaveLength(1);
    expect(alice.pushed('messagesDropped')[0]?.counts[1]).toEqual({ priority: Priority.MEDIUM, count: 5 });
    expect(alice.closeCode).toBeUndefined();
  }, 60_000);

  it('is closed when it stays stuck', async () => {
    const limits = { ...gatewayLimits, slowWithinMs: 5_000 };
    await using harness = await Harness.start({ limits });
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    alice.socket.pause();
    for (let seq = 1; seq < 600; seq++) {
      const event = body('m', seq, Priority.MEDIUM);
      harness.router.deliver({ channels: ['user:alice'], conversation: 'u:alice|bob', seq, priority: Priority.MEDIUM, event });
      await nextTurn();
    }
    harness.clock.skip(8_000);
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    expect((await bob.ask({ type: 'ping', value: {} })).type).toBe('pong');
  }, 60_000);
});

describe('draining', () => {
  it('takes nobody in, gives everybody a time of their own and closes all within the deadline', async () => {
    const limits = { ...gatewayLimits, drainWithinMs: 600, drainSpreadMs: 1_000 };
    await using harness = await Harness.start({ limits });
    const clients: TestClient[] = [];
    for (let i = 0; i < 12; i++) clients.push(await harness.member(`user${i}`));
    const started = Date.now();
    const drained = harness.gateway.drain();
    const advice = await Promise.all(clients.map((client) => client.nextPush('reconnect')));
    await expect(TestClient.open(harness.gateway.port)).rejects.toThrow();
    expect(await Promise.all(clients.map((client) => client.closed()))).toEqual(clients.map(() => closeCodes.DRAINING));
    await drained;
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(new Set(advice.map(({ afterMs }) => afterMs)).size).toBeGreaterThan(6);
    for (const { afterMs } of advice) expect(afterMs).toBeLessThan(1_000);
  });
});

describe('operators', () => {
  it('see the sessions of a user and can end them', async () => {
    await using harness = await Harness.start();
    const phone = await harness.member('alice', 'phone');
    const tablet = await harness.member('alice', 'tablet');
    const { handlers } = harness.gateway;
    const request = { app: 'app', user: 'alice' };
    const { sessions = [] } = await handlers.listSessions(request, context);
    expect(sessions.map(({ device, isConnected }) => [device, isConnected])).toEqual([
      ['phone', true],
      ['tablet', true],
    ]);
    expect(await handlers.disconnect({ ...request, device: 'phone', reason: 'lost' }, context)).toEqual({ sessions: 1 });
    expect(await phone.nextPush('kickedOut')).toEqual({ code: errorTable.KICKED_OUT.code, reason: 'lost' });
    expect(await phone.closed()).toBe(closeCodes.KICKED_OUT);
    expect(await handlers.disconnect({ ...request, device: '', reason: 'banned' }, context)).toEqual({ sessions: 1 });
    expect(await tablet.closed()).toBe(closeCodes.KICKED_OUT);
    expect((await handlers.listSessions(request, context)).sessions).toEqual([]);
  });
});

describe('the JSON subprotocol', () => {
  let codec: JsonCodec | undefined;
  const codecOf = async (): Promise<JsonCodec> => {
    codec ??= createJsonCodec(await descriptorSet());
    return codec;
  };

  it('speaks proto-JSON both ways, several frames in a message', async () => {
    await using harness = await Harness.start({ jsonCodec: await codecOf() });
    const client = await harness.client(subprotocols.json);
    const sendJson = (...frames: object[]): void => client.socket.send(JSON.stringify({ frames }));
    sendJson({ id: 1, login: { token: tokenOf('alice'), device: 'phone' } }, { id: 2, sync: {} });
    await client.until(() => client.messages.join('').includes('syncResult'));
    const message = { conversation: 'u:alice|bob', clientMsgId: 'm1', priority: 'PRIORITY_HIGH', content: { text: { text: 'grüße' } } };
    sendJson({ id: 3, send: message, somethingNew: true });
    await harness.router.until(() => harness.router.submitted.length === 1);
    const { command } = harness.router.submitted[0] ?? {};
    expect(command?.body?.value).toMatchObject({ content: Buffer.from(textContent('grüße')) });
    const event = eventBytes({ conversation: 'u:alice|bob', seq: 4, sender: 'bob', body: { type: 'content', value: textContent('👋') } });
    const before = client.messages.length;
    for (let i = 0; i < 2; i++) harness.router.deliver({ channels: ['user:alice'], seq: 4, priority: Priority.MEDIUM, event });
    await client.until(() => client.messages.length > before);
    const frame = { event: { conversation: 'u:alice|bob', seq: '4', sender: 'bob', content: { text: { text: '👋' } } } };
    expect(JSON.parse(String(client.messages.at(-1)))).toEqual({ frames: [frame, frame] });
  });

  it.each(['', 'null', '{"frames":3}', '{"frames":[{"login":"x"}]}', '[[[['])('closes a connection that sends %j', async (text) => {
    await using harness = await Harness.start({ jsonCodec: await codecOf() });
    const client = await harness.client(subprotocols.json);
    client.socket.send(text);
    expect(await client.closed()).toBe(closeCodes.INVALID_FRAME);
    expect(JSON.parse(String(client.messages[0]))).toMatchObject({ frames: [{ error: { name: 'INVALID_FRAME' } }] });
  });

  it('is not offered without a codec', async () => {
    await using harness = await Harness.start();
    await expect(harness.client(subprotocols.json)).rejects.toThrow('400');
  });

  it('does not let content that JSON cannot tell disturb anybody', async () => {
    await using harness = await Harness.start({ jsonCodec: await codecOf() });
    const client = await harness.client(subprotocols.json);
    client.socket.send(JSON.stringify({ frames: [{ id: 1, login: { token: tokenOf('alice'), device: 'phone' } }] }));
    await client.until(() => client.messages.length > 0);
    const event = eventBytes({ conversation: 'u:alice|bob', body: { type: 'content', value: Uint8Array.of(10, 200) } });
    harness.router.deliver({ channels: ['user:alice'], priority: Priority.MEDIUM, event });
    const before = client.messages.length;
    client.socket.send(JSON.stringify({ frames: [{ id: 2, ping: {} }] }));
    await client.until(() => client.messages.slice(before).join('').includes('pong'));
    expect(client.closeCode).toBeUndefined();
    expect(encodeClientFrames({})).toHaveLength(0);
  });
});

/** What `buf build` makes of the contracts: a FileDescriptorSet. */
async function descriptorSet(): Promise<Uint8Array> {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const options = { cwd: `${root}proto`, encoding: 'buffer', maxBuffer: 1 << 24 } as const;
  const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/buf`, ['build', '-o', '-#format=binpb'], options);
  return stdout;
}
