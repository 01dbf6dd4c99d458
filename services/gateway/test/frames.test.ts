import { describe, expect, it } from '@jest/globals';
import { errorTable, seededRandom } from '@parley/kernel';
import { closeCodes, encodeClientFrames, encodeContent, Priority, type SendMessageInit } from '@parley/wire';
import { gatewayLimits } from '../src/index.js';
import { Harness, textContent, tokenOf } from './harness.js';

const message = (changes: SendMessageInit = {}): SendMessageInit => ({
  conversation: 'u:alice|bob',
  clientMsgId: 'm1',
  content: textContent('hello'),
  ...changes,
});

describe('frames', () => {
  it('puts a message into the lane of its priority, with the way back', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const id = client.send({ type: 'send', value: message({ priority: Priority.HIGH, isRetry: true }) });
    await harness.router.until(() => harness.router.submitted.length === 1);
    const [submitted] = harness.router.submitted;
    expect(submitted).toMatchObject({
      lane: 'high',
      command: {
        app: 'app',
        conversation: 'u:alice|bob',
        origin: { peer: 'gateway-1', request: id },
        body: { type: 'send', value: { sender: 'alice', clientMsgId: 'm1', priority: Priority.HIGH, isRetry: true } },
      },
    });
    expect(submitted?.command.body?.value).toMatchObject({ content: Buffer.from(textContent('hello')) });
  });

  it('tells the sender what became of a message', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const first = client.send({ type: 'send', value: message() });
    const second = client.send({ type: 'send', value: message({ clientMsgId: 'm2' }) });
    await harness.router.until(() => harness.router.submitted.length === 2);
    const connection = harness.router.submitted[0]?.command.origin?.connection ?? 0;
    const { code } = errorTable.OVERLOADED;
    harness.router.outcome({ connection, request: second, error: code, retryAfterMs: 70, detail: 'lane' });
    harness.router.outcome({ connection, request: first, seq: 4, messageId: 'id', timeMs: 9 });
    expect(await client.answer(first)).toEqual({ type: 'stored', value: { seq: 4, messageId: 'id', timeMs: 9 } });
    expect(await client.answer(second)).toMatchObject({ type: 'error', value: { code, name: 'OVERLOADED', retryAfterMs: 70 } });
  });

  it.each<[string, Uint8Array, string]>([
    ['text', textContent('x'), 'medium'],
    ['command', encodeContent({ kind: { type: 'command', value: {} } }), 'medium'],
    ['bullet', encodeContent({ kind: { type: 'bullet', value: {} } }), 'low'],
  ])('gives a %s without a priority its default', async (_kind, content, lane) => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    client.send({ type: 'send', value: message({ content }) });
    await harness.router.until(() => harness.router.submitted.length === 1);
    expect(harness.router.submitted[0]?.lane).toBe(lane);
  });

  it.each<[string, SendMessageInit, string, string]>([
    ['a conversation that is none', { conversation: 'x:1' }, 'INVALID_ARGUMENT', 'conversation'],
    ['users in the wrong order', { conversation: 'u:bob|alice' }, 'INVALID_ARGUMENT', 'conversation'],
    ['a conversation of others', { conversation: 'u:bob|carol' }, 'CONVERSATION_NOT_FOUND', ''],
    ['no id', { clientMsgId: '' }, 'INVALID_ARGUMENT', 'client_msg_id'],
    ['an id that cannot be a key', { clientMsgId: 'a\0b' }, 'INVALID_ARGUMENT', 'client_msg_id'],
    ['a long id', { clientMsgId: 'é'.repeat(33) }, 'INVALID_ARGUMENT', 'client_msg_id'],
    ['system priority', { priority: Priority.SYSTEM }, 'INVALID_ARGUMENT', 'priority'],
    ['no content', { content: new Uint8Array(0) }, 'INVALID_ARGUMENT', 'content'],
    ['a long text', { content: textContent('x'.repeat(2_049)) }, 'MESSAGE_TOO_LARGE', '2048'],
  ])('refuses %s, naming field and limit', async (_what, changes, name, detail) => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const answer = await client.ask({ type: 'send', value: message(changes) });
    expect(answer).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.router.submitted).toEqual([]);
    expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('holds a client to its rate per class and says when to come back', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const { burst } = gatewayLimits.rates.stored;
    const last = client.send(...Array.from({ length: burst + 1 }, () => ({ type: 'send', value: message() }) as const));
    const answer = await client.answer(last);
    expect(answer).toMatchObject({ type: 'error', value: { name: 'RATE_LIMITED' } });
    expect(answer.type === 'error' && answer.value.retryAfterMs).toBeGreaterThan(0);
    expect(harness.router.submitted).toHaveLength(burst);
    const command = encodeContent({ kind: { type: 'command', value: {} } });
    client.send({ type: 'send', value: message({ content: command }) });
    await harness.router.until(() => harness.router.submitted.length === burst + 1);
  });

  it('does not answer frames with id 0', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const before = client.frames.length;
    client.sendFrames({ body: { type: 'ping', value: {} } }, { body: { type: 'send', value: message({ clientMsgId: '' }) } });
    client.sendFrames({ body: { type: 'send', value: message() } });
    await harness.router.until(() => harness.router.submitted.length === 1);
    harness.router.outcome({ connection: harness.router.submitted[0]?.command.origin?.connection ?? 0, request: 0, seq: 1 });
    await client.ask({ type: 'ping', value: {} });
    expect(client.frames).toHaveLength(before + 1);
  });

  it('answers requests that it does not know with UNSUPPORTED', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    client.socket.send(Buffer.concat([Buffer.from([10, 6, 8, 77]), Buffer.from([0xfa, 0x3f, 1, 0])]));
    expect(await client.answer(77)).toMatchObject({ type: 'error', value: { name: 'UNSUPPORTED' } });
  });

  it('answers history, group and room requests', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    expect(await client.ask({ type: 'queryHistory', value: { conversation: 'u:alice|bob' } })).toMatchObject({
      type: 'historyPage',
      value: { headSeq: 9, epoch: 'epoch-1' },
    });
    expect(harness.history.queries).toMatchObject([{ viewer: 'alice', limit: 50 }]);
    expect(await client.ask({ type: 'createGroup', value: { name: 'n', members: ['bob'] } })).toMatchObject({
      type: 'group',
      value: { group: expect.stringMatching(/^[a-v0-9]{26}$/) },
    });
    expect(await client.ask({ type: 'enterRoom', value: { room: 'hall' } })).toMatchObject({ value: { room: 'hall', headSeq: 7 } });
    expect(await client.ask({ type: 'leaveGroup', value: { group: 'g' } })).toEqual({ type: 'done', value: {} });
    expect(await client.ask({ type: 'listRoomMembers', value: { room: 'hall' } })).toMatchObject({ value: { users: ['alice'] } });
  });

  it.each([
    [{ type: 'queryHistory', value: { conversation: 'u:bob|carol' } }, 'CONVERSATION_NOT_FOUND'],
    [{ type: 'queryHistory', value: { conversation: 'u:alice|bob', limit: 101 } }, 'INVALID_ARGUMENT'],
    [{ type: 'sync', value: { cursor: 'nonsense' } }, 'INVALID_ARGUMENT'],
    [{ type: 'createGroup', value: { name: 'x'.repeat(51) } }, 'INVALID_ARGUMENT'],
    [{ type: 'createGroup', value: { members: ['not a user'] } }, 'INVALID_ARGUMENT'],
    [{ type: 'inviteToGroup', value: { group: 'g', users: [] } }, 'INVALID_ARGUMENT'],
    [{ type: 'enterRoom', value: { room: 'a room' } }, 'INVALID_ARGUMENT'],
    [{ type: 'dismissGroup', value: { group: 'g' } }, 'PERMISSION_DENIED'],
    [{ type: 'destroyRoom', value: { room: 'r' } }, 'INTERNAL'],
  ] as const)('answers %j with %s', async (body, name) => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    const answer = await client.ask(body);
    expect(answer).toMatchObject({ type: 'error', value: { name } });
    expect(JSON.stringify(answer)).not.toContain('a fault of the inside');
  });

  it('lets only so many requests of a connection be under way', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    let open = (): void => undefined;
    harness.history.gate = new Promise((resolve) => {
      open = resolve;
    });
    const { requestsInFlightMax } = gatewayLimits;
    const request = { type: 'queryHistory', value: { conversation: 'u:alice|bob' } } as const;
    const last = client.send(...Array.from({ length: requestsInFlightMax + 1 }, () => request));
    expect(await client.answer(last)).toMatchObject({ type: 'error', value: { name: 'RATE_LIMITED' } });
    open();
    expect((await client.answer(last - 1)).type).toBe('historyPage');
    expect((await client.ask(request)).type).toBe('historyPage');
  });

  it('closes only the connection that sends what is no frame', async () => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const client = await harness.member('alice');
    client.socket.send(Uint8Array.of(10, 200));
    expect(await client.closed()).toBe(closeCodes.INVALID_FRAME);
    expect(client.frames.at(-1)).toMatchObject({ body: { value: { name: 'INVALID_FRAME' } } });
    expect((await bystander.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('closes a connection that sends text where binary was agreed on', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    client.socket.send('{}');
    expect(await client.closed()).toBe(closeCodes.INVALID_FRAME);
  });

  it('survives thousands of random and cut frames', async () => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const random = seededRandom(7);
    const whole = encodeClientFrames({ frames: [{ id: 1, body: { type: 'send', value: message() } }] });
    let client = await harness.member('alice');
    for (let i = 0; i < 3_000; i++) {
      if (client.socket.readyState !== client.socket.OPEN) {
        client = await harness.client();
        if (i % 2 === 0) await client.login(tokenOf('alice'));
      }
      const cut = whole.slice(0, Math.floor(random.next() * whole.length));
      const at = Math.floor(random.next() * cut.length);
      if (random.next() < 0.5 && cut.length > 0) cut[at] = Math.floor(random.next() * 256);
      client.socket.send(random.next() < 0.3 ? random.bytes(Math.floor(random.next() * 64)) : cut);
      if (i % 50 === 0) expect((await bystander.ask({ type: 'ping', value: {} })).type).toBe('pong');
    }
    expect(bystander.closeCode).toBeUndefined();
  }, 60_000);

  it('does not process a frame that arrives after the silence limit', async () => {
    await using harness = await Harness.start();
    const client = await harness.member('alice');
    harness.clock.freeze(gatewayLimits.offlineAfterMs + 1);
    client.send({ type: 'send', value: message() });
    expect(await client.closed()).toBe(closeCodes.HEARTBEAT_TIMEOUT);
    expect(harness.router.submitted).toEqual([]);
  });

  it('reports a silent client as offline and keeps one that sends anything', async () => {
    await using harness = await Harness.start();
    const silent = await harness.member('alice');
    const lively = await harness.member('bob');
    harness.clock.skip(20_000);
    await lively.ask({ type: 'ping', value: {} });
    harness.clock.skip(16_500);
    expect(await silent.closed()).toBe(closeCodes.HEARTBEAT_TIMEOUT);
    expect((await lively.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(harness.router.subscriptions.get('app/user:alice')).toBe(false);
    expect(harness.router.subscriptions.get('app/user:bob')).toBe(true);
  });
});
