import { describe, expect, it } from '@jest/globals';
import { type ContentInit, type ConversationEventInit, decodeContent, encodeContent, Priority, RequestState } from '@parley/wire';
import { gatewayLimits } from '../src/index.js';
import { eventBytes, textContent } from './harness.js';
import { JsonClient, startJson } from './json-client.js';

const conversation = 'u:alice|bob';
const much = { perSecond: 100_000, burst: 100_000 };
const rates = { ...gatewayLimits.rates, people: much, media: much, search: much, groups: much };
const limits = { ...gatewayLimits, rates };

/** Requests as a client without protobuf writes them, and the answers that it reads. */
const exchanges: readonly (readonly [request: object, answer: object])[] = [
  [{ getMessages: { conversation, seqs: ['3', 5] } }, { messageList: { states: [{ seq: '3', version: '4' }], headSeq: '9' } }],
  [{ listReplies: { conversation, rootSeq: '3' } }, { messageList: { hasMore: true } }],
  [{ listReactions: { conversation, seq: '3' } }, { reactions: { reactions: [{ user: 'bob', reaction: '+1', timeMs: '5' }] } }],
  [{ listPins: { conversation } }, { messageList: { pins: [{ seq: '3', pinnedBy: 'bob' }] } }],
  [{ getReceipts: { conversation, seqs: ['3'] } }, { receipts: { receipts: [{ seq: '3', readCount: 1, memberCount: 2 }] } }],
  [{ listReaders: { conversation, seq: '3' } }, { readers: { readers: [{ user: 'bob', readMs: '7' }], nextPage: 'more' } }],
  [{ queryConversations: { filter: { isUnread: true } } }, { conversations: { totalUnread: '12' } }],
  [{ getConversation: { conversation } }, { conversations: { conversations: [{ conversation, unread: '2', mentions: ['4'] }] } }],
  [{ readAll: {} }, { done: {} }],
  [{ moveCursors: { cursors: [{ conversation, readSeq: '3' }] } }, { done: {} }],
  [{ look: { conversation } }, { done: {} }],
  [{ searchMessages: { search: { text: 'tea' } } }, { messageList: { nextPage: 'more' } }],
  [{ joinGroup: { group: 'team' } }, { groupResult: { group: { group: 'team' }, users: ['alice'] } }],
  [
    { changeGroup: { group: 'team', operation: { mute: { users: ['bob'], durationMs: '60000' } } } },
    { groupResult: { group: { group: 'team', version: '1' } } },
  ],
  [{ getGroups: { groups: ['team'] } }, { groups: { groups: [{ group: 'team' }] } }],
  [{ getGroupMembers: { group: 'team', users: ['bob'] } }, { members: { groupMembers: [{ user: 'bob', role: 'GROUP_ROLE_MEMBER' }] } }],
  [{ listGroupRequests: { group: 'team' } }, { groupRequests: { requests: [{ user: 'carol', state: 'REQUEST_STATE_WAITING' }] } }],
  [{ getUsers: { users: ['bob'] } }, { users: { users: [{ user: 'bob', name: 'name of bob' }] } }],
  [{ updateProfile: { change: { name: { text: 'Alice' } } } }, { users: { users: [{ user: 'alice', name: 'Alice' }] } }],
  [
    { changeRelations: { others: ['bob'], step: { ask: { text: 'hi' } } } },
    { relationResults: { results: [{ other: 'bob', error: 1042 }] } },
  ],
  [{ listRelations: { kind: 'RELATION_KIND_REQUESTS' } }, { relations: { relations: [{ other: 'bob', isFriend: true }], count: 7 } }],
  [{ checkRelations: { others: ['bob'] } }, { relations: { relations: [{ other: 'bob' }], count: 1 } }],
  [
    { createUpload: { conversation, kind: 'image', name: 'cat.png', sizeBytes: '12' } },
    { upload: { media: 'm1', expiresMs: '9', chunkBytes: 1_000 } },
  ],
  [{ completeUpload: { media: 'm1' } }, { media: { media: 'm1', sizeBytes: '12', width: 3 } }],
  [{ getDownloadUrl: { conversation, media: 'm1' } }, { media: { url: 'http://127.0.0.1/d/m1', urlExpiresMs: '99' } }],
  [{ shareMedia: { media: 'm1', fromConversation: conversation, toConversation: 'u:alice|carol' } }, { done: {} }],
  [{ cancelUpload: { media: 'm1' } }, { done: {} }],
];

/** Forwarded messages within forwarded messages, the innermost of several things. */
const nested: ContentInit = {
  kind: {
    type: 'combined',
    value: {
      title: 'of yesterday',
      items: [
        {
          sender: 'bob',
          timeMs: 5,
          content: encodeContent({
            kind: {
              type: 'combined',
              value: {
                title: 'of last week',
                items: [
                  { sender: 'carol', content: encodeContent({ kind: { type: 'multiple', value: { items: [textContent('inside')] } } }) },
                ],
              },
            },
          }),
        },
      ],
    },
  },
};
const nestedJson = {
  combined: {
    title: 'of yesterday',
    items: [
      {
        sender: 'bob',
        timeMs: '5',
        content: {
          combined: {
            title: 'of last week',
            items: [{ sender: 'carol', content: { multiple: { items: [{ text: { text: 'inside' } }] } } }],
          },
        },
      },
    ],
  },
};

/** What happens in conversations, as the binary protocol has it and as JSON tells it. */
const told: readonly (readonly [body: NonNullable<ConversationEventInit['body']>, json: object])[] = [
  [{ type: 'content', value: encodeContent(nested) }, { content: nestedJson }],
  [{ type: 'edited', value: { seq: 3, content: textContent('better') } }, { edited: { seq: '3', content: { text: { text: 'better' } } } }],
  [{ type: 'recalled', value: { seq: 3, reason: 'typo' } }, { recalled: { seq: '3', reason: 'typo' } }],
  [{ type: 'deleted', value: { seqs: [3, 4] } }, { deleted: { seqs: ['3', '4'] } }],
  [{ type: 'reaction', value: { seq: 3, reaction: '👍' } }, { reaction: { seq: '3', reaction: '👍' } }],
  [{ type: 'pin', value: { seq: 3 } }, { pin: { seq: '3' } }],
  [{ type: 'rules', value: { destroyAfterMs: 60_000 } }, { rules: { destroyAfterMs: '60000' } }],
  [
    { type: 'groupChange', value: { version: 4, change: { type: 'role', value: { user: 'bob', role: 2 } } } },
    { groupChange: { version: '4', role: { user: 'bob', role: 'GROUP_ROLE_ADMIN' } } },
  ],
  [{ type: 'cursor', value: { user: 'bob', readSeq: 3 } }, { cursor: { user: 'bob', readSeq: '3' } }],
  [
    { type: 'settings', value: { user: 'alice', changes: [{ change: { type: 'draft', value: { text: 'so' } } }] } },
    { settings: { user: 'alice', changes: [{ draft: { text: 'so' } }] } },
  ],
  [{ type: 'receipts', value: { receipts: [{ seq: 3, readCount: 2 }] } }, { receipts: { receipts: [{ seq: '3', readCount: 2 }] } }],
  [
    { type: 'relation', value: { relation: { other: 'bob', received: { text: 'hi', state: RequestState.WAITING } } } },
    { relation: { relation: { other: 'bob', received: { text: 'hi', state: 'REQUEST_STATE_WAITING' } } } },
  ],
  [{ type: 'profile', value: { profile: { user: 'bob', name: 'Bob' } } }, { profile: { profile: { user: 'bob', name: 'Bob' } } }],
];

describe('the JSON subprotocol', () => {
  it('speaks of messages, lists, groups, people and files as the binary one does', async () => {
    await using harness = await startJson({ limits });
    harness.history.conversations.set('alice', [{ conversation, headSeq: 5, isMember: true, unread: 2, mentions: [4] }]);
    const alice = await JsonClient.member(harness, 'alice');
    for (const [request, answer] of exchanges) expect(await alice.ask(request)).toMatchObject(answer);
  });

  it('carries messages with everything that goes with them, and acts, to the byte', async () => {
    await using harness = await startJson();
    const alice = await JsonClient.member(harness, 'alice');
    const options = { reply: { seq: '3' }, mentions: { users: ['bob'], isEveryone: true }, needsReceipt: true, push: { title: 't' } };
    alice.send({ send: { conversation, clientMsgId: 'm1', content: nestedJson, options, expiresAfterMs: '60000' } });
    const edit = { seq: '3', content: { text: { text: 'better' } } };
    alice.send({ act: { conversation, clientMsgId: 'a1', act: { edit } } });
    alice.send({ act: { conversation, act: { settings: { changes: [{ muted: { untilMs: '5' } }, { marks: { marks: [1, 2] } }] } } } });
    await harness.router.until(() => harness.router.submitted.length === 3);
    const [message, act, settings] = harness.router.submitted.map(({ command }) => command.body);
    if (message?.type !== 'send' || act?.type !== 'act') throw new Error('unreachable');
    expect(Buffer.from(message.value.content ?? [])).toEqual(Buffer.from(encodeContent(nested)));
    expect(message.value).toMatchObject({
      expiresAfterMs: 60_000,
      options: { reply: { seq: 3 }, mentions: { users: ['bob'] }, push: { title: 't' } },
    });
    const kind = act.value.act?.kind;
    expect(kind?.type === 'edit' && decodeContent(kind.value.content ?? new Uint8Array(0))).toMatchObject({
      kind: { value: { text: 'better' } },
    });
    expect(settings?.value).toMatchObject({ act: { kind: { type: 'settings' } } });
  });

  it('tells of everything that happens in conversations', async () => {
    await using harness = await startJson();
    const alice = await JsonClient.member(harness, 'alice');
    for (const [body] of told) {
      const event = eventBytes({ conversation, sender: 'bob', body });
      harness.router.deliver({ channels: ['user:alice'], conversation, priority: Priority.MEDIUM, event });
    }
    const events = (): unknown[] => alice.frames.flatMap(({ event }) => (event === undefined ? [] : [event]));
    await alice.client.until(() => events().length === told.length);
    expect(events()).toEqual(told.map(([, json]) => ({ conversation, sender: 'bob', priority: undefined, ...json })));
  });

  it('closes only the connection that nests without an end', async () => {
    await using harness = await startJson();
    const bystander = await harness.member('bob');
    const alice = await JsonClient.member(harness, 'alice');
    const deep = `${'{"combined":{"items":[{"content":'.repeat(1_500)}{}${'}]}}'.repeat(1_500)}`;
    alice.client.socket.send(`{"frames":[{"id":9,"send":{"conversation":"${conversation}","clientMsgId":"m1","content":${deep}}}]}`);
    await alice.client.until(() => alice.client.closeCode !== undefined || alice.frames.some(({ id }) => id === 9));
    expect((await bystander.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(harness.router.submitted).toEqual([]);
  });
});
