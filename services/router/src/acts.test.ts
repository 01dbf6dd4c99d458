import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '@parley/domain';
import { errorTable, limits } from '@parley/kernel';
import { type ActInit, decodeConversationEvent, Priority } from '@parley/wire';
import { commandContent, RouterFixture, textContent } from './testing/router-fixture.js';
import { ProjectingHistory } from './testing/projecting-history.js';

const pair = 'u:ann|bob';
const team = 'g:team';

type Kind = ActInit['kind'];
const edit = (seq: number, text = 'better'): Kind => ({ type: 'edit', value: { seq, content: textContent(text) } });
const recall = (seq: number): Kind => ({ type: 'recall', value: { seq } });
const remove = (...seqs: number[]): Kind => ({ type: 'delete', value: { seqs } });
const react = (seq: number, reaction = '👍', isRemoved = false): Kind => ({ type: 'react', value: { seq, reaction, isRemoved } });
const pin = (seq: number, isRemoved = false): Kind => ({ type: 'pin', value: { seq, isRemoved } });

async function open(history = new ProjectingHistory()): Promise<RouterFixture> {
  const routers = await RouterFixture.open(history);
  routers.startRouter('a');
  return routers;
}

/** Ann moderates, bob and carl are members. */
async function openTeam(history = new ProjectingHistory()): Promise<RouterFixture> {
  const routers = await open(history);
  const change = { joined: ['ann', 'bob', 'carl'], version: 1 };
  await routers.room(team, { change, isStored: true, speaking: { moderators: ['ann'] } });
  return routers;
}

const bodies = async (routers: RouterFixture) => (await routers.timeline()).map(({ body }) => body);
const codeOf = (name: keyof typeof errorTable): number => errorTable[name].code;

describe('what is done to a message', () => {
  it.each([
    ['edited', edit(1), 'edited', Priority.MEDIUM],
    ['recalled', recall(1), 'recalled', Priority.HIGH],
    ['reaction', react(1), 'reaction', Priority.MEDIUM],
    ['pin', pin(1), 'pin', Priority.MEDIUM],
  ] as const)('becomes an event with a seq that both users hear: %s', async (_what, kind, type, priority) => {
    await using routers = await open();
    await routers.subscribe('user:bob');
    await routers.send(pair, 'ann');
    expect(await routers.act(pair, 'ann', kind, { clientMsgId: 'x' })).toMatchObject({ error: 0, seq: 2 });
    const delivery = await routers.until(() => routers.deliveries.find(({ seq }) => seq === 2));
    expect(delivery).toMatchObject({ channels: ['user:bob'], priority, onlyTo: [], isForLookers: false, exceptPeer: '' });
    const event = decodeConversationEvent(delivery.event);
    expect(event).toMatchObject({
      conversation: pair,
      seq: 2,
      sender: 'ann',
      clientMsgId: 'x',
      priority,
      body: { type, value: { seq: 1 } },
    });
    expect((await routers.timeline()).at(-1)).toEqual(event);
  });

  it('does not count as unread', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    await routers.act(pair, 'bob', react(1));
    await routers.send(pair, 'ann');
    expect((await routers.entries()).map(({ countable }) => countable)).toEqual([1, 1, 2]);
  });

  it('is decided about where it stood a moment ago and history does not have it yet', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await history.hold();
    await routers.send(pair, 'ann');
    const recalled = routers.act(pair, 'ann', recall(1));
    // The lane does not wait for it.
    expect(await routers.send(pair, 'bob', { priority: Priority.HIGH })).toMatchObject({ error: 0, seq: 2 });
    history.release();
    expect(await recalled).toMatchObject({ error: 0, seq: 3 });
  });

  it('that there is not is refused without asking history', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await routers.send(pair, 'ann');
    expect((await routers.act(pair, 'ann', recall(2))).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
    expect(history.asked).toBe(0);
  });

  it('that is no message is refused', async () => {
    await using routers = await openTeam();
    expect((await routers.act(team, 'ann', recall(1))).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
  });

  it('is refused to others than its sender, and after its time, but not to the back end', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    expect((await routers.act(pair, 'bob', edit(1))).error).toBe(codeOf('PERMISSION_DENIED'));
    expect((await routers.act(pair, 'bob', recall(1))).error).toBe(codeOf('PERMISSION_DENIED'));
    routers.clock.skip(limits.recallWithinMs + 1);
    const late = await routers.act(pair, 'ann', recall(1));
    expect(late.error).toBe(codeOf('TOO_LATE'));
    expect(late.detail).toContain('recall');
    expect((await routers.act(pair, '', recall(1), { isPrivileged: true })).error).toBe(0);
  });

  it('is held to the rules of its app', async () => {
    await using routers = await RouterFixture.open(new ProjectingHistory());
    routers.startRouter('a', undefined, { ...defaultRules, recallWithinMs: 5_000 });
    await routers.send(pair, 'ann');
    routers.clock.skip(5_001);
    expect((await routers.act(pair, 'ann', recall(1))).error).toBe(codeOf('TOO_LATE'));
  });

  it('is refused to who is not in the conversation', async () => {
    await using routers = await openTeam();
    await routers.send(team, 'bob');
    for (const kind of [react(2), recall(2), { type: 'settings', value: {} }] as const) {
      expect((await routers.act(team, 'eve', kind)).error).toBe(codeOf('CONVERSATION_NOT_FOUND'));
    }
  });

  it('may be an edit only for those who may speak', async () => {
    await using routers = await openTeam();
    await routers.send(team, 'bob');
    const muted = [{ user: 'bob', untilMs: routers.clock.now() + 60_000 }];
    await routers.room(team, { change: { version: 2 }, isStored: true, speaking: { muted } });
    expect((await routers.act(team, 'bob', edit(2))).error).toBe(codeOf('MUTED'));
    expect((await routers.act(team, 'bob', recall(2))).error).toBe(0);
  });

  it('is up to moderators in groups: they recall, delete and pin what others have said', async () => {
    await using routers = await openTeam();
    for (const sender of ['bob', 'carl', 'carl']) await routers.send(team, sender);
    expect((await routers.act(team, 'carl', recall(2))).error).toBe(codeOf('PERMISSION_DENIED'));
    expect((await routers.act(team, 'carl', pin(2))).error).toBe(codeOf('PERMISSION_DENIED'));
    expect((await routers.act(team, 'carl', remove(3))).error).toBe(codeOf('PERMISSION_DENIED'));
    expect((await routers.act(team, 'ann', pin(2))).error).toBe(0);
    expect((await routers.act(team, 'ann', recall(2))).error).toBe(0);
    // Membership, what is gone and what there is not are passed over.
    expect((await routers.act(team, 'ann', remove(1, 2, 3, 4, 99))).error).toBe(0);
    expect((await bodies(routers)).at(-1)).toMatchObject({ type: 'deleted', value: { seqs: [3, 4] } });
  });

  it('is up to moderators in rooms, too', async () => {
    await using routers = await open();
    const live = 'r:live';
    await routers.room(live, { change: { joined: ['ann', 'bob'], version: 1 }, speaking: { moderators: ['ann'] } });
    for (let i = 0; i < 3; i++) await routers.send(live, 'bob');
    await routers.send(live, 'ann');
    expect((await routers.act(live, 'bob', remove(4))).error).toBe(codeOf('PERMISSION_DENIED'));
    expect((await routers.act(live, 'ann', remove(1, 2))).error).toBe(0);
    routers.clock.skip(limits.recallWithinMs + 1);
    expect((await routers.act(live, 'ann', recall(3))).error).toBe(0);
    expect((await routers.act(live, 'ann', pin(4))).error).toBe(codeOf('INVALID_ARGUMENT'));
  });

  it('is pinned by members where the group lets them', async () => {
    await using routers = await openTeam();
    await routers.room(team, { change: { version: 2 }, isStored: true, speaking: { isPinningByMembers: true } });
    await routers.send(team, 'bob');
    expect((await routers.act(team, 'carl', pin(3))).error).toBe(0);
  });

  it('that nobody finds any more is gone for edits, reactions and pins', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    await routers.act(pair, 'ann', recall(1));
    for (const kind of [edit(1), react(1), pin(1), recall(1)]) {
      expect((await routers.act(pair, 'ann', kind)).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
    }
  });

  it('without a known kind is refused', async () => {
    await using routers = await open();
    expect((await routers.act(pair, 'ann', undefined)).error).toBe(codeOf('INVALID_ARGUMENT'));
  });
});

describe('acts that are under way together', () => {
  it('of a recall and an edit the first one decides', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await routers.send(pair, 'ann');
    await routers.send(pair, 'ann');
    await history.hold();
    // Of different lanes, and history shows neither.
    expect((await routers.act(pair, 'ann', recall(1))).error).toBe(0);
    expect((await routers.act(pair, 'ann', edit(1))).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
    expect((await routers.act(pair, 'ann', edit(2))).error).toBe(0);
    expect((await routers.act(pair, 'ann', recall(2))).error).toBe(0);
  });

  it('of the same reaction twice the second changes nothing', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await routers.send(pair, 'ann');
    await history.hold();
    const [first, second] = await Promise.all([routers.act(pair, 'bob', react(1)), routers.act(pair, 'bob', react(1))]);
    expect([first.error, first.seq, second.error, second.seq]).toEqual([0, 2, 0, 0]);
    expect(await routers.act(pair, 'bob', react(1, '👍', true))).toMatchObject({ error: 0, seq: 3 });
    expect(await routers.act(pair, 'bob', react(1, '👍', true))).toMatchObject({ error: 0, seq: 0 });
    expect(await routers.act(pair, 'ann', react(1))).toMatchObject({ error: 0, seq: 4 });
    expect(await routers.timeline()).toHaveLength(4);
  });

  it('keep their order for one sender, while others go on', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await history.hold();
    await routers.send(pair, 'ann');
    const answers = [
      routers.act(pair, 'bob', react(1)),
      routers.send(pair, 'bob', { content: textContent('after the reaction') }),
      routers.act(pair, 'bob', react(1, '👍', true)),
    ];
    expect(await routers.send(pair, 'ann', { content: textContent('meanwhile') })).toMatchObject({ seq: 2 });
    history.release();
    expect((await Promise.all(answers)).map(({ seq }) => seq)).toEqual([3, 4, 5]);
  });

  it('of different reactions know the limit of kinds, but not for those that are there', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    const kinds = Array.from({ length: limits.reactionKindsMax }, (_, i) => `r${i}`);
    await Promise.all(kinds.map((kind) => routers.act(pair, 'ann', react(1, kind))));
    expect((await routers.act(pair, 'bob', react(1, 'one more'))).error).toBe(codeOf('LIMIT_REACHED'));
    expect((await routers.act(pair, 'bob', react(1, 'r3'))).error).toBe(0);
  });

  it('of too many different reactions the last ones wait for history to say how many there are', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    for (const _ of [1, 2]) await routers.send(pair, 'ann');
    await history.hold();
    const count = limits.reactionKindsMax - 1;
    for (let i = 0; i < count; i++) expect((await routers.act(pair, 'ann', react(1, `r${i}`))).error).toBe(0);
    expect((await routers.act(pair, 'ann', react(1, 'r0', true))).error).toBe(0);
    // By now history would count none; one was taken back, so that there is room for two.
    expect((await routers.act(pair, 'ann', react(1, 'last but one'))).error).toBe(0);
    const answers = ['last', 'too many'].map((kind) => routers.act(pair, 'ann', react(1, kind)));
    // What comes after them in their lane passes by.
    await routers.send(pair, 'bob');
    history.release();
    expect((await Promise.all(answers)).map(({ error }) => error)).toEqual([0, codeOf('LIMIT_REACHED')]);
  });

  it('pin again what eleven pins have pushed out', async () => {
    await using routers = await open();
    const count = limits.pinsMax + 1;
    for (let i = 0; i < count; i++) await routers.send(pair, 'ann');
    for (let seq = 1; seq <= count; seq++) await routers.act(pair, 'ann', pin(seq));
    expect((await bodies(routers)).slice(-2)).toMatchObject([{ value: { evictedSeq: 0 } }, { value: { seq: count, evictedSeq: 1 } }]);
    expect((await routers.act(pair, 'ann', pin(1))).seq).toBe(2 * count + 1);
    expect((await routers.act(pair, 'ann', pin(count))).seq).toBe(0);
  });
});

describe('what concerns messages that it does not name', () => {
  it.each([
    ['an erasure', { type: 'erase', value: { user: 'ann' } }, react(1), codeOf('MESSAGE_NOT_FOUND'), 0],
    ['the eleventh pin', pin(limits.pinsMax + 1), pin(1), 0, 2 * limits.pinsMax + 3],
  ] as const)('is known before the next act on a message is decided: %s', async (_what, kind, next, error, seq) => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    for (let i = 0; i <= limits.pinsMax; i++) await routers.send(pair, 'ann');
    for (let at = 1; at <= limits.pinsMax; at++) await routers.act(pair, 'ann', pin(at));
    await history.hold();
    expect((await routers.act(pair, '', kind, { isPrivileged: true })).error).toBe(0);
    const decided = routers.act(pair, 'bob', next);
    await routers.send(pair, 'bob', { content: commandContent(), priority: Priority.LOW });
    history.release();
    expect(await decided).toMatchObject({ error, seq });
  });
});

describe('an answer that has become too old before its act was decided', () => {
  it('is asked for anew', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await routers.send(pair, 'ann');
    await history.hold();
    await routers.send(pair, 'bob');
    // The first one waits for history, the second one for the first one, with an answer of before the erasure.
    const waiting = [routers.act(pair, 'bob', react(2)), routers.act(pair, 'bob', react(1))];
    await routers.send(pair, 'ann', { content: commandContent(), priority: Priority.MEDIUM });
    expect((await routers.act(pair, '', { type: 'erase', value: { user: 'ann' } }, { isPrivileged: true })).error).toBe(0);
    history.release();
    expect((await Promise.all(waiting)).map(({ error }) => error)).toEqual([0, codeOf('MESSAGE_NOT_FOUND')]);
  });
});

describe('a history that does not answer', () => {
  it('lets acts on messages fail, and nothing else', async () => {
    const history = new ProjectingHistory();
    await using routers = await open(history);
    await routers.send(pair, 'ann');
    history.isSilent = true;
    expect((await routers.act(pair, 'ann', recall(1))).error).toBe(codeOf('UNAVAILABLE'));
    const settings = { type: 'settings', value: { changes: [{ change: { type: 'pinned', value: { isOn: true } } }] } } as const;
    expect((await routers.act(pair, 'ann', settings)).error).toBe(0);
    expect(await routers.send(pair, 'ann')).toMatchObject({ error: 0, seq: 2 });
    history.isSilent = false;
    expect((await routers.act(pair, 'ann', recall(1))).error).toBe(0);
  });
});

describe('a repeated act', () => {
  it('is answered with its first place', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    const first = await routers.act(pair, 'ann', recall(1), { clientMsgId: 'x' });
    expect(await routers.act(pair, 'ann', recall(1), { clientMsgId: 'x', isRetry: true })).toMatchObject({ error: 0, seq: first.seq });
    expect(await routers.timeline()).toHaveLength(2);
  });

  it('with other words, and a message under the id of an act, are refused', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    await routers.act(pair, 'ann', edit(1), { clientMsgId: 'x' });
    expect((await routers.act(pair, 'ann', edit(1, 'best'), { clientMsgId: 'x' })).error).toBe(codeOf('IDEMPOTENCY_CONFLICT'));
    expect((await routers.send(pair, 'ann', { clientMsgId: 'x' })).error).toBe(codeOf('IDEMPOTENCY_CONFLICT'));
    expect((await routers.act(pair, 'ann', edit(1), { clientMsgId: 'm0' })).error).toBe(codeOf('IDEMPOTENCY_CONFLICT'));
  });

  it.each([
    ['the timeline', true],
    ['history', false],
  ])('is known after a take-over from %s', async (_where, isHeld) => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    const first = routers.startRouter('a');
    await routers.send(pair, 'ann');
    if (isHeld) await history.hold();
    const reacted = await routers.act(pair, 'bob', react(1), { clientMsgId: 'x' });
    await first.stop();
    routers.startRouter('b');
    await routers.allOwned(1);
    history.release();
    expect(await routers.act(pair, 'bob', react(1), { clientMsgId: 'x', isRetry: true })).toMatchObject({ error: 0, seq: reacted.seq });
    expect(await routers.act(pair, 'bob', react(1))).toMatchObject({ error: 0, seq: 0 });
    expect(await routers.timeline()).toHaveLength(2);
  });
});

describe('what is erased', () => {
  it('is an event of the back end; the words of the user are gone for acts, and a new user of that id may speak', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann');
    await routers.send(pair, 'bob');
    const erase = { type: 'erase', value: { user: 'ann' } } as const;
    expect((await routers.act(pair, 'ann', erase)).error).toBe(codeOf('PERMISSION_DENIED'));
    expect(await routers.act(pair, '', erase, { isPrivileged: true })).toMatchObject({ error: 0, seq: 3 });
    expect((await routers.act(pair, 'bob', react(1))).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
    expect((await routers.act(pair, 'ann', react(2))).error).toBe(0);
    expect(await routers.send(pair, 'ann')).toMatchObject({ error: 0, seq: 5 });
    expect((await routers.act(pair, 'bob', react(5))).error).toBe(0);
  });

  it('is erased in a group that has ended as well', async () => {
    await using routers = await openTeam();
    await routers.send(team, 'bob');
    await routers.change(team, { closed: true, version: 2 });
    const erase = { type: 'erase', value: { user: 'bob' } } as const;
    expect((await routers.act(team, '', erase, { isPrivileged: true })).error).toBe(0);
    expect((await routers.act('g:none', '', erase, { isPrivileged: true })).error).toBe(codeOf('CONVERSATION_NOT_FOUND'));
    expect((await routers.act(team, 'bob', react(2))).error).toBe(codeOf('CONVERSATION_NOT_FOUND'));
  });
});

describe('who types', () => {
  const typing: Kind = { type: 'typing', value: {} };

  it('is told to those who look, not to who types, and kept nowhere', async () => {
    await using routers = await open();
    for (const user of ['ann', 'bob']) await routers.subscribe(`user:${user}`);
    expect(await routers.act(pair, 'ann', typing)).toMatchObject({ error: 0, seq: 0 });
    const delivery = await routers.until(() => routers.deliveries[0]);
    expect(delivery).toMatchObject({ channels: ['user:bob'], isForLookers: true, priority: Priority.LOW, seq: 0, exceptConnection: 1 });
    expect(decodeConversationEvent(delivery.event)).toMatchObject({ sender: 'ann', body: { type: 'typing' } });
    expect(await routers.timeline()).toHaveLength(0);
  });

  it('is told in groups, but not of the muted, nor late, nor in large ones', async () => {
    await using routers = await openTeam();
    await routers.subscribe(team);
    await routers.act(team, 'bob', typing);
    expect(await routers.until(() => routers.deliveries[0])).toMatchObject({ channels: [team], isForLookers: true });
    const muted = [{ user: 'bob', untilMs: routers.clock.now() + 60_000 }];
    await routers.room(team, { change: { version: 2 }, isStored: true, speaking: { muted } });
    const joined = Array.from({ length: limits.receiptMembersMax }, (_, i) => `u${i}`);
    await routers.act(team, 'bob', typing);
    await routers.act(team, 'carl', typing, { ingressMs: routers.clock.now() - 6_000 });
    await routers.room(team, { change: { joined, version: 3 }, isStored: true });
    expect((await routers.act(team, 'carl', typing)).error).toBe(0);
    await routers.send(team, 'carl', { content: commandContent(), priority: Priority.LOW });
    await routers.until(() =>
      routers.deliveries.find(({ seq, priority, isForLookers }) => seq === 0 && priority === Priority.LOW && !isForLookers),
    );
    expect(routers.deliveries.filter(({ isForLookers }) => isForLookers)).toHaveLength(1);
  });
});

describe('reports', () => {
  it('are kept, and told to nobody', async () => {
    await using routers = await open();
    for (const user of ['ann', 'bob']) await routers.subscribe(`user:${user}`);
    await routers.send(pair, 'ann');
    expect(await routers.act(pair, 'bob', { type: 'report', value: { seq: 1, reason: 'rude' } })).toMatchObject({ error: 0, seq: 0 });
    expect((await routers.timeline()).at(-1)).toMatchObject({
      seq: 0,
      sender: 'bob',
      body: { type: 'reported', value: { seq: 1, reason: 'rude' } },
    });
    await routers.send(pair, 'ann');
    await routers.until(() => routers.deliveries.find(({ seq }) => seq === 2));
    expect(routers.deliveries.map(({ seq }) => seq)).toEqual([1, 2]);
  });
});
