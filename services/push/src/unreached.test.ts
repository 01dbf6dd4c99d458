import { describe, expect, it } from '@jest/globals';
import { encodeTimelineBatch } from '@parley/contracts/events';
import { createGetCheckpointResponse, createGetConversationResponse, createQueryConversationsResponse } from '@parley/contracts/history';
import { PushService as Contract } from '@parley/contracts/push';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { claimPartition, startOfLog } from '@parley/ownedlog';
import { createInProcessRpc, createMemoryDirectory } from '@parley/rpc';
import { createMemoryPushStore, type PushStore } from '@parley/store';
import { silentTelemetry } from '@parley/telemetry';
import { type ConversationEventInit, type ConversationHeadInit, encodeContent, encodeConversationEvent } from '@parley/wire';
import { pushLimits } from './limits.js';
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
  {
    isLogCut = false,
    store = createMemoryPushStore(),
    members = ['ann', 'bob', 'eve'],
    unread = [...new Set(events.map(({ conversation = '' }) => conversation))].map((conversation) => ({ conversation, unread: 100 })),
  }: {
    readonly isLogCut?: boolean;
    readonly store?: PushStore;
    readonly members?: readonly string[];
    readonly unread?: readonly ConversationHeadInit[];
  } = {},
) {
  let asked = 0;
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
  const beforeLast = createGetCheckpointResponse({ ...owner.position, offset: owner.position.offset - 1, index: owner.position.index - 1 });
  if (isLogCut) await log.trim(topics.timeline, 0, 2);
  const history: PushDeps['history'] = {
    getCheckpoint: async () => beforeLast,
    getConversation: async () => createGetConversationResponse({ exists: true, membershipVersion: 1, members }),
    queryConversations: async ({ page = '' }) =>
      // One per page.
      createQueryConversationsResponse({
        conversations: unread.slice(Number(page), Number(page) + 1),
        nextPage: Number(page) + 1 < unread.length ? String(Number(page) + 1) : '',
      }),
  };
  const router: PushDeps['router'] = {
    queryPresence: async ({ users = [] }) => {
      asked += users.length;
      return { online: users.filter((user) => online.includes(user)) };
    },
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
  const of = async (user: string) =>
    (await client.listUnreached({ app: 'app', user })).conversations.map(({ conversation, seq, count }) => ({ conversation, seq, count }));
  return { of, asked: () => asked };
}

describe('push', () => {
  it('notes the other user of a conversation who is away, with the newest message and how many there were', async () => {
    const { of } = await unreachedAfter(
      [1, 2, 3].map((seq) => message('u:ann|bob', seq, 'ann')),
      ['ann'],
    );
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 3, count: 3 }]);
    expect(await of('ann')).toEqual([]);
  });

  it('notes nobody who is connected, and no sender', async () => {
    const { of } = await unreachedAfter([message('u:ann|bob', 1, 'ann')], ['bob']);
    expect(await of('bob')).toEqual([]);
    expect(await of('ann')).toEqual([]);
  });

  it('counts for members of a group what was said while they were in it', async () => {
    const said = [message('g:x', 5, 'ann'), change('g:x', 6, 2, { left: ['eve'] }), message('g:x', 7, 'ann'), message('g:x', 8, 'bob')];
    const { of } = await unreachedAfter(said, []);
    expect(await of('eve')).toEqual([{ conversation: 'g:x', seq: 5, count: 1 }]);
    expect(await of('bob')).toEqual([{ conversation: 'g:x', seq: 7, count: 2 }]);
    expect(await of('ann')).toEqual([{ conversation: 'g:x', seq: 8, count: 1 }]);
  });

  it('leaves rooms out: they reach who is there', async () => {
    const { of } = await unreachedAfter([message('r:hall', 1, 'ann')], []);
    expect(await of('bob')).toEqual([]);
  });

  it('tells nothing of what the user has read by now', async () => {
    const said = [1, 2, 3].flatMap((seq) => [message('u:ann|bob', seq, 'ann'), message('u:bob|eve', seq, 'eve')]);
    const { of } = await unreachedAfter(said, [], { unread: [{ conversation: 'u:bob|eve', headSeq: 3, unread: 1 }] });
    expect(await of('bob')).toEqual([{ conversation: 'u:bob|eve', seq: 3, count: 1 }]);
  });

  it('tells what was noted where there is too much to look through', async () => {
    const unread = Array.from({ length: pushLimits.unreadPagesMax + 1 }, (_, i) => ({ conversation: `g:${i}`, unread: 1 }));
    const { of } = await unreachedAfter([message('u:ann|bob', 1, 'ann')], [], { unread });
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 1, count: 1 }]);
  });

  it('goes on where history says when the log no longer reaches back to where it stood', async () => {
    const said = [1, 2, 3].map((seq) => message('u:ann|bob', seq, 'ann'));
    const { of } = await unreachedAfter(said, [], { isLogCut: true });
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 3, count: 1 }]);
  });

  it('counts nothing twice when it goes over the log again', async () => {
    const store = createMemoryPushStore();
    const events = [1, 2].map((seq) => message('u:ann|bob', seq, 'ann'));
    await unreachedAfter(events, ['ann'], { store });
    const { of } = await unreachedAfter(events, ['ann'], { store });
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 2, count: 2 }]);
  });

  it('counts messages only: no acts, no changes of the group, nothing quiet or imported', async () => {
    const quiet = (seq: number, options: ConversationEventInit['options']) => ({ ...message('u:ann|bob', seq, 'ann'), options });
    const { of } = await unreachedAfter(
      [
        message('u:ann|bob', 1, 'ann'),
        { ...message('u:ann|bob', 2, 'ann'), body: { type: 'edited', value: { seq: 1, content } } },
        { ...message('u:ann|bob', 3, 'ann'), body: { type: 'reaction', value: { seq: 1, reaction: '+1' } } },
        { ...message('g:x', 1, 'ann'), body: { type: 'groupChange', value: { version: 2 } } },
        { ...message('u:ann|bob', 0, 'ann'), body: { type: 'cursor', value: { user: 'ann', readSeq: 1 } } },
        quiet(4, { noUnread: true }),
        quiet(5, { onlyTo: ['cid'] }),
        quiet(6, { originalMs: 5 }),
        quiet(7, { needsReceipt: true }),
      ],
      [],
    );
    expect(await of('bob')).toEqual([{ conversation: 'u:ann|bob', seq: 7, count: 2 }]);
    expect(await of('eve')).toEqual([]);
  });

  it('does not look at the members of a large group for each message, and tells what is unread there when it is asked', async () => {
    const members = Array.from({ length: pushLimits.membersTracked + 1 }, (_, i) => `u${i}`);
    const unread = [
      { conversation: 'g:small', headSeq: 4, unread: 1, memberCount: pushLimits.membersTracked },
      {
        conversation: 'g:x',
        headSeq: 9,
        unread: 3,
        memberCount: members.length,
        lastEvent: encodeConversationEvent(message('g:x', 8, 'u1')),
      },
      { conversation: 'g:y', headSeq: 5, unread: 2, memberCount: members.length },
    ];
    const said = Array.from({ length: 20 }, (_, i) => message('g:x', i + 1, 'u0'));
    const { of, asked } = await unreachedAfter(said, [], { members, unread });
    expect(asked()).toBe(0);
    expect(await of('u1')).toEqual([
      { conversation: 'g:x', seq: 8, count: 3 },
      { conversation: 'g:y', seq: 5, count: 2 },
    ]);
  });

  it('looks no more at the members of a group that grows too large, and again at those of one that has become small', async () => {
    const { membersTracked } = pushLimits;
    const members = Array.from({ length: membersTracked }, (_, i) => `u${i}`);
    const { of } = await unreachedAfter(
      [
        message('g:x', 1, 'u0'),
        change('g:x', 2, 2, { joined: ['new'] }),
        message('g:x', 3, 'u0'),
        {
          ...change('g:x', 4, 3, { left: ['new'] }),
          body: { type: 'membership', value: { left: ['new'], version: 3, memberCount: membersTracked } },
        },
        message('g:x', 5, 'u0'),
      ],
      [],
      { members },
    );
    expect(await of('u1')).toEqual([{ conversation: 'g:x', seq: 5, count: 2 }]);
    expect(await of('new')).toEqual([]);
  });
});
