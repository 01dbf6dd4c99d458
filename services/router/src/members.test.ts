import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '@parley/domain';
import { errorTable, limits } from '@parley/kernel';
import { type ActInit, decodeConversationEvent } from '@parley/wire';
import { RouterFixture } from './testing/router-fixture.js';
import { ProjectingHistory } from './testing/projecting-history.js';

const pair = 'u:ann|bob';
const team = 'g:team';
const members = ['ann', 'bob', 'carl'];

type Kind = ActInit['kind'];
const read = (readSeq: number, deliveredSeq = 0): Kind => ({ type: 'cursor', value: { readSeq, deliveredSeq } });
const pinned: Kind = { type: 'settings', value: { changes: [{ change: { type: 'pinned', value: { isOn: true } } }] } };

async function open(rules = defaultRules, users: readonly string[] = members): Promise<RouterFixture> {
  const routers = await RouterFixture.open(new ProjectingHistory());
  routers.startRouter('a', undefined, rules);
  await routers.room(team, { change: { joined: users, version: 1 }, isStored: true });
  for (const user of members) await routers.subscribe(`user:${user}`);
  return routers;
}

/** Bodies of what has come on the user's channel without a seq, once a message has come after it. */
async function heard(routers: RouterFixture, user: string) {
  const { seq } = await routers.send(pair, user === 'carl' ? 'bob' : user, { isPrivileged: true });
  if (user !== 'carl')
    await routers.until(() => routers.deliveries.find((delivery) => delivery.conversation === pair && delivery.seq === seq));
  else await new Promise(setImmediate);
  const own = routers.deliveries.filter(({ channels, seq: at }) => at === 0 && channels.includes(`user:${user}`));
  return own.map(({ event }) => decodeConversationEvent(event).body);
}

describe('cursors', () => {
  it('move forwards only, not beyond the head, and are kept without a seq', async () => {
    await using routers = await open();
    for (let i = 0; i < 3; i++) await routers.send(pair, 'bob');
    expect(await routers.act(pair, 'ann', read(2))).toMatchObject({ error: 0, seq: 0 });
    expect((await routers.act(pair, 'ann', read(1))).error).toBe(0);
    expect((await routers.act(pair, 'ann', read(99))).error).toBe(0);
    const cursors = (await routers.timeline()).filter(({ body }) => body?.type === 'cursor');
    expect(cursors.map(({ seq }) => seq)).toEqual([0, 0]);
    expect(cursors.map(({ body }) => body?.value)).toMatchObject([
      { user: 'ann', readSeq: 2, deliveredSeq: 2 },
      { user: 'ann', readSeq: 3, deliveredSeq: 3 },
    ]);
    expect(await routers.send(pair, 'bob')).toMatchObject({ seq: 4 });
  });

  it('end a mark as unread where they stood before; what only arrives does not', async () => {
    await using routers = await open();
    const marked: Kind = { type: 'settings', value: { changes: [{ change: { type: 'markedUnread', value: { isOn: true } } }] } };
    for (let i = 0; i < 3; i++) await routers.send(pair, 'bob');
    for (const kind of [read(3), marked, read(0, 3), read(3), read(3)]) await routers.act(pair, 'ann', kind);
    const cursors = (await routers.timeline()).filter(({ body }) => body?.type === 'cursor');
    expect(cursors.map(({ body }) => body?.value)).toMatchObject([
      { readSeq: 3, deliveredSeq: 3 },
      { readSeq: 0, deliveredSeq: 3 },
      { readSeq: 3, deliveredSeq: 3 },
    ]);
  });

  it('are told to the own devices and to the other one of two', async () => {
    await using routers = await open();
    await routers.send(pair, 'bob');
    await routers.act(pair, 'ann', read(1));
    for (const user of ['ann', 'bob'])
      expect(await heard(routers, user)).toMatchObject([{ type: 'cursor', value: { user: 'ann', readSeq: 1 } }]);
  });

  it('are private where the act or the app says so', async () => {
    await using routers = await open();
    await routers.send(pair, 'bob');
    await routers.act(pair, 'ann', read(1), { isPrivate: true });
    expect(await heard(routers, 'ann')).toHaveLength(1);
    expect(await heard(routers, 'bob')).toMatchObject([{ value: { readSeq: 0, deliveredSeq: 1 } }]);
    await using silent = await open({ ...defaultRules, tellsReading: false, tellsDelivery: false });
    await silent.send(pair, 'bob');
    await silent.act(pair, 'ann', read(1));
    expect(await heard(silent, 'bob')).toHaveLength(0);
  });

  it('in groups are told to who wants receipts of what they pass, and to nobody else', async () => {
    await using routers = await open();
    await routers.send(team, 'ann', { options: { needsReceipt: true } });
    await routers.send(team, 'bob', { options: { needsReceipt: true } });
    await routers.send(team, 'ann');
    await routers.send(team, 'ann', { options: { needsReceipt: true } });
    await routers.act(team, 'carl', read(4));
    await routers.act(team, 'carl', read(5));
    const receipts = (seq: number) => ({
      type: 'receipts',
      value: { receipts: [{ seq, readCount: 0, deliveredCount: 0, memberCount: 0 }] },
    });
    expect(await heard(routers, 'ann')).toEqual([receipts(2), receipts(5)]);
    expect(await heard(routers, 'bob')).toEqual([receipts(3)]);
    expect((await heard(routers, 'carl')).map((body) => body?.type)).toEqual(['cursor', 'cursor']);
  });

  it('in groups are no news to readers themselves, nor in large groups, nor when they are private', async () => {
    await using routers = await open();
    await routers.send(team, 'ann', { options: { needsReceipt: true } });
    await routers.act(team, 'ann', read(2));
    await routers.act(team, 'bob', read(2), { isPrivate: true });
    expect((await heard(routers, 'ann')).map((body) => body?.type)).toEqual(['cursor', 'receipts']);
    const crowd = Array.from({ length: limits.receiptMembersMax }, (_, i) => `u${i}`);
    await using large = await open(defaultRules, [...members, ...crowd]);
    await large.send(team, 'ann', { options: { needsReceipt: true } });
    await large.act(team, 'bob', read(2));
    expect(await heard(large, 'ann')).toEqual([]);
  });

  it('in groups are no news to who wanted receipts and has left', async () => {
    await using routers = await open();
    for (const sender of ['ann', 'bob']) await routers.send(team, sender, { options: { needsReceipt: true } });
    await routers.change(team, { left: ['ann'], version: 2 });
    await routers.act(team, 'carl', read(3));
    expect(await heard(routers, 'bob')).toMatchObject([{ type: 'receipts' }]);
    expect(await heard(routers, 'ann')).toEqual([]);
  });

  it('are told to who wants receipts after a take-over as well', async () => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    const first = routers.startRouter('a');
    await routers.subscribe('user:ann');
    await history.hold();
    await routers.room(team, { change: { joined: members, version: 1 }, isStored: true });
    await routers.send(team, 'ann', { options: { needsReceipt: true } });
    await first.stop();
    routers.startRouter('b');
    await routers.until(() => routers.subscriptions.find(({ isFirst }) => !isFirst));
    await routers.act(team, 'bob', read(2));
    const told = await routers.until(() => routers.deliveries.find(({ seq, channels }) => seq === 0 && channels.includes('user:ann')));
    expect(decodeConversationEvent(told.event).body?.type).toBe('receipts');
  });
});

describe('the own view of a conversation', () => {
  it('is kept and told to the own devices only', async () => {
    await using routers = await open();
    await routers.send(pair, 'bob');
    expect(await routers.act(pair, 'ann', pinned)).toMatchObject({ error: 0, seq: 0 });
    expect(await routers.act(pair, 'ann', { type: 'hide', value: { seqs: [1, 1, 7] } })).toMatchObject({ error: 0, seq: 0 });
    expect(await heard(routers, 'ann')).toMatchObject([
      { type: 'settings', value: { user: 'ann', headSeq: 1, changes: [{ change: { type: 'pinned', value: { isOn: true } } }] } },
      { type: 'hidden', value: { user: 'ann', seqs: [1] } },
    ]);
    expect(await heard(routers, 'bob')).toEqual([]);
    expect((await routers.timeline()).map(({ body }) => body?.type)).toEqual([
      'membership',
      'content',
      'settings',
      'hidden',
      'content',
      'content',
    ]);
  });
});

describe('who has left a group', () => {
  const cursor = read(9);
  const hide: Kind = { type: 'hide', value: { seqs: [2, 4] } };

  it.each<[string, { left: string[] } | { closed: true }]>([
    ['left', { left: ['ann'] }],
    ['saw its end', { closed: true }],
  ])('and %s puts it away, as it was then, which nobody else hears of', async (_how, change) => {
    await using routers = await open();
    await routers.send(team, 'bob', { options: { needsReceipt: true } });
    await routers.change(team, { ...change, version: 2 });
    if ('left' in change) await routers.send(team, 'bob', { options: { needsReceipt: true } });
    for (const kind of [pinned, hide, cursor]) expect(await routers.act(team, 'ann', kind)).toMatchObject({ error: 0, seq: 0 });
    expect(await heard(routers, 'ann')).toMatchObject([
      { type: 'settings', value: { user: 'ann', headSeq: 3 } },
      { type: 'hidden', value: { user: 'ann', seqs: [2] } },
      { type: 'cursor', value: { user: 'ann', readSeq: 3, countable: 0 } },
    ]);
    expect(await heard(routers, 'bob')).toEqual([]);
  });

  it('is asked of history for those alone who are no members', async () => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    routers.startRouter('a');
    await routers.room(team, { change: { joined: members, version: 1 }, isStored: true });
    for (const kind of [pinned, cursor]) await routers.act(team, 'ann', kind);
    expect(history.asked).toBe(0);
    await routers.change(team, { left: ['bob'], version: 2 });
    for (const user of ['bob', 'eve']) {
      const { error } = await routers.act(team, user, pinned);
      expect([user, error]).toEqual([user, user === 'bob' ? 0 : errorTable.CONVERSATION_NOT_FOUND.code]);
    }
    expect(history.asked).toBe(2);
    expect((await routers.act('g:none', 'bob', pinned)).error).toBe(errorTable.CONVERSATION_NOT_FOUND.code);
    expect(history.asked).toBe(2);
  });

  it('is known although history comes after', async () => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    routers.startRouter('a');
    await history.hold();
    await routers.room(team, { change: { joined: members, version: 1 }, isStored: true });
    await routers.change(team, { left: ['bob'], version: 2 });
    const acted = routers.act(team, 'bob', pinned);
    // The lane does not wait for it.
    expect((await routers.send(team, 'ann')).error).toBe(0);
    history.release();
    expect((await acted).error).toBe(0);
  });
});

describe('a change of a group', () => {
  const renamed = (version: number, name: string) =>
    ({
      change: { version, operator: 'ann' },
      isStored: true,
      groupChange: { version, change: { type: 'info', value: { name: { text: name } } } },
    }) as const;

  it('takes a seq, is told on the group’s channel, and changes nobody’s membership', async () => {
    await using routers = await open();
    await routers.subscribe(team);
    expect(await routers.room(team, renamed(2, 'Reds'))).toMatchObject({ error: 0, seq: 2 });
    const delivery = await routers.until(() => routers.deliveries.find(({ seq }) => seq === 2));
    expect(delivery).toMatchObject({ channels: [team], control: undefined });
    expect(decodeConversationEvent(delivery.event)).toMatchObject({
      seq: 2,
      sender: 'ann',
      body: { type: 'groupChange', value: { version: 2, change: { type: 'info', value: { name: { text: 'Reds' } } } } },
    });
    expect(await routers.send(team, 'bob')).toMatchObject({ error: 0, seq: 3 });
  });

  it('that comes again is known by its version, after a take-over as well', async () => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    const first = routers.startRouter('a');
    await routers.room(team, { change: { joined: members, version: 1 }, isStored: true });
    await history.hold();
    await routers.room(team, renamed(2, 'Reds'));
    await routers.room(team, renamed(2, 'Reds'));
    await first.stop();
    routers.startRouter('b');
    await routers.room(team, renamed(2, 'Reds'));
    expect(await routers.room(team, renamed(3, 'Blues'))).toMatchObject({ error: 0, seq: 3 });
    expect(await routers.timeline()).toHaveLength(3);
  });

  it('brings rules of speaking, of keeping, and access to history', async () => {
    await using routers = await open();
    const rules = { destroyAfterMs: 60_000 };
    await routers.room(team, { ...renamed(2, 'Reds'), speaking: { allMutedUntilMs: 1e15, exempt: ['ann'] }, rules, historyAccess: 2 });
    expect((await routers.entries()).at(-1)).toMatchObject({ historyAccess: 2, rules, speaking: { exempt: ['ann'] } });
    expect((await routers.send(team, 'bob')).error).toBe(errorTable.MUTED.code);
    await routers.send(team, 'ann');
    expect((await routers.timeline()).at(-1)?.options?.expiresMs).toBe(routers.clock.now() + 60_000);
  });

  it('keeps how long the back end has messages kept', async () => {
    await using routers = await open();
    const kept = { destroyAfterMs: 0, retentionMs: 5_000 };
    await routers.act(team, '', { type: 'rules', value: kept }, { isPrivileged: true });
    await routers.room(team, { ...renamed(2, 'Reds'), rules: { destroyAfterMs: 60_000 }, speaking: { moderators: ['ann'] } });
    expect((await routers.entries()).at(-1)?.rules).toEqual({ destroyAfterMs: 60_000, retentionMs: 5_000 });
    // Neither does a moderator's act, and what is said last about destruction holds.
    await routers.act(team, 'ann', { type: 'rules', value: { destroyAfterMs: 90_000 } });
    expect((await routers.entries()).at(-1)?.rules).toEqual({ destroyAfterMs: 90_000, retentionMs: 5_000 });
    await routers.room(team, { ...renamed(3, 'Reds'), rules: { destroyAfterMs: 0 } });
    expect((await routers.entries()).at(-1)?.rules).toEqual(kept);
  });

  it('about a request is told to those whom it concerns', async () => {
    await using routers = await open();
    const request = { user: 'zoe', text: 'let me in' };
    const notice = { onlyTo: ['ann', 'carl'], body: { type: 'groupRequest', value: { request } } } as const;
    await routers.decide({ conversation: team, body: { type: 'notice', value: notice } });
    const delivery = await routers.until(() => routers.deliveries.find(({ seq }) => seq === 0));
    expect(delivery).toMatchObject({ channels: ['user:ann', 'user:carl'], conversation: team });
    expect(decodeConversationEvent(delivery.event).body).toMatchObject({ type: 'groupRequest', value: { request } });
  });
});
