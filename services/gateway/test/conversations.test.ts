import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import type { ClientFrameInit } from '@parley/wire';
import { Harness, limitsWith, tokenOf } from './harness.js';

type Body = NonNullable<ClientFrameInit['body']>;

const conversation = 'u:alice|bob';
const asAlice = { app: 'app', conversation, viewer: 'alice' };

describe('messages and lists', () => {
  /** Each request, what history is asked, and what comes of it. */
  it.each<[Body, object, object]>([
    [
      { type: 'getMessages', value: { conversation, seqs: [3, 5], atLeastSeq: 5 } },
      { call: 'getMessages', request: { ...asAlice, seqs: [3, 5], atLeastSeq: 5 } },
      { type: 'messageList', value: { events: [Buffer.of(16, 3)], states: [{ seq: 3, version: 4 }], headSeq: 9 } },
    ],
    [
      { type: 'listReplies', value: { conversation, rootSeq: 3, afterSeq: 4, limit: 10, atLeastSeq: 5 } },
      { call: 'listReplies', request: { ...asAlice, rootSeq: 3, afterSeq: 4, limit: 10, atLeastSeq: 5 } },
      { type: 'messageList', value: { events: [Buffer.of(16, 4)], hasMore: true, headSeq: 9 } },
    ],
    [
      { type: 'listReactions', value: { conversation, seq: 3, reaction: '+1', page: 'p', limit: 10 } },
      { call: 'listReactions', request: { ...asAlice, seq: 3, reaction: '+1', page: 'p', limit: 10 } },
      { type: 'reactions', value: { reactions: [{ user: 'bob', reaction: '+1' }], nextPage: 'more' } },
    ],
    [
      { type: 'listPins', value: { conversation, atLeastSeq: 5 } },
      { call: 'listPins', request: { ...asAlice, atLeastSeq: 5 } },
      { type: 'messageList', value: { pins: [{ seq: 3, pinnedBy: 'bob' }], events: [Buffer.of(16, 3)], headSeq: 9 } },
    ],
    [
      { type: 'getReceipts', value: { conversation, seqs: [3] } },
      { call: 'getReceipts', request: { ...asAlice, seqs: [3] } },
      { type: 'receipts', value: { receipts: [{ seq: 3, readCount: 1, memberCount: 2 }] } },
    ],
    [
      { type: 'listReaders', value: { conversation, seq: 3, isUnread: true, page: 'p', limit: 10 } },
      { call: 'listReaders', request: { ...asAlice, seq: 3, isUnread: true, page: 'p', limit: 10 } },
      { type: 'readers', value: { readers: [{ user: 'bob', readMs: 7 }], nextPage: 'more' } },
    ],
    [
      { type: 'searchMessages', value: { search: { text: 'tea', kinds: ['text'], sender: 'bob', conversation }, page: 'p', limit: 10 } },
      {
        call: 'searchMessages',
        request: { viewer: 'alice', search: { text: 'tea', kinds: ['text'], sender: 'bob' }, page: 'p', limit: 10 },
      },
      { type: 'messageList', value: { nextPage: 'more', hasMore: true } },
    ],
    [
      { type: 'queryConversations', value: { filter: { type: 'g', isUnread: true, mark: 3 }, page: '0', limit: 10 } },
      { call: 'queryConversations', request: { user: 'alice', filter: { type: 'g', isUnread: true, mark: 3 }, page: '0', limit: 10 } },
      { type: 'conversations', value: { totalUnread: 12 } },
    ],
    [
      { type: 'getConversation', value: { conversation, atLeastSeq: 4 } },
      { call: 'getConversationSummary', request: { app: 'app', user: 'alice', conversation, atLeastSeq: 4 } },
      { type: 'conversations', value: { conversations: [{ conversation, unread: 2, mentions: [4], settings: { draft: 'so' } }] } },
    ],
  ])('are asked of history as the user sees them: %j', async (body, asked, answer) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.history.conversations.set('alice', [{ conversation, unread: 2, mentions: [4], settings: { draft: 'so' } }]);
    expect(await alice.ask(body)).toMatchObject(answer);
    expect(harness.history.calls.all).toMatchObject([asked]);
  });

  it.each<[Body, string, string]>([
    [{ type: 'getMessages', value: { conversation, seqs: [] } }, 'INVALID_ARGUMENT', 'seqs: 1 to 100'],
    [{ type: 'getMessages', value: { conversation, seqs: Array(101).fill(1) } }, 'INVALID_ARGUMENT', 'seqs: 1 to 100'],
    [{ type: 'getMessages', value: { conversation, seqs: [0] } }, 'INVALID_ARGUMENT', 'seqs: at least 1'],
    [{ type: 'getMessages', value: { conversation: 'u:bob|carol', seqs: [1] } }, 'CONVERSATION_NOT_FOUND', ''],
    [{ type: 'listReplies', value: { conversation } }, 'INVALID_ARGUMENT', 'root_seq'],
    [{ type: 'listReplies', value: { conversation, rootSeq: 1, limit: 101 } }, 'INVALID_ARGUMENT', 'limit: at most 100'],
    [{ type: 'listReactions', value: { conversation, seq: 1, reaction: 'x'.repeat(33) } }, 'INVALID_ARGUMENT', 'reaction: at most 32'],
    [{ type: 'listPins', value: { conversation: 'x' } }, 'INVALID_ARGUMENT', 'conversation'],
    [{ type: 'getReceipts', value: { conversation } }, 'INVALID_ARGUMENT', 'seqs'],
    [{ type: 'listReaders', value: { conversation } }, 'INVALID_ARGUMENT', 'seq'],
    [{ type: 'searchMessages', value: {} }, 'INVALID_ARGUMENT', 'search'],
    [{ type: 'searchMessages', value: { search: { text: 'x'.repeat(101) } } }, 'INVALID_ARGUMENT', 'search.text: 1 to 100'],
    [{ type: 'searchMessages', value: { search: { text: 'x', conversation: 'u:bob|carol' } } }, 'CONVERSATION_NOT_FOUND', ''],
    [{ type: 'searchMessages', value: { search: { text: 'x', sender: 'not a user' } } }, 'INVALID_ARGUMENT', 'search.sender'],
    [{ type: 'searchMessages', value: { search: { text: 'x', fromMs: 5, untilMs: 4 } } }, 'INVALID_ARGUMENT', 'search.until_ms'],
    [{ type: 'searchMessages', value: { search: { text: 'x', kinds: Array(17).fill('text') } } }, 'INVALID_ARGUMENT', 'search.kinds'],
    [{ type: 'queryConversations', value: { filter: { type: 'r' } } }, 'INVALID_ARGUMENT', 'filter.type'],
    [{ type: 'queryConversations', value: { filter: { mark: 31 } } }, 'INVALID_ARGUMENT', 'filter.mark: 1 to 30'],
    [{ type: 'queryConversations', value: { limit: 101 } }, 'INVALID_ARGUMENT', 'limit: at most 100'],
    [{ type: 'getConversation', value: { conversation: 'u:bob|carol' } }, 'CONVERSATION_NOT_FOUND', ''],
    [{ type: 'getConversation', value: { conversation: 'g:none' } }, 'CONVERSATION_NOT_FOUND', ''],
  ])('are refused at the door where the question is wrong: %j', async (body, name, detail) => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const alice = await harness.member('alice');
    expect(await alice.ask(body)).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    for (const client of [alice, bystander]) expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('are searched only where the app lets users search, and not too often', async () => {
    await using harness = await Harness.start({ limits: limitsWith({ search: 3 }) });
    const alice = await harness.member('alice');
    const search = { type: 'searchMessages', value: { search: { text: 'tea' } } } as const;
    harness.rules.rules = { ...defaultRules, isSearchable: false };
    expect(await alice.ask(search)).toMatchObject({ value: { name: 'PERMISSION_DENIED' } });
    harness.rules.rules = defaultRules;
    for (let i = 1; i < 3; i++) expect((await alice.ask(search)).type).toBe('messageList');
    expect(await alice.ask(search)).toMatchObject({ value: { name: 'RATE_LIMITED', message: expect.stringContaining('search') } });
    expect((await alice.ask({ type: 'queryConversations', value: {} })).type).toBe('conversations');
  });

  it('of history come with what they have become, around a place as well', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const page = await alice.ask({ type: 'queryHistory', value: { conversation, fromSeq: 9, isAround: true } });
    expect(page).toMatchObject({ type: 'historyPage', value: { states: [{ seq: 9, removal: 1 }] } });
    expect(harness.history.queries).toMatchObject([{ fromSeq: 9, isAround: true }]);
  });
});

describe('a sync', () => {
  const heads = [{ conversation, headSeq: 5, updatedMs: 9, isMember: true, unread: 2, peerReadSeq: 4, lastEvent: Uint8Array.of(16, 5) }];

  it('of a client that holds something asks about memberships first, and then only what has changed', async () => {
    await using harness = await Harness.start();
    harness.history.conversations.set('alice', heads);
    const alice = await harness.client();
    const login = { type: 'login', value: { token: tokenOf('alice'), device: 'phone' } } as const;
    const answer = await alice.answer(alice.send(login, { type: 'sync', value: { cursor: '9:epoch-1' } }));
    expect(answer).toMatchObject({
      type: 'syncResult',
      value: { conversations: [{ conversation, unread: 2, peerReadSeq: 4, lastEvent: Buffer.of(16, 5) }] },
    });
    expect(harness.history.lists).toMatchObject([{ isMembershipOnly: true }, { changedSinceMs: 9 }]);
  });

  it('of a client that holds nothing gets the answer that the subscriptions are made from', async () => {
    await using harness = await Harness.start();
    harness.history.conversations.set('alice', heads);
    const alice = await harness.client();
    const login = { type: 'login', value: { token: tokenOf('alice'), device: 'phone' } } as const;
    expect(await alice.answer(alice.send(login, { type: 'sync', value: {} }))).toMatchObject({ value: { conversations: [{ unread: 2 }] } });
    expect(harness.history.lists).toMatchObject([{ isMembershipOnly: false }]);
  });

  it('says so when history is not there yet', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.history.failure = new ParleyError('UNAVAILABLE');
    expect(await alice.ask({ type: 'sync', value: {} })).toMatchObject({ value: { name: 'UNAVAILABLE' } });
  });
});
