import { describe, expect, it } from '@jest/globals';
import type { OutboxStore, PendingSend } from '../src/outbox-store.js';
import type { SendState } from '../src/send-handle.js';
import { noMischief } from '../src/fake/fake-server.js';
import { makeWorld, record, upTo } from './world.js';

/** A store that keeps what it gets, as a file would. */
function listStore(initial: readonly PendingSend[] = []): OutboxStore & { readonly sends: PendingSend[] } {
  const sends = [...initial];
  return {
    sends,
    load: async () => [...sends],
    put: async (send) => {
      sends.push(send);
    },
    remove: async (clientMsgId) => {
      const at = sends.findIndex((send) => send.clientMsgId === clientMsgId);
      if (at >= 0) sends.splice(at, 1);
    },
  };
}

describe('a send', () => {
  it('goes from sent to stored and appears as an own message', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    const handle = client.user('bob').send('hello');
    const states: SendState[] = [handle.state];
    handle.onChange(({ state }) => states.push(state));
    await world.clock.advance(10);
    await expect(handle.done).resolves.toMatchObject({ seq: 1 });
    expect(states).toEqual(['sent', 'stored']);
    expect(handle).toMatchObject({ seq: 1, state: 'stored', error: undefined });
    expect(seen.messages).toMatchObject([{ isOwn: true, sender: 'alice', seq: 1, content: { type: 'text', text: 'hello' } }]);
  });

  it('is received by others with content, priority and sender', async () => {
    const world = makeWorld();
    const alice = await world.online('alice');
    const bob = await world.online('bob');
    alice.client.user('bob').send({ type: 'image', url: 'https://x/y.png', width: 3, extension: '{"a":1}' }, { priority: 'high' });
    await world.clock.advance(10);
    expect(bob.seen.messages).toMatchObject([
      {
        conversation: 'u:alice|bob',
        isOwn: false,
        priority: 'high',
        content: { type: 'image', url: 'https://x/y.png', width: 3, height: 0, extension: '{"a":1}' },
      },
    ]);
  });

  it('waits in the outbox until there is a connection', async () => {
    const { client, clock } = makeWorld();
    const alice = client('alice', { user: 'alice' });
    const handles = upTo(5).map((n) => alice.user('bob').send(`m${n}`));
    expect(handles.map(({ state }) => state)).toEqual(Array(5).fill('queued'));
    expect(alice.pending).toHaveLength(5);
    void alice.connect();
    await clock.advance(100);
    expect(handles.map(({ seq }) => seq)).toEqual(upTo(5));
    expect(alice.pending).toHaveLength(0);
  });

  it('is sent again under the same id after a break, flagged as a retry, and stored once', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    world.server.answers.set('send', (_, link) => {
      world.server.answers.clear();
      link.end.break();
      return undefined;
    });
    const first = client.user('bob').send('one');
    const second = client.user('bob').send('two');
    await world.clock.advance(5_000);
    expect([first.seq, second.seq]).toEqual([1, 2]);
    expect(world.server.sends.map(({ clientMsgId, isRetry }) => [clientMsgId, isRetry])).toEqual([
      [first.clientMsgId, false],
      [first.clientMsgId, true],
      [second.clientMsgId, true],
    ]);
    expect(seen.texts()).toEqual(['one', 'two']);
  });

  it('is stored once when only the acknowledgement was lost', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    const handle = client.user('bob').send('once');
    await world.clock.advance(1);
    // The server has it; the answer is still on its way.
    expect(world.server.conversations.get('u:alice|bob')?.events).toHaveLength(1);
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(handle.seq).toBe(1);
    expect(world.server.conversations.get('u:alice|bob')?.events).toHaveLength(1);
    expect(seen.texts()).toEqual(['once']);
  });

  it('is settled by its own event when that comes before the acknowledgement', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    const handle = client.user('bob').send('once');
    await world.clock.advance(1);
    world.server.forgetSessions();
    // The new session syncs and sees the message; sends get no answer any more.
    world.server.answers.set('send', () => undefined);
    await world.clock.advance(5_000);
    expect(handle).toMatchObject({ state: 'stored', seq: 1 });
    expect(client.pending).toHaveLength(0);
  });

  it('is not settled by another message that another device sent under its id', async () => {
    const world = makeWorld();
    const phone = await world.online('alice');
    const tablet = await world.online('alice');
    world.server.answers.set('send', () => undefined);
    const other = tablet.client.user('bob').send('another', { clientMsgId: 'id' });
    await world.clock.advance(10);
    world.server.answers.delete('send');
    phone.client.user('bob').send('the first', { clientMsgId: 'id' });
    await world.clock.advance(10);
    expect(tablet.seen.messages).toMatchObject([{ seq: 1, content: { text: 'the first' } }]);
    expect(other).toMatchObject({ state: 'sent', seq: undefined });
  });

  it('is repeated on the same connection when no answer comes', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    let lost = 2;
    world.server.mischief = { ...noMischief, sendFate: () => (lost-- > 0 ? 'lose' : 'accept') };
    const handle = client.user('bob').send('patience');
    await world.clock.advance(25_000);
    expect(handle.seq).toBe(1);
    expect(world.server.links).toHaveLength(1);
    expect(world.server.sends.map(({ isRetry }) => isRetry)).toEqual([false, true, true]);
  });

  it('fails for good on a definite refusal and can be sent again by hand', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    world.server.answers.set('send', () => world.server.refuse('PERMISSION_DENIED'));
    const handle = client.user('bob').send('forbidden');
    await world.clock.advance(100);
    expect(handle).toMatchObject({ state: 'failed', error: { name: 'PERMISSION_DENIED', code: 1012, retryable: false } });
    await expect(handle.done).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
    expect(seen.messages).toEqual([]);
    world.server.answers.clear();
    handle.retry();
    await world.clock.advance(100);
    expect(handle.state).toBe('stored');
    await expect(handle.done).resolves.toMatchObject({ seq: 1 });
  });

  it('waits as long as the server asks for, and then keeps the order', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice', { limits: { inFlightMax: 1 } });
    world.server.answers.set('send', () => world.server.refuse('RATE_LIMITED', 3_000));
    const handles = upTo(4).map((n) => client.user('bob').send(`m${n}`));
    await world.clock.advance(2_900);
    expect(world.server.sends).toHaveLength(1);
    expect(handles[0]?.state).toBe('queued');
    world.server.answers.clear();
    await world.clock.advance(2_000);
    expect(handles.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('fails as retryable when the server keeps refusing', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    world.server.answers.set('send', () => world.server.refuse('OVERLOADED'));
    const handle = client.user('bob').send('no luck');
    await world.clock.advance(120_000);
    expect(handle).toMatchObject({ state: 'failed', error: { name: 'OVERLOADED', retryable: true } });
    expect(world.server.sends).toHaveLength(6);
  });

  it('does not go out when it is too long for a frame', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    const handle = client.user('bob').send('x'.repeat(50_000));
    expect(handle).toMatchObject({ state: 'failed', error: { name: 'MESSAGE_TOO_LARGE' } });
    await world.clock.advance(1_000);
    expect(world.server.sends).toEqual([]);
  });

  it('is told apart by its id: the same id is the same send', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    const first = client.user('bob').send('once', { clientMsgId: 'my-id' });
    const second = client.user('bob').send('once', { clientMsgId: 'my-id' });
    expect(second).toBe(first);
    await world.clock.advance(100);
    expect(world.server.sends).toHaveLength(1);
  });

  it('fails at once when the outbox is full', () => {
    const { client } = makeWorld();
    const alice = client('alice', { user: 'alice', limits: { outboxMax: 2 } });
    const handles = upTo(3).map((n) => alice.user('bob').send(`m${n}`));
    expect(handles.map(({ state }) => state)).toEqual(['queued', 'queued', 'failed']);
    expect(handles[2]?.error?.name).toBe('OVERLOADED');
  });

  it('keeps at most the window under way and all of them in order', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    const handles = upTo(300).map((n) => client.user('bob').send(`m${n}`));
    await world.clock.advance(1);
    expect(world.server.sends.length).toBeLessThanOrEqual(64);
    await world.clock.advance(1_000);
    expect(handles.map(({ seq }) => seq)).toEqual(upTo(300));
    expect(seen.texts()).toEqual(upTo(300).map((n) => `m${n}`));
  });
});

describe('the outbox store', () => {
  it('carries unanswered sends over a restart, in order and flagged as retries', async () => {
    const world = makeWorld();
    const store = listStore();
    world.server.isReachable = false;
    const before = world.client('alice', { user: 'alice', store });
    void before.connect();
    for (const n of upTo(3)) before.user('bob').send(`m${n}`);
    await world.clock.advance(1_000);
    before.close();
    expect(store.sends).toHaveLength(3);

    world.server.isReachable = true;
    const after = world.client('alice', { user: 'alice', store });
    const seen = record(after);
    after.user('bob').send('m4');
    void after.connect();
    await world.clock.advance(1_000);
    expect(seen.texts()).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(world.server.sends.map(({ isRetry }) => isRetry)).toEqual([true, true, true, false]);
    expect(store.sends).toEqual([]);
  });

  it('has a send before the network does', async () => {
    const world = makeWorld();
    const store = listStore();
    let save: () => void = () => {};
    const slow: OutboxStore = {
      ...store,
      put: () =>
        new Promise<void>((resolve) => {
          save = resolve;
        }),
    };
    const { client } = await world.online('alice', { store: slow });
    const handle = client.user('bob').send('kept first');
    await world.clock.advance(1_000);
    expect(world.server.sends).toEqual([]);
    save();
    await world.clock.advance(100);
    expect(handle.state).toBe('stored');
  });

  it('that fails costs the protection, not the message', async () => {
    const world = makeWorld();
    const broken: OutboxStore = {
      load: () => Promise.reject(new Error('disk')),
      put: () => Promise.reject(new Error('disk')),
      remove: () => {
        throw new Error('disk');
      },
    };
    const { client, seen } = await world.online('alice', { store: broken });
    const handle = client.user('bob').send('anyway');
    await world.clock.advance(100);
    expect(handle.state).toBe('stored');
    expect(seen.errors.map(({ name }) => name)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
  });
});

describe('a transient send', () => {
  const bullet = { type: 'bullet', text: '+1' } as const;

  it('that a connection took with it fails, and what stood behind it goes out on the next', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice', { limits: { inFlightMax: 1 } });
    world.server.answers.set('send', (_, link) => {
      world.server.answers.clear();
      link.end.break();
      return undefined;
    });
    const lost = client.group('team').send(bullet, { priority: 'high' });
    const next = client.group('team').send('durable', { priority: 'high' });
    await world.clock.advance(5_000);
    expect(lost).toMatchObject({ state: 'failed', error: { name: 'TIMEOUT' } });
    expect(next.state).toBe('stored');
    expect(world.server.sends.map(({ clientMsgId }) => clientMsgId)).toEqual([lost.clientMsgId, next.clientMsgId]);
    expect(world.server.sends.map(({ isRetry }) => isRetry)).toEqual([false, false]);
    expect(client.pending).toEqual([]);
  });

  it('without an answer fails after its time and is not repeated', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    world.server.answers.set('send', () => undefined);
    const handle = client.group('team').send({ type: 'command', payload: Uint8Array.from([1]) });
    await world.clock.advance(60_000);
    expect(handle.error).toMatchObject({ name: 'TIMEOUT' });
    expect(world.server.sends).toHaveLength(1);
    handle.retry();
    await world.clock.advance(10);
    expect(world.server.sends.map(({ isRetry }) => isRetry)).toEqual([false, true]);
  });

  it('is not kept over a restart', async () => {
    const world = makeWorld();
    const store = listStore();
    const offline = world.client('alice', { user: 'alice', store });
    offline.group('team').send(bullet);
    offline.group('team').send('durable');
    await world.clock.advance(10);
    offline.close();
    expect(store.sends).toHaveLength(1);
  });

  it('refused does not hold up those of higher priority, which keep their own order', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { client } = await world.online('alice');
    world.server.answers.set('send', ({ body }) => {
      if (body?.type === 'send' && body.value.priority < 3) return world.server.refuse('OVERLOADED', 5_000);
      world.server.answers.clear();
      return world.server.refuse('OVERLOADED', 100);
    });
    client.group('team').send(bullet);
    client.group('team').send('later');
    const urgent = upTo(3).map((n) => client.group('team').send(`urgent${n}`, { priority: 'high' }));
    await world.clock.advance(3_000);
    const seqs = urgent.map(({ seq }) => seq ?? 0);
    expect([...seqs].sort()).toEqual(upTo(3));
    expect(urgent.map(({ state }) => state)).toEqual(Array(3).fill('stored'));
  });
});
