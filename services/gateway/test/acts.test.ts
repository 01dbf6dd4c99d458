import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '@parley/domain';
import { errorTable, limits } from '@parley/kernel';
import { type ActInit, encodeContent, type SendActInit } from '@parley/wire';
import { Harness, limitsWith, textContent } from './harness.js';

type Kind = NonNullable<ActInit['kind']>;

const conversation = 'u:alice|bob';
const act = (kind: Kind, changes: SendActInit = {}): SendActInit => ({ conversation, clientMsgId: 'a1', act: { kind }, ...changes });

/** Each act that a user may do, and its lane. */
const acts: readonly (readonly [lane: string, kind: Kind])[] = [
  ['high', { type: 'recall', value: { seq: 3, reason: 'typo' } }],
  ['high', { type: 'delete', value: { seqs: [3, 4] } }],
  ['medium', { type: 'edit', value: { seq: 3, content: textContent('better'), isRemention: true, mentions: { users: ['bob'] } } }],
  ['medium', { type: 'react', value: { seq: 3, reaction: '👍' } }],
  ['medium', { type: 'pin', value: { seq: 3 } }],
  ['medium', { type: 'rules', value: { destroyAfterMs: 60_000 } }],
  ['medium', { type: 'cursor', value: { readSeq: 3, deliveredSeq: 4 } }],
  ['medium', { type: 'settings', value: { changes: [{ change: { type: 'pinned', value: { isOn: true } } }] } }],
  ['medium', { type: 'hide', value: { seqs: [3] } }],
  ['medium', { type: 'report', value: { seq: 3, reason: 'rude' } }],
  ['low', { type: 'typing', value: {} }],
];

describe('acts', () => {
  it.each(
    acts.map(([lane, kind]) => [kind.type, lane, kind] as const),
  )('put %s into the lane %s, with the way back', async (_, lane, kind) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const id = alice.send({ type: 'act', value: act(kind, { isRetry: true }) });
    await harness.router.until(() => harness.router.submitted.length === 1);
    expect(harness.router.submitted[0]).toMatchObject({
      lane,
      command: {
        ...{ app: 'app', conversation, origin: { peer: 'gateway-1', request: id } },
        body: { type: 'act', value: { sender: 'alice', act: { kind: { type: kind.type } } } },
      },
    });
  });

  it('that take a seq carry the id by which a repetition is known; others need none', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const kinds = acts.filter(([, { type }]) => type === 'recall' || type === 'cursor').map(([, kind]) => kind);
    for (const kind of kinds) alice.send({ type: 'act', value: act(kind, { isRetry: true }) });
    await harness.router.until(() => harness.router.submitted.length === 2);
    expect(harness.router.submitted.map(({ command }) => command.body?.value)).toMatchObject([
      { clientMsgId: 'a1', isRetry: true },
      { clientMsgId: undefined, isRetry: undefined },
    ]);
  });

  it('are answered with what the router made of them', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const ids = acts.slice(0, 3).map(([, kind]) => alice.send({ type: 'act', value: act(kind) }));
    const [recall = 0, remove = 0, edit = 0] = ids;
    await harness.router.until(() => harness.router.submitted.length === 3);
    const connection = harness.router.submitted[0]?.command.origin?.connection ?? 0;
    harness.router.outcome({ connection, request: remove, error: errorTable.MESSAGE_NOT_FOUND.code });
    harness.router.outcome({ connection, request: edit, error: errorTable.TOO_LATE.code, detail: 'edit: within 86400000 ms' });
    harness.router.outcome({ connection, request: recall, seq: 9, messageId: 'id', timeMs: 5, version: 3 });
    expect(await alice.answer(recall)).toEqual({ type: 'stored', value: { seq: 9, messageId: 'id', timeMs: 5 } });
    expect(await alice.answer(remove)).toMatchObject({ value: { name: 'MESSAGE_NOT_FOUND' } });
    expect(await alice.answer(edit)).toMatchObject({ value: { name: 'TOO_LATE', message: expect.stringContaining('86400000') } });
  });

  it('that read are private where the app does not tell what was read, from the moment it says so', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const read = { type: 'act', value: act({ type: 'cursor', value: { readSeq: 3, deliveredSeq: 4 } }) } as const;
    const settled = async (count: number): Promise<void> => harness.router.until(() => harness.router.submitted.length === count);
    alice.send(read);
    await settled(1);
    harness.rules.rules = { ...defaultRules, tellsReading: false };
    alice.send(read, { type: 'act', value: act({ type: 'react', value: { seq: 3, reaction: '+' } }) });
    await settled(3);
    const told = harness.router.submitted.map(({ command }) => command.body?.value);
    expect(told).toMatchObject([{ isPrivate: false }, { isPrivate: true }, { isPrivate: false }]);
    expect(told[1]).toMatchObject({ act: { kind: { value: { readSeq: 3, deliveredSeq: 4 } } } });
  });

  it.each<[string, SendActInit, string, string]>([
    ['a conversation of others', act({ type: 'pin', value: { seq: 1 } }, { conversation: 'u:bob|carol' }), 'CONVERSATION_NOT_FOUND', ''],
    ['a conversation that is none', act({ type: 'pin', value: { seq: 1 } }, { conversation: 'x' }), 'INVALID_ARGUMENT', 'conversation'],
    ['nothing', { conversation, clientMsgId: 'a1' }, 'INVALID_ARGUMENT', 'act'],
    ['an act of another version', { conversation, clientMsgId: 'a1', act: {} }, 'INVALID_ARGUMENT', 'act'],
    ['no id', act({ type: 'pin', value: { seq: 1 } }, { clientMsgId: '' }), 'INVALID_ARGUMENT', 'client_msg_id: 1 to 64'],
    ['no message', act({ type: 'recall', value: {} }), 'INVALID_ARGUMENT', 'act.recall.seq: 1'],
    ['a long reason', act({ type: 'recall', value: { seq: 1, reason: 'x'.repeat(301) } }), 'INVALID_ARGUMENT', 'reason: at most 300'],
    ['too many messages', act({ type: 'delete', value: { seqs: Array(101).fill(1) } }), 'INVALID_ARGUMENT', 'act.delete.seqs: 1 to 100'],
    ['a long reaction', act({ type: 'react', value: { seq: 1, reaction: 'x'.repeat(33) } }), 'INVALID_ARGUMENT', '1 to 32 bytes'],
    [
      'an edit that is too long',
      act({ type: 'edit', value: { seq: 1, content: textContent('x'.repeat(2_049)) } }),
      'MESSAGE_TOO_LARGE',
      '2048',
    ],
    ['an edit without content', act({ type: 'edit', value: { seq: 1 } }), 'INVALID_ARGUMENT', 'content'],
    ['a relation', act({ type: 'relation', value: { user: 'alice', other: 'bob' } }), 'PERMISSION_DENIED', 'act.relation'],
    ['a profile', act({ type: 'profile', value: {} }), 'PERMISSION_DENIED', 'act.profile'],
    ['an erasure', act({ type: 'erase', value: { user: 'bob' } }), 'PERMISSION_DENIED', 'act.erase'],
  ])('with %s are refused at the door, naming field and limit', async (_what, value, name, detail) => {
    await using harness = await Harness.start();
    const bystander = await harness.member('bob');
    const alice = await harness.member('alice');
    const answer = await alice.ask({ type: 'act', value });
    expect(answer).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.router.submitted).toEqual([]);
    for (const client of [alice, bystander]) expect((await client.ask({ type: 'ping', value: {} })).type).toBe('pong');
  });

  it('and typing have rates of their own, beside that of messages', async () => {
    const burst = 12;
    await using harness = await Harness.start({ limits: limitsWith({ acts: burst, typing: 3 }) });
    const alice = await harness.member('alice');
    const refused = async (kind: Kind, count: number): Promise<string[]> => {
      const last = alice.send(...Array.from({ length: count }, () => ({ type: 'act', value: act(kind) }) as const));
      await alice.ask({ type: 'ping', value: {} });
      const answers = alice.frames.filter(({ id }) => id > last - count && id <= last);
      return answers.flatMap(({ body }) => (body?.type === 'error' ? [`${body.value.name} ${body.value.message}`] : []));
    };
    expect(await refused({ type: 'react', value: { seq: 1, reaction: '+' } }, burst)).toEqual([]);
    expect(await refused({ type: 'react', value: { seq: 1, reaction: '+' } }, 1)).toEqual([expect.stringContaining('client: acts')]);
    expect(await refused({ type: 'typing', value: {} }, 4)).toEqual([expect.stringContaining('client: typing')]);
    // What is to disappear disappears although the client's own flood has used up its rate.
    expect(await refused({ type: 'recall', value: { seq: 1 } }, 3)).toEqual([]);
    const { length } = harness.router.submitted;
    alice.send({ type: 'send', value: { conversation, clientMsgId: 'm1', content: textContent('hi') } });
    await harness.router.until(() => harness.router.submitted.length === length + 1);
  });

  it('stay outside in part while routers are behind, but for what is to disappear', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const frame = (kind: Kind) => ({ type: 'act', value: act(kind) }) as const;
    const pin = frame({ type: 'pin', value: { seq: 1 } });
    harness.router.delaysMs.set('medium', 60_000).set('high', 60_000);
    for (let window = 0; window < 12; window++) {
      alice.send(pin);
      await alice.ask({ type: 'ping', value: {} });
      harness.clock.freeze(100);
    }
    const last = alice.send(...Array.from({ length: 10 }, () => pin));
    await alice.ask({ type: 'ping', value: {} });
    const refused = alice.frames.flatMap(({ id, body }) => (id > last - 10 && body?.type === 'error' ? [body.value.message] : []));
    expect(refused[0]).toContain('router: MEDIUM');
    const before = harness.router.submitted.length;
    alice.send(frame({ type: 'recall', value: { seq: 1 } }));
    await harness.router.until(() => harness.router.submitted.length === before + 1);
    expect(harness.router.submitted.at(-1)?.lane).toBe('high');
  });
});

describe('what goes with a message', () => {
  const send = (changes: object) =>
    ({ type: 'send', value: { conversation, clientMsgId: 'm1', content: textContent('hi'), ...changes } }) as const;

  it('reaches the router, without what only the server says', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const options = {
      ...{ needsReceipt: true, noUnread: true, mentions: { users: ['bob'], isSilent: true } },
      ...{ push: { title: 't', badge: 2 }, forwarded: { sender: 'carol', timeMs: 5 } },
      reply: { seq: 4, rootSeq: 2, sender: 'mallory' },
    };
    alice.send(send({ options, expiresAfterMs: 60_000 }), send({ clientMsgId: 'm2' }));
    await harness.router.until(() => harness.router.submitted.length === 2);
    const [full, plain] = harness.router.submitted.map(({ command }) => command.body?.value);
    expect(full).toMatchObject({ expiresAfterMs: 60_000, options: { ...options, reply: { seq: 4, rootSeq: 0, sender: '' } } });
    expect(plain).toMatchObject({ options: undefined, expiresAfterMs: 0 });
  });

  it.each<[string, object, string, string]>([
    ['receivers', { options: { onlyTo: ['bob'] } }, 'PERMISSION_DENIED', 'options.only_to'],
    ['an earlier time', { options: { originalMs: 5 } }, 'PERMISSION_DENIED', 'options.original_ms'],
    ['its end', { options: { expiresMs: 5 } }, 'INVALID_ARGUMENT', 'options.expires_ms'],
    ['a long life', { expiresAfterMs: limits.destroyAfterMsMax + 1 }, 'INVALID_ARGUMENT', `${limits.destroyAfterMsMax}`],
    ['an answer to nothing', { options: { reply: {} } }, 'INVALID_ARGUMENT', 'options.reply.seq'],
    ['too many mentions', { options: { mentions: { users: Array(51).fill('bob') } } }, 'INVALID_ARGUMENT', 'at most 50'],
    [
      'the words of the server',
      { content: encodeContent({ kind: { type: 'notice', value: { code: 'x' } } }) },
      'PERMISSION_DENIED',
      'content.notice',
    ],
  ])('is refused where it is %s, naming field and limit', async (_what, changes, name, detail) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const answer = await alice.ask(send(changes));
    expect(answer).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.router.submitted).toEqual([]);
  });
});
