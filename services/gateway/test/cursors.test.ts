import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import type { ConversationCursorInit } from '@parley/wire';
import { Harness, limitsWith } from './harness.js';

const cursors = (count: number): ConversationCursorInit[] =>
  Array.from({ length: count }, (_, i) => ({ conversation: `g:team${i}`, readSeq: i + 1, deliveredSeq: i + 2 }));
const move = (count: number) => ({ type: 'moveCursors', value: { cursors: cursors(count) } }) as const;

describe('several cursors at once', () => {
  it('go into the lane one by one and are answered at once; nobody waits for them', async () => {
    await using harness = await Harness.start();
    harness.rules.rules = { ...defaultRules, tellsReading: false };
    const alice = await harness.member('alice');
    expect(await alice.ask(move(3))).toEqual({ type: 'done', value: {} });
    expect(harness.router.submitted).toHaveLength(3);
    expect(harness.router.submitted[1]).toMatchObject({
      lane: 'medium',
      command: {
        ...{ app: 'app', conversation: 'g:team1', origin: undefined },
        body: {
          type: 'act',
          value: { sender: 'alice', isPrivate: true, act: { kind: { type: 'cursor', value: { readSeq: 2, deliveredSeq: 3 } } } },
        },
      },
    });
  });

  it.each<[string, readonly ConversationCursorInit[], string, string]>([
    ['too many', cursors(101), 'INVALID_ARGUMENT', 'cursors: at most 100'],
    ['one of others', [...cursors(1), { conversation: 'u:bob|carol', readSeq: 1 }], 'CONVERSATION_NOT_FOUND', ''],
    ['one that says nothing', [{ conversation: 'g:team' }], 'INVALID_ARGUMENT', 'read_seq or delivered_seq'],
  ])('are all refused where there are %s', async (_what, given, name, detail) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const answer = await alice.ask({ type: 'moveCursors', value: { cursors: given } });
    expect(answer).toMatchObject({ type: 'error', value: { name, message: expect.stringContaining(detail) } });
    expect(harness.router.submitted).toEqual([]);
  });

  it('use up a rate by their number, not by that of the frames', async () => {
    const burst = 200;
    await using harness = await Harness.start({ limits: limitsWith({ cursors: burst }) });
    const alice = await harness.member('alice');
    for (let sent = 0; sent < burst; sent += 100) expect((await alice.ask(move(100))).type).toBe('done');
    const answer = await alice.ask(move(100));
    expect(answer).toMatchObject({ type: 'error', value: { name: 'RATE_LIMITED' } });
    expect(answer.type === 'error' && answer.value.retryAfterMs).toBeGreaterThan(1_000);
    expect(harness.router.submitted).toHaveLength(burst);
  });
});

describe('reading everything', () => {
  it('reads each unread conversation to its head, on all pages, and takes marks off those that are read', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.history.unreadPages = [
      [
        { conversation: 'g:team', headSeq: 9, readSeq: 2 },
        { conversation: 'u:alice|bob', headSeq: 5, readSeq: 5, settings: { isMarkedUnread: true } },
      ],
      [{ conversation: 'g:hidden', headSeq: 7 }],
    ];
    expect(await alice.ask({ type: 'readAll', value: {} })).toEqual({ type: 'done', value: {} });
    expect(harness.history.calls.of('queryConversations')).toMatchObject([
      { app: 'app', user: 'alice', filter: { isUnread: true, withHidden: true }, page: '' },
      { page: '1' },
    ]);
    const told = harness.router.submitted.map(({ command }) => ({ to: command.conversation, body: command.body?.value }));
    expect(told).toMatchObject([
      { to: 'g:team', body: { sender: 'alice', act: { kind: { type: 'cursor', value: { readSeq: 9 } } } } },
      {
        to: 'u:alice|bob',
        body: { act: { kind: { type: 'settings', value: { changes: [{ change: { type: 'markedUnread', value: { isOn: false } } }] } } } },
      },
      { to: 'g:hidden', body: { act: { kind: { type: 'cursor', value: { readSeq: 7 } } } } },
    ]);
  });

  it('reads nothing where history cannot tell all that is unread', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.history.unreadPages = [[{ conversation: 'g:team', headSeq: 9 }], [{ conversation: 'g:more', headSeq: 9 }]];
    harness.history.calls.hooks.set('queryConversations', (request) => {
      if ('page' in request && request.page === '1') throw new ParleyError('UNAVAILABLE');
    });
    expect(await alice.ask({ type: 'readAll', value: {} })).toMatchObject({ value: { name: 'UNAVAILABLE' } });
    expect(harness.router.submitted).toEqual([]);
  });

  it('is not for every second', async () => {
    await using harness = await Harness.start({ limits: limitsWith({ readAll: 2 }) });
    const alice = await harness.member('alice');
    for (let i = 0; i < 2; i++) expect((await alice.ask({ type: 'readAll', value: {} })).type).toBe('done');
    expect(await alice.ask({ type: 'readAll', value: {} })).toMatchObject({ value: { name: 'RATE_LIMITED' } });
  });
});
