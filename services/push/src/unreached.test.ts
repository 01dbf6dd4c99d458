import { describe, expect, it } from '@jest/globals';
import { encodeTimelineBatch } from '@parley/contracts/events';
import { createGetConversationResponse } from '@parley/contracts/history';
import { PushService as Contract } from '@parley/contracts/push';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { claimPartition, startOfLog } from '@parley/ownedlog';
import { createInProcessRpc, createMemoryDirectory } from '@parley/rpc';
import { createMemoryPushStore, type PushStore } from '@parley/store';
import { silentTelemetry } from '@parley/telemetry';
import { type ConversationEventInit, encodeContent, encodeConversationEvent } from '@parley/wire';
import type { PushDeps } from './ports.js';
import { createPushService } from './service.js';

const content = encodeContent({ kind: { type: 'text', value: { text: 'hi' } } });
const base = { clock: systemClock, random: seededRandom(1), telemetry: silentTelemetry };

const message = (conversation: string, seq: number, sender: string): ConversationEventInit => ({
  conversation,
  seq,
  sender,
  timeMs: 1_000 + seq,
  body: { type: 'content', value: content },
});
const change = (
  conversation: string,
  seq: number,
  version: number,
  who: { joined?: string[]; left?: string[] },
): ConversationEventInit => ({
  conversation,
  seq,
  timeMs: 1_000 + seq,
  body: { type: 'membership', value: { ...who, version } },
});

/** Writes the events, runs push until it has seen them, and asks who was not reached. */
async function unreachedAfter(
  events: readonly ConversationEventInit[],
  online: readonly string[],
  store: PushStore = createMemoryPushStore(),
) {
  const log = createMemoryLog({ clock: systemClock });
  await log.createTopics([{ name: topics.timeline, partitions: 1, kind: 'log' }]);
  const stop = new AbortController();
  const deps = { log, ...base };
  const owner = await claimPartition(deps, {
    topic: topics.timeline,
    partition: 0,
    from: startOfLog,
    onRecord: () => {},
    signal: stop.signal,
  });
  for (const event of events) {
    await owner.append([{ payload: encodeTimelineBatch({ entries: [{ app: 'app', event: encodeConversationEvent(event) }] }) }]);
  }
  const history: PushDeps['history'] = {
    getConversation: async () => createGetConversationResponse({ exists: true, membershipVersion: 1, members: ['ann', 'bob', 'eve'] }),
  };
  const router: PushDeps['router'] = {
    queryPresence: async ({ users = [] }) => ({ online: users.filter((user) => online.includes(user)) }),
  };
  const directory = createMemoryDirectory();
  const service = createPushService({ ...deps, store, history, router, directory, address: 'local', peer: 'push', partitions: 1 });
  const rpc = createInProcessRpc();
  rpc.server().serve(Contract, service.handlers);
  const running = service.run(stop.signal);
  const end = owner.position.offset;
  while (((await store.checkpoint(0))?.offset ?? 0) < end) await new Promise(setImmediate);
  stop.abort();
  await running;
  const client = rpc.dialer.client(Contract, 'local');
  return async (user: string) =>
    (await client.listUnreached({ app: 'app', user })).conversations.map(({ conversation, seq, count }) => ({ conversation, seq, count }));
}

describe('push', () => {
  it('notes the other user of a conversation who is away, with the newest message and how many there were', async () => {
    const of = await unreachedAfter(
      [1, 2, 3].map((seq) => message('u:ann|bob', seq, 'ann')),
      ['ann'],
    );
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 3, count: 3 }]);
    expect(await of('ann')).toEqual([]);
  });

  it('notes nobody who is connected, and no sender', async () => {
    const of = await unreachedAfter([message('u:ann|bob', 1, 'ann')], ['bob']);
    expect(await of('bob')).toEqual([]);
    expect(await of('ann')).toEqual([]);
  });

  it('counts for members of a group what was said while they were in it', async () => {
    const said = [message('g:x', 5, 'ann'), change('g:x', 6, 2, { left: ['eve'] }), message('g:x', 7, 'ann'), message('g:x', 8, 'bob')];
    const of = await unreachedAfter(said, []);
    expect(await of('eve')).toEqual([{ conversation: 'g:x', seq: 5, count: 1 }]);
    expect(await of('bob')).toEqual([{ conversation: 'g:x', seq: 7, count: 2 }]);
    expect(await of('ann')).toEqual([{ conversation: 'g:x', seq: 8, count: 1 }]);
  });

  it('leaves rooms out: they reach who is there', async () => {
    const of = await unreachedAfter([message('r:hall', 1, 'ann')], []);
    expect(await of('bob')).toEqual([]);
  });

  it('counts nothing twice when it goes over the log again', async () => {
    const store = createMemoryPushStore();
    const events = [1, 2].map((seq) => message('u:ann|bob', seq, 'ann'));
    await unreachedAfter(events, ['ann'], store);
    const of = await unreachedAfter(events, ['ann'], store);
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 2, count: 2 }]);
  });
});
