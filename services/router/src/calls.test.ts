import { describe, expect, it } from '@jest/globals';
import { type ImportedMessageInit, RouterService } from '@parley/contracts/router';
import { errorTable, ParleyError } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import { decodeConversationEvent, Priority } from '@parley/wire';
import { commandContent, RouterFixture, textContent } from './testing/router-fixture.js';
import { ProjectingHistory } from './testing/projecting-history.js';

const pair = 'u:ann|bob';
const app = 'app';

interface Calls extends AsyncDisposable {
  readonly routers: RouterFixture;
  readonly router: ServiceClient<typeof RouterService>;
}

/** A router of one partition, and how services call it. */
async function open(): Promise<Calls> {
  const routers = await RouterFixture.open(new ProjectingHistory());
  routers.startRouter('a');
  await routers.allOwned(1);
  const router = routers.rpc.dialer.client(RouterService, 'a');
  return { routers, router, [Symbol.asyncDispose]: () => routers[Symbol.asyncDispose]() };
}

const refusalOf = async (call: Promise<unknown>): Promise<ParleyError> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ParleyError) return error;
  throw new Error('the call was not refused');
};

const recall = { kind: { type: 'recall', value: { seq: 1 } } } as const;

describe('a call that acts', () => {
  it('does so with all rights where no sender is named, else as that user', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    const { timeMs } = await routers.send(pair, 'ann');
    expect((await refusalOf(router.act({ app, conversation: pair, sender: 'bob', act: recall }))).error).toBe('PERMISSION_DENIED');
    const done = await router.act({ app, conversation: pair, clientMsgId: 'x', act: recall });
    expect(done.seq).toBe(2);
    expect(done.timeMs).toBeGreaterThanOrEqual(timeMs);
    expect(await router.act({ app, conversation: pair, clientMsgId: 'x', act: recall, isRetry: true })).toMatchObject({ seq: 2 });
  });

  it('does for a user what only services do, and answers the version', async () => {
    await using calls = await open();
    const act = {
      kind: { type: 'relation', value: { user: 'ann', other: 'bob', step: { type: 'block', value: { isOn: true } } } },
    } as const;
    expect(await calls.router.act({ app, conversation: pair, sender: 'ann', act })).toMatchObject({ seq: 0, version: 1 });
    expect((await calls.routers.send(pair, 'bob')).error).toBe(errorTable.BLOCKED.code);
  });

  it('is refused when it is malformed, naming the field', async () => {
    await using calls = await open();
    const { router } = calls;
    const wrong = [
      [{ app, conversation: 'nowhere', act: recall }, 'conversation'],
      [{ app: '', conversation: pair, act: recall }, 'app'],
      [{ app, conversation: pair, sender: 'a b', act: recall }, 'sender'],
      [{ app, conversation: pair, clientMsgId: 'x'.repeat(65), act: recall }, 'client_msg_id'],
      [{ app, conversation: pair }, 'act'],
      [{ app, conversation: pair, act: { kind: { type: 'recall', value: { seq: 0 } } } }, 'seq'],
    ] as const;
    for (const [request, field] of wrong) {
      const { error, detail } = await refusalOf(router.act(request));
      expect([error, detail]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(field)]);
    }
  });
});

describe('a call that sends', () => {
  it('takes options as the back end may set them', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    await routers.room('g:team', { change: { joined: ['ann', 'bob'], version: 1 }, isStored: true });
    const message = { app, conversation: 'g:team', sender: 'ann', content: textContent('hi') };
    await router.sendMessage({ ...message, options: { onlyTo: ['bob', 'bob'] }, expiresAfterMs: 5_000 });
    expect((await routers.timeline()).at(-1)?.options).toMatchObject({ onlyTo: ['bob'], expiresMs: routers.clock.now() + 5_000 });
    for (const wrong of [{ conversation: pair, options: { onlyTo: ['bob'] } }, { options: { expiresMs: 5 } }, { expiresAfterMs: 1 }]) {
      expect((await refusalOf(router.sendMessage({ ...message, ...wrong }))).error).toBe('INVALID_ARGUMENT');
    }
  });
});

describe('a call that is repeated with the same client_msg_id', () => {
  it('has no second effect, also when the window has forgotten it and nobody says that it is a repetition', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    const message = { app, conversation: pair, sender: 'ann', clientMsgId: 'order-1', content: textContent('hi') };
    const sent = await router.sendMessage(message);
    const pin = { app, conversation: pair, clientMsgId: 'pin-1', act: { kind: { type: 'pin', value: { seq: 1 } } } } as const;
    const pinned = await router.act(pin);
    routers.clock.skip(200_000);
    await routers.send(pair, 'bob');
    expect(await router.sendMessage(message)).toEqual(sent);
    expect(await router.act(pin)).toMatchObject({ seq: pinned.seq });
    expect((await refusalOf(router.sendMessage({ ...message, content: textContent('other') }))).error).toBe('IDEMPOTENCY_CONFLICT');
    expect(await routers.timeline()).toHaveLength(3);
  });
});

describe('a call that notifies', () => {
  it('tells some users now, and keeps nothing', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    await routers.subscribe('user:bob');
    const body = { type: 'profile', value: { profile: { user: 'ann', name: 'Ann' } } } as const;
    await router.notify({ app, conversation: 'u:ann|ann', notice: { priority: Priority.MEDIUM, onlyTo: ['bob'], body } });
    const { event } = await routers.until(() => routers.deliveries[0]);
    expect(decodeConversationEvent(event).body).toMatchObject(body);
    expect(await routers.timeline()).toHaveLength(0);
    expect((await refusalOf(router.notify({ app, conversation: pair, notice: {} }))).error).toBe('INVALID_ARGUMENT');
  });
});

describe('an import', () => {
  const messages = (count: number, bytes = 10): ImportedMessageInit[] =>
    Array.from({ length: count }, (_, i) => ({
      sender: i % 2 === 0 ? 'ann' : 'bob',
      clientMsgId: `old-${i}`,
      originalMs: 1_000 + i,
      content: textContent(`${i} ${'x'.repeat(bytes)}`),
    }));

  it('puts messages behind what is there, in their order, as if they were read; nobody is disturbed', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    await routers.send(pair, 'ann');
    const { seqs } = await router.importMessages({ app, conversation: pair, messages: messages(100, 10_000) });
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, i) => i + 2));
    const entries = (await routers.entries()).slice(1);
    expect(entries.map(({ countable }) => countable)).toEqual(entries.map(() => 1));
    const events = entries.map(({ event }) => decodeConversationEvent(event));
    expect(events.map(({ options }) => options?.originalMs)).toEqual(messages(100).map(({ originalMs }) => originalMs));
    expect(events[1]).toMatchObject({ sender: 'bob', clientMsgId: 'old-1', options: { noUnread: true } });
  });

  it('has no second effect, also when the window has forgotten it', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    const request = { app, conversation: pair, messages: messages(3) };
    const first = await router.importMessages(request);
    expect(await router.importMessages(request)).toEqual(first);
    routers.clock.skip(200_000);
    await routers.send(pair, 'ann');
    expect(await router.importMessages(request)).toEqual(first);
    expect((await router.importMessages({ ...request, messages: messages(4) })).seqs).toEqual([...first.seqs, 5]);
    expect(await routers.timeline()).toHaveLength(5);
  });

  it('is refused as a whole when one message is wrong, naming it', async () => {
    await using calls = await open();
    const { router, routers } = calls;
    const good = messages(2);
    const wrong: [ImportedMessageInit, string][] = [
      [{ ...good[0], sender: 'eve' }, 'messages[2].sender'],
      [{ ...good[0], clientMsgId: '' }, 'messages[2].client_msg_id'],
      [{ ...good[0], originalMs: 0 }, 'messages[2].original_ms'],
      [{ ...good[0], originalMs: routers.clock.now() + 60_001 }, 'messages[2].original_ms'],
      [{ ...good[0], content: new Uint8Array(0) }, 'messages[2].content'],
      [{ ...good[0], content: commandContent() }, 'messages[2].content'],
    ];
    for (const [message, field] of wrong) {
      const { error, detail } = await refusalOf(router.importMessages({ app, conversation: pair, messages: [...good, message] }));
      expect([error, detail]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(field)]);
    }
    expect((await refusalOf(router.importMessages({ app, conversation: pair }))).error).toBe('INVALID_ARGUMENT');
    expect(await routers.timeline()).toHaveLength(0);
  });
});
