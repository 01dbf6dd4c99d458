import { describe, expect, it } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import { decodeConversationEvent, type MessageOptionsInit } from '@parley/wire';
import { commandContent, RouterFixture, type SendOptions } from './testing/router-fixture.js';
import { ProjectingHistory } from './testing/projecting-history.js';

const pair = 'u:ann|bob';
const team = 'g:team';
const codeOf = (name: keyof typeof errorTable): number => errorTable[name].code;

async function open(history = new ProjectingHistory()): Promise<RouterFixture> {
  const routers = await RouterFixture.open(history);
  routers.startRouter('a');
  await routers.room(team, { change: { joined: ['ann', 'bob', 'carl'], version: 1 }, isStored: true });
  return routers;
}

const optionsOf = async (routers: RouterFixture) => (await routers.timeline()).at(-1)?.options;
const reply = (seq: number): SendOptions => ({ options: { reply: { seq } } });

describe('options of a message', () => {
  it('go with it to everybody, as the sender set them', async () => {
    await using routers = await open();
    await routers.subscribe('user:bob');
    const options: MessageOptionsInit = {
      mentions: { users: ['bob'], isSilent: true },
      needsReceipt: true,
      push: { title: 'Hi', template: 'greeting' },
      forwarded: { sender: 'eve', timeMs: 7 },
    };
    await routers.send(pair, 'ann', { options });
    const delivery = await routers.until(() => routers.deliveries.find(({ conversation }) => conversation === pair));
    expect(decodeConversationEvent(delivery.event).options).toMatchObject(options);
  });

  it('of a reply name the thread and whom it answers', async () => {
    await using routers = await open();
    await routers.send(pair, 'bob');
    await routers.send(pair, 'ann', reply(1));
    expect((await optionsOf(routers))?.reply).toEqual({ seq: 1, rootSeq: 1, sender: 'bob' });
    await routers.send(pair, 'bob', reply(2));
    expect((await optionsOf(routers))?.reply).toEqual({ seq: 2, rootSeq: 1, sender: 'ann' });
  });

  it('cannot name a message that is not there: not yet, no more, or no message', async () => {
    await using routers = await open();
    await routers.send(team, 'bob');
    await routers.act(team, 'bob', { type: 'recall', value: { seq: 2 } });
    for (const seq of [1, 2, 9]) {
      const refused = await routers.send(team, 'ann', reply(seq));
      expect(refused.error).toBe(codeOf('MESSAGE_NOT_FOUND'));
      expect(refused.detail).toContain('reply');
    }
  });

  it('are part of what a repetition must equal', async () => {
    await using routers = await open();
    const first = await routers.send(pair, 'ann', { clientMsgId: 'x', options: { noUnread: true } });
    expect(await routers.send(pair, 'ann', { clientMsgId: 'x', options: { noUnread: true } })).toMatchObject({ error: 0, seq: first.seq });
    for (const other of [{}, { options: { needsReceipt: true } }, { options: { noUnread: true }, expiresAfterMs: 5_000 }]) {
      expect((await routers.send(pair, 'ann', { clientMsgId: 'x', ...other })).error).toBe(codeOf('IDEMPOTENCY_CONFLICT'));
    }
  });

  it('keep messages from counting as unread: silent, for some, imported', async () => {
    await using routers = await open();
    const silent: MessageOptionsInit[] = [{ noUnread: true }, { onlyTo: ['bob'] }, { originalMs: 5 }];
    for (const options of silent) await routers.send(team, 'ann', { options, isPrivileged: true });
    await routers.send(team, 'ann', { options: { needsReceipt: true } });
    expect((await routers.entries()).map(({ countable }) => countable)).toEqual([0, 0, 0, 0, 1]);
  });
});

describe('messages that go after a time', () => {
  it('say when: by the sender, or else by the conversation', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann', { expiresAfterMs: 5_000 });
    expect((await optionsOf(routers))?.expiresMs).toBe(routers.clock.now() + 5_000);
    await routers.act(pair, 'bob', { type: 'rules', value: { destroyAfterMs: 60_000 } });
    await routers.send(pair, 'ann');
    expect((await optionsOf(routers))?.expiresMs).toBe(routers.clock.now() + 60_000);
    await routers.send(pair, 'ann', { expiresAfterMs: 5_000 });
    expect((await optionsOf(routers))?.expiresMs).toBe(routers.clock.now() + 5_000);
    await routers.act(pair, 'bob', { type: 'rules', value: {} });
    await routers.send(pair, 'ann');
    expect(await optionsOf(routers)).toBeUndefined();
  });

  it('are no target of acts from then on', async () => {
    await using routers = await open();
    await routers.send(pair, 'ann', { expiresAfterMs: 5_000 });
    const react = { type: 'react', value: { seq: 1, reaction: '👍' } } as const;
    expect((await routers.act(pair, 'bob', react)).error).toBe(0);
    routers.clock.skip(5_000);
    expect((await routers.act(pair, 'ann', react)).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
    expect((await routers.send(pair, 'ann', reply(1))).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
  });
});

describe('a message for some members', () => {
  it('goes to them and its sender; the others get an empty place', async () => {
    await using routers = await open();
    await routers.subscribe(team);
    const { timeMs } = await routers.send(team, 'ann', { options: { onlyTo: ['bob'] }, isPrivileged: true });
    const delivery = await routers.until(() => routers.deliveries.find(({ seq }) => seq === 2));
    expect(delivery.onlyTo).toEqual(['bob', 'ann']);
    expect(decodeConversationEvent(delivery.event)).toMatchObject({ sender: 'ann', body: { type: 'content' } });
    const withheld = decodeConversationEvent(delivery.withheld);
    expect(withheld).toMatchObject({ conversation: team, seq: 2, timeMs, sender: '', messageId: '', clientMsgId: '' });
    expect([withheld.body, withheld.options]).toEqual([undefined, undefined]);
  });

  it('is the back end’s to send, and in groups only', async () => {
    await using routers = await open();
    const options = { onlyTo: ['bob'] };
    expect((await routers.send(team, 'ann', { options })).error).toBe(codeOf('INVALID_ARGUMENT'));
    expect((await routers.send(pair, 'ann', { options, isPrivileged: true })).error).toBe(codeOf('INVALID_ARGUMENT'));
  });

  it('is nothing for the others to act upon, and what is done to it is for the same', async () => {
    await using routers = await open();
    await routers.subscribe(team);
    await routers.send(team, 'ann', { options: { onlyTo: ['bob'] }, isPrivileged: true });
    const react = { type: 'react', value: { seq: 2, reaction: '👍' } } as const;
    expect((await routers.act(team, 'carl', react)).error).toBe(codeOf('MESSAGE_NOT_FOUND'));
    expect((await routers.act(team, 'bob', react)).error).toBe(0);
    const content = routers.sendOf(team, 'ann').body?.value;
    if (content === undefined || !('content' in content)) throw new Error('no content');
    await routers.act(team, 'ann', { type: 'edit', value: { seq: 2, content: content.content } });
    expect((await optionsOf(routers))?.onlyTo).toEqual(['bob', 'ann']);
    expect((await routers.act(team, 'ann', { type: 'recall', value: { seq: 2 } })).error).toBe(0);
    for (const [at, type] of [
      [3, 'reaction'],
      [4, 'edited'],
      [5, 'recalled'],
    ] as const) {
      const delivery = await routers.until(() => routers.deliveries.find(({ seq }) => seq === at));
      expect([delivery.onlyTo, decodeConversationEvent(delivery.event).body?.type]).toEqual([['bob', 'ann'], type]);
      expect(decodeConversationEvent(delivery.withheld)).toMatchObject({ seq: at, sender: '', body: undefined });
    }
  });
});

describe('slow mode', () => {
  const slowModeMs = 10_000;

  async function openSlow(): Promise<RouterFixture> {
    const routers = await open();
    await routers.room(team, { change: { version: 2 }, isStored: true, speaking: { slowModeMs, moderators: ['ann'] } });
    return routers;
  }

  it('holds members back, each by themselves, and says for how long', async () => {
    await using routers = await openSlow();
    expect((await routers.send(team, 'bob')).error).toBe(0);
    routers.clock.skip(4_000);
    expect(await routers.send(team, 'bob')).toMatchObject({ error: codeOf('RATE_LIMITED'), retryAfterMs: 6_000, detail: 'slow mode' });
    expect((await routers.send(team, 'carl')).error).toBe(0);
    routers.clock.skip(6_000);
    expect((await routers.send(team, 'bob')).error).toBe(0);
  });

  it('does not hold back moderators, the back end, repetitions and signals', async () => {
    await using routers = await openSlow();
    for (const options of [{}, {}]) expect((await routers.send(team, 'ann', options)).error).toBe(0);
    expect((await routers.send(team, 'bob', { clientMsgId: 'x' })).error).toBe(0);
    expect((await routers.send(team, 'bob', { clientMsgId: 'x', isRetry: true })).error).toBe(0);
    expect((await routers.send(team, 'bob', { isPrivileged: true })).error).toBe(0);
    expect((await routers.send(team, 'bob', { content: commandContent() })).error).toBe(0);
  });

  it.each([
    ['the timeline', true],
    ['history', false],
  ])('goes on after a take-over, by what %s says', async (_, isHeld) => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    const first = routers.startRouter('a');
    if (isHeld) await history.hold();
    await routers.room(team, { change: { joined: ['bob', 'carl'], version: 1 }, isStored: true, speaking: { slowModeMs } });
    await routers.send(team, 'carl');
    routers.clock.skip(6_000);
    await routers.send(team, 'bob');
    await first.stop();
    routers.startRouter('b');
    expect(await routers.send(team, 'bob')).toMatchObject({ error: codeOf('RATE_LIMITED'), retryAfterMs: 10_000 });
    expect(await routers.send(team, 'carl')).toMatchObject({ error: codeOf('RATE_LIMITED'), retryAfterMs: 4_000 });
    routers.clock.skip(4_000);
    expect((await routers.send(team, 'carl')).error).toBe(0);
  });
});
