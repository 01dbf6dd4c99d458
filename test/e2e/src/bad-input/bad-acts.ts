import { limits } from '@parley/kernel';
import { type ActInit, encodeContent, type GroupOperationInit } from '@parley/wire';
import type { RequestBody } from './raw-client.js';

type ActKind = NonNullable<ActInit['kind']>;
/** What is asked, how it is refused, and what the refusal names. */
export type Case = readonly [name: string, body: RequestBody, error: string, detail: string];

export const text = (value: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: value } } });
const custom = encodeContent({ kind: { type: 'custom', value: { subType: 1, summary: 's' } } });
const seqs = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const users = (count: number): string[] => Array.from({ length: count }, (_, index) => `u${index}`);

/** The conversation of mal and bob; the first message is mal's. */
export const pair = 'u:bob|mal';
let acted = 0;

export function act(kind: ActKind | undefined, conversation = pair, clientMsgId = `act-${++acted}`): RequestBody {
  return { type: 'act', value: { conversation, clientMsgId, act: { kind } } };
}

const edit = (content: Uint8Array, seq = 1): ActKind => ({ type: 'edit', value: { seq, content } });
export const react = (reaction: string, seq = 1): ActKind => ({ type: 'react', value: { seq, reaction } });
const setting = (change: object): ActKind => ({ type: 'settings', value: { changes: [{ change: change as never }] } });

/** One act of each kind that users have, on messages that are there, where there are some. */
const every: readonly ActKind[] = [
  edit(text('changed')),
  { type: 'recall', value: { seq: 1 } },
  { type: 'delete', value: { seqs: [1] } },
  react('+'),
  { type: 'pin', value: { seq: 1 } },
  { type: 'rules', value: { destroyAfterMs: 60_000 } },
  { type: 'settings', value: { changes: [{ change: { type: 'draft', value: { text: 'x' } } }] } },
  { type: 'hide', value: { seqs: [1] } },
  { type: 'report', value: { seq: 1 } },
];
const onMessages: readonly ActKind[] = [
  edit(text('changed'), 99),
  { type: 'recall', value: { seq: 99 } },
  react('+', 99),
  { type: 'pin', value: { seq: 99 } },
  { type: 'report', value: { seq: 99 } },
];

const of = (conversation: string) => ({ conversation });
const group = (kind: GroupOperationInit['kind'], name = 'open'): RequestBody => ({
  type: 'changeGroup',
  value: { group: name, operation: { kind } },
});
const upload = (change: object): RequestBody => ({
  type: 'createUpload',
  value: { conversation: pair, kind: 'file', name: 'a.txt', mimeType: 'text/plain', sizeBytes: 5, ...change },
});

/** Acts of mal that are refused, whatever else happens. `closed` is a group of others, `open` one where mal is a member. */
export const badActs: readonly Case[] = [
  ...every.flatMap((kind): Case[] => [
    [`${kind.type} in a group of others`, act(kind, 'g:closed'), 'CONVERSATION_NOT_FOUND', ''],
    [`${kind.type} in a group that is not there`, act(kind, 'g:nowhere'), 'CONVERSATION_NOT_FOUND', ''],
    [`${kind.type} between two others`, act(kind, 'u:bob|owner'), 'CONVERSATION_NOT_FOUND', ''],
  ]),
  ...onMessages.map((kind): Case => [`${kind.type} of a message that is not there`, act(kind), 'MESSAGE_NOT_FOUND', '']),
  ['react in a room that was not entered', act(react('+'), 'r:lounge'), 'CONVERSATION_NOT_FOUND', ''],
  ['edit of what is no message', act(edit(text('x')), 'g:open'), 'MESSAGE_NOT_FOUND', ''],
  ["edit of somebody else's message", act(edit(text('x'), 2)), 'PERMISSION_DENIED', 'own messages'],
  ["recall of somebody else's message", act({ type: 'recall', value: { seq: 2 } }), 'PERMISSION_DENIED', 'own messages'],
  ['delete by who is no moderator', act({ type: 'delete', value: { seqs: [2] } }, 'g:open'), 'PERMISSION_DENIED', 'owner, admins'],
  ['pin by who is no moderator', act({ type: 'pin', value: { seq: 2 } }, 'g:open'), 'PERMISSION_DENIED', 'owner and admins'],
  ['edit into another kind', act(edit(custom)), 'INVALID_ARGUMENT', 'content'],
  ['edit into nothing', act(edit(new Uint8Array(0))), 'INVALID_ARGUMENT', 'content'],
  ['edit into what cannot be read', act(edit(text('hello').subarray(0, 4))), 'INVALID_ARGUMENT', 'content'],
  ['edit into too much', act(edit(text('x'.repeat(limits.textBytesMax + 1)))), 'MESSAGE_TOO_LARGE', '2048'],
  ['edit at no seq', act(edit(text('x'), 0)), 'INVALID_ARGUMENT', 'seq'],
  ['react with nothing', act(react('')), 'INVALID_ARGUMENT', 'reaction'],
  ['react with 33 bytes', act(react('x'.repeat(33))), 'INVALID_ARGUMENT', 'reaction'],
  ['react with 17 letters in 34 bytes', act(react('é'.repeat(17))), 'INVALID_ARGUMENT', 'reaction'],
  ['react with a zero byte', act(react('a\0')), 'INVALID_ARGUMENT', 'reaction'],
  ['delete of nothing', act({ type: 'delete', value: { seqs: [] } }), 'INVALID_ARGUMENT', 'seqs'],
  ['delete of 101', act({ type: 'delete', value: { seqs: seqs(101) } }), 'INVALID_ARGUMENT', 'seqs'],
  ['hide of nothing', act({ type: 'hide', value: { seqs: [] } }), 'INVALID_ARGUMENT', 'seqs'],
  ['hide of 101', act({ type: 'hide', value: { seqs: seqs(101) } }), 'INVALID_ARGUMENT', 'seqs'],
  ['recall with a reason of 301 bytes', act({ type: 'recall', value: { seq: 1, reason: 'x'.repeat(301) } }), 'INVALID_ARGUMENT', 'reason'],
  ['report with a reason of 301 bytes', act({ type: 'report', value: { seq: 1, reason: 'x'.repeat(301) } }), 'INVALID_ARGUMENT', 'reason'],
  ['messages that go after a moment', act({ type: 'rules', value: { destroyAfterMs: 1 } }), 'INVALID_ARGUMENT', 'destroy_after_ms'],
  [
    'messages that go after two years',
    act({ type: 'rules', value: { destroyAfterMs: 63_072_000_000 } }),
    'INVALID_ARGUMENT',
    'destroy_after_ms',
  ],
  ['a retention of their own', act({ type: 'rules', value: { retentionMs: 86_400_000 } }), 'PERMISSION_DENIED', 'retention'],
  ['no settings', act({ type: 'settings', value: { changes: [] } }), 'INVALID_ARGUMENT', 'changes'],
  ['a setting of no kind', act({ type: 'settings', value: { changes: [{}] } }), 'INVALID_ARGUMENT', 'changes'],
  ['a mark of 31', act(setting({ type: 'marks', value: { marks: [31] } })), 'INVALID_ARGUMENT', 'marks'],
  ['21 marks', act(setting({ type: 'marks', value: { marks: seqs(21) } })), 'INVALID_ARGUMENT', 'marks'],
  ['a draft of 4 KiB and a byte', act(setting({ type: 'draft', value: { text: 'x'.repeat(4_097) } })), 'INVALID_ARGUMENT', 'draft'],
  ['an alias of 257 bytes', act(setting({ type: 'alias', value: { text: 'x'.repeat(257) } })), 'INVALID_ARGUMENT', 'alias'],
  ['settings of a room', act(setting({ type: 'draft', value: { text: 'x' } }), 'r:lounge'), 'CONVERSATION_NOT_FOUND', ''],
  ['nothing at all', act(undefined), 'INVALID_ARGUMENT', 'act'],
  [
    'a relation',
    act({ type: 'relation', value: { user: 'mal', other: 'bob', step: { type: 'add', value: {} } } }),
    'PERMISSION_DENIED',
    'relation',
  ],
  ['a profile', act({ type: 'profile', value: { name: { text: 'M' } } }, 'u:mal|mal'), 'PERMISSION_DENIED', 'profile'],
  ['an erasure', act({ type: 'erase', value: { user: 'bob' } }), 'PERMISSION_DENIED', 'erase'],
  ['an id of 65 bytes', act(react('+'), pair, 'x'.repeat(65)), 'INVALID_ARGUMENT', 'client_msg_id'],
  ['an id with a zero byte', act(react('+'), pair, 'a\0'), 'INVALID_ARGUMENT', 'client_msg_id'],
  ['the id of a message', act(react('+'), pair, 'first'), 'IDEMPOTENCY_CONFLICT', ''],
  ['users in the wrong order', act(react('+'), 'u:mal|bob'), 'INVALID_ARGUMENT', 'conversation'],
];

/** Questions and changes of mal that are refused. */
export const badQuestions: readonly Case[] = [
  ['messages of a group of others', { type: 'getMessages', value: { ...of('g:closed'), seqs: [1] } }, 'CONVERSATION_NOT_FOUND', ''],
  ['no messages', { type: 'getMessages', value: { ...of(pair), seqs: [] } }, 'INVALID_ARGUMENT', 'seqs'],
  ['101 messages', { type: 'getMessages', value: { ...of(pair), seqs: seqs(101) } }, 'INVALID_ARGUMENT', 'seqs'],
  ['a thread of others', { type: 'listReplies', value: { ...of('g:closed'), rootSeq: 1 } }, 'CONVERSATION_NOT_FOUND', ''],
  ['101 answers', { type: 'listReplies', value: { ...of(pair), rootSeq: 1, limit: 101 } }, 'INVALID_ARGUMENT', 'limit'],
  ['reactions of others', { type: 'listReactions', value: { ...of('g:closed'), seq: 1 } }, 'CONVERSATION_NOT_FOUND', ''],
  ['reactions to nothing', { type: 'listReactions', value: { ...of(pair), seq: 99 } }, 'MESSAGE_NOT_FOUND', ''],
  [
    'reactions nobody can have',
    { type: 'listReactions', value: { ...of(pair), seq: 1, reaction: 'x'.repeat(60_000) } },
    'INVALID_ARGUMENT',
    'reaction',
  ],
  [
    'reactions from a page that was made up',
    { type: 'listReactions', value: { ...of(pair), seq: 1, page: '../x' } },
    'INVALID_ARGUMENT',
    'page',
  ],
  ['pins of others', { type: 'listPins', value: of('g:closed') }, 'CONVERSATION_NOT_FOUND', ''],
  ['receipts of others', { type: 'getReceipts', value: { ...of('g:closed'), seqs: [1] } }, 'CONVERSATION_NOT_FOUND', ''],
  ['101 receipts', { type: 'getReceipts', value: { ...of(pair), seqs: seqs(101) } }, 'INVALID_ARGUMENT', 'seqs'],
  ["readers of somebody else's message", { type: 'listReaders', value: { ...of(pair), seq: 2 } }, 'PERMISSION_DENIED', ''],
  ['101 conversations', { type: 'queryConversations', value: { limit: 101 } }, 'INVALID_ARGUMENT', 'limit'],
  ['conversations with the mark 31', { type: 'queryConversations', value: { filter: { mark: 31 } } }, 'INVALID_ARGUMENT', 'mark'],
  ['conversations from a page that was made up', { type: 'queryConversations', value: { page: '../x' } }, 'INVALID_ARGUMENT', 'page'],
  ['a conversation of others', { type: 'getConversation', value: of('g:closed') }, 'CONVERSATION_NOT_FOUND', ''],
  [
    'a search in a group of others',
    { type: 'searchMessages', value: { search: { text: 'hello', conversation: 'g:closed' } } },
    'CONVERSATION_NOT_FOUND',
    '',
  ],
  ['a search for nothing', { type: 'searchMessages', value: { search: { text: '' } } }, 'INVALID_ARGUMENT', 'text'],
  ['a search for 101 letters', { type: 'searchMessages', value: { search: { text: 'é'.repeat(101) } } }, 'INVALID_ARGUMENT', 'text'],
  ['a search that was not asked for', { type: 'searchMessages', value: {} }, 'INVALID_ARGUMENT', 'search'],
  [
    '101 cursors',
    { type: 'moveCursors', value: { cursors: seqs(101).map((readSeq) => ({ ...of(pair), readSeq })) } },
    'INVALID_ARGUMENT',
    'cursors',
  ],
  [
    'a cursor in no conversation',
    { type: 'moveCursors', value: { cursors: [{ ...of('x'), readSeq: 1 }] } },
    'INVALID_ARGUMENT',
    'conversation',
  ],
  ['to change a group of others', group({ type: 'updateInfo', value: { name: { text: 'x' } } }, 'closed'), 'GROUP_NOT_FOUND', ''],
  ['to do nothing to a group', group(undefined), 'INVALID_ARGUMENT', 'operation'],
  ['to rename a group without the right', group({ type: 'updateInfo', value: { name: { text: 'x' } } }), 'PERMISSION_DENIED', ''],
  ['to kick without the right', group({ type: 'kick', value: { users: ['bob'] } }), 'PERMISSION_DENIED', ''],
  ['to make oneself owner', group({ type: 'transfer', value: { user: 'mal' } }), 'PERMISSION_DENIED', ''],
  ['a larger group', group({ type: 'setLimit', value: { memberLimit: 100_000 } }), 'PERMISSION_DENIED', ''],
  ['101 groups', { type: 'getGroups', value: { groups: users(101) } }, 'INVALID_ARGUMENT', 'groups'],
  ['101 members', { type: 'getGroupMembers', value: { group: 'open', users: users(101) } }, 'INVALID_ARGUMENT', 'users'],
  ['requests of a group of others', { type: 'listGroupRequests', value: { group: 'closed' } }, 'GROUP_NOT_FOUND', ''],
  ['101 people', { type: 'getUsers', value: { users: users(101) } }, 'INVALID_ARGUMENT', 'users'],
  ['a name of 257 bytes', { type: 'updateProfile', value: { change: { name: { text: 'x'.repeat(257) } } } }, 'INVALID_ARGUMENT', 'name'],
  ['to be erased by themselves', { type: 'updateProfile', value: { change: { isErased: true } } }, 'PERMISSION_DENIED', ''],
  [
    'a step towards nobody',
    { type: 'changeRelations', value: { others: [], step: { step: { type: 'ask', value: {} } } } },
    'INVALID_ARGUMENT',
    'others',
  ],
  [
    'a step towards 21',
    { type: 'changeRelations', value: { others: users(21), step: { step: { type: 'ask', value: {} } } } },
    'INVALID_ARGUMENT',
    'others',
  ],
  ['no step', { type: 'changeRelations', value: { others: ['bob'] } }, 'INVALID_ARGUMENT', 'step'],
  ['relations of no kind', { type: 'listRelations', value: {} }, 'INVALID_ARGUMENT', 'kind'],
  ['101 relations', { type: 'checkRelations', value: { others: users(101) } }, 'INVALID_ARGUMENT', 'others'],
  ['a file for a group of others', upload({ conversation: 'g:closed' }), 'CONVERSATION_NOT_FOUND', ''],
  ['a file of an unknown kind', upload({ kind: 'program' }), 'INVALID_ARGUMENT', 'kind'],
  ['a file of nothing', upload({ sizeBytes: 0 }), 'INVALID_ARGUMENT', 'size_bytes'],
  ['a file of 101 MiB', upload({ sizeBytes: 101 * 1024 * 1024 }), 'MESSAGE_TOO_LARGE', 'size_bytes'],
  ['a file with a checksum that is none', upload({ sha256: 'x'.repeat(64) }), 'INVALID_ARGUMENT', 'sha256'],
  ['to complete a file that is not there', { type: 'completeUpload', value: { media: 'nothing' } }, 'MEDIA_NOT_FOUND', ''],
  ['to complete a path', { type: 'completeUpload', value: { media: '../../etc/passwd' } }, 'INVALID_ARGUMENT', 'media'],
  [
    'a file of a group of others',
    { type: 'getDownloadUrl', value: { conversation: 'g:closed', media: 'x' } },
    'CONVERSATION_NOT_FOUND',
    '',
  ],
  [
    'to share a file that is not there',
    { type: 'shareMedia', value: { media: 'nothing', fromConversation: pair, toConversation: 'g:open' } },
    'MEDIA_NOT_FOUND',
    '',
  ],
];
