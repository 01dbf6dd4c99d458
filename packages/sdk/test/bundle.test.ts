import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@parley/kernel';
import type * as Parley from '../src/index.js';
import { FakeServer } from '../src/fake/fake-server.js';
import { ManualClock, settle } from '../src/fake/manual-clock.js';
import { bundle } from './bundle-sources.js';

/** The globals that a page has, and no others; time is the test's. */
function makePage(clock: ManualClock, server: FakeServer): { readonly [name: string]: unknown } {
  let lastTimer = 0;
  const random = seededRandom(7);
  const timers = new Map<number, () => void>();
  const page: Record<string, unknown> = {
    TextDecoder,
    btoa,
    crypto: { getRandomValues: (bytes: Uint8Array) => bytes.set(random.bytes(bytes.length)) },
    performance: { now: () => clock.monotonic() },
    setTimeout: (action: () => void, ms: number) => {
      timers.set(++lastTimer, clock.setTimer(ms, action));
      return lastTimer;
    },
    clearTimeout: (timer: number) => timers.get(timer)?.(),
    // A constructor that returns an object makes that object.
    WebSocket: function WebSocket() {
      return server.webSocket();
    },
  };
  page['self'] = page;
  return page;
}

/** Takes away what browsers of 2017 lack. */
const older = `
  for (const name of ['flat', 'flatMap', 'at', 'findLast', 'toSorted']) delete Array.prototype[name];
  for (const name of ['at', 'matchAll', 'replaceAll', 'trimStart', 'trimEnd']) delete String.prototype[name];
  for (const name of ['fromEntries', 'hasOwn', 'groupBy']) delete Object[name];
  for (const name of ['allSettled', 'any', 'withResolvers']) delete Promise[name];
  delete Promise.prototype.finally;
  Symbol = Object.assign((text) => Object(text), { iterator: Symbol.iterator });
`;

/** What the full client does beside messages and rooms. */
async function usePage(clock: ManualClock, client: Parley.Client): Promise<void> {
  const answer = async <Result>(work: Promise<Result>): Promise<Result> => {
    await clock.advance(1_000);
    return work;
  };
  const talk = client.user('bob');
  const [edited, reacted] = [talk.edit(1, 'better'), talk.react(1, '👍')];
  talk.settings.pin();
  talk.markRead();
  talk.typing();
  talk.look();
  const { events } = await answer(talk.history());
  expect([edited.state, reacted.state]).toEqual(['stored', 'stored']);
  expect(events[events.length - 1]).toMatchObject({ content: { text: 'better' }, details: { reactions: [{ reaction: '👍', count: 1 }] } });
  talk.forward(events.filter((event) => event.type === 'message'));
  await expect(answer(talk.export().next())).resolves.toMatchObject({ value: { type: 'message', seq: 1 } });
  await expect(answer(client.createGroup({ id: 'team', attributes: { topic: 'boats' } }))).resolves.toMatchObject({ group: 'team' });
  await expect(answer(client.group('team').update({ name: 'Crew' }))).resolves.toMatchObject({ group: { name: 'Crew' } });
  await expect(answer(client.people.block('bob'))).resolves.toMatchObject([{ other: 'bob', relation: { isBlocked: true } }]);
  const { conversations } = await answer(client.queryConversations());
  expect(conversations.map(({ conversation }) => conversation).sort()).toEqual(['g:team', 'u:alice|bob']);
}

/** Lists, live messages, a local store and files. */
async function usePageLater(clock: ManualClock, page: ReturnType<typeof createContext>): Promise<void> {
  const { createClient, memoryStore } = page['Parley'] as typeof Parley;
  const localStore = memoryStore();
  const run = async (work: (client: Parley.Client, live: Parley.LiveMessages) => Promise<void>): Promise<void> => {
    const client = createClient({ url: 'ws://page', token: () => 'alice', user: 'alice', localStore });
    const live = client.user('bob').live();
    void client.connect();
    await clock.advance(1_000);
    await work(client, live);
    live.close();
    client.close();
    await clock.advance(100);
  };
  await run(async (client, live) => {
    const talk = client.user('bob');
    const sent = talk.send('kept');
    const file = talk.sendFile(Uint8Array.of(1, 2, 3), { name: 'a.txt' });
    await clock.advance(1_000);
    talk.react(sent.seq ?? 0, '+');
    talk.unpin(1);
    talk.pin(1);
    file.cancel();
    await clock.advance(1_000);
    expect(file.state).toBe('failed');
    const kept = live.getSnapshot().entries.find((entry) => entry.type === 'message' && entry.seq === sent.seq);
    expect(kept).toMatchObject({ content: { text: 'kept' }, details: { reactions: [{ count: 1 }] } });
    expect(client.conversations.getSnapshot().conversations.map(({ conversation }) => conversation)).toContain(talk.id);
    talk.recall(sent.seq ?? 0);
  });
  await run(async (client, live) => {
    const thread = client.user('bob').liveThread(1);
    await clock.advance(1_000);
    expect(live.getSnapshot().entries.slice(-1)).toMatchObject([{ type: 'hidden', details: { removed: { cause: 'recalled' } } }]);
    expect(thread.getSnapshot().root).toMatchObject({ seq: 1 });
    thread.close();
  });
}

describe('the bundle', () => {
  const script = bundle('../src/index.ts', 'scriptOptions');

  it('has at most 25 KB gzipped for connection, messages and rooms, the codec included', () => {
    expect(gzipSync(bundle('../src/core.ts', 'moduleOptions'), { level: 9 }).length).toBeLessThanOrEqual(25 * 1024);
  });

  it('has at most 60 KB gzipped with everything', () => {
    expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(60 * 1024);
  });

  it('knows no private members, and no numbers beyond those of JavaScript', () => {
    expect(script).not.toMatch(/[.{};]#[a-z]|\d+n[,;)]|BigInt|\$private/i);
  });

  it('runs in a page of 2017', async () => {
    const clock = new ManualClock();
    const server = new FakeServer(clock);
    const page = createContext(makePage(clock, server));
    runInContext(older, page);
    runInContext(`${script}; this.Parley = Parley`, page);
    const { createClient } = page['Parley'] as typeof Parley;
    const client = createClient({ url: 'ws://page', token: () => 'alice' });
    void client.connect();
    await clock.until(() => client.status.state === 'online');
    const sent = client.user('bob').send('from a page: ä€😀');
    await clock.advance(100);
    await settle();
    expect(sent).toMatchObject({ state: 'stored', seq: 1 });
    const history = client.user('bob').history();
    await clock.advance(100);
    await expect(history).resolves.toMatchObject({ events: [{ content: { type: 'text', text: 'from a page: ä€😀' } }] });
    const pages = client.user('bob').pages();
    const first = pages.next();
    await clock.advance(100);
    await expect(first).resolves.toMatchObject({ done: false });
    const entering = client.rooms.enter('live');
    await clock.advance(100);
    const room = await entering;
    void room.setAttributes({ seat: 'alice' });
    room.like(3);
    await clock.advance(1_000);
    expect(room).toMatchObject({ state: 'connected', stateVersion: 2, role: 'owner', memberCount: 1 });
    expect([room.attributes.get('seat')?.value, room.counters.get('likes')]).toEqual(['alice', 3]);
    const left = [client.rooms.leave('live'), client.rooms.enter('live'), client.rooms.leaveAll()];
    await clock.advance(1_000);
    await Promise.all(left);
    expect(client.rooms.all).toEqual([]);
    await usePage(clock, client);
    client.close();
    await usePageLater(clock, page);
  });
});
