import { describe, expect, it } from '@jest/globals';
import { type Delivery, LinkClass } from '@parley/contracts/router';
import { topics } from '@parley/contracts/topics';
import { errorTable, systemClock } from '@parley/kernel';
import { decodeConversationEvent } from '@parley/wire';
import { commandContent, emptyHistory, RouterFixture, textContent } from './testing/router-fixture.js';

const pair = 'u:ann|bob';

const summary = ({ control, event }: Delivery): string => {
  if (control === undefined) return 'message';
  return `${control.left.length > 0 ? 'left' : 'joined'}${event.length === 0 ? ', no event' : ''}`;
};

describe('router', () => {
  it('gives messages dense seqs from 1 and acknowledges them once they are in the timeline', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    for (const seq of [1, 2, 3]) expect(await routers.send(pair, 'ann')).toMatchObject({ error: 0, seq });
    expect((await routers.timeline()).map((event) => event.seq)).toEqual([1, 2, 3]);
  });

  it('answers a repeated send with its first place and stores it once', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    const first = await routers.send(pair, 'ann', { clientMsgId: 'x' });
    const again = await routers.send(pair, 'ann', { clientMsgId: 'x', isRetry: true });
    expect(again).toMatchObject({ error: 0, seq: first.seq, messageId: first.messageId });
    expect(await routers.timeline()).toHaveLength(1);
  });

  it('refuses the same id with another body', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    await routers.send(pair, 'ann', { clientMsgId: 'x' });
    const other = await routers.send(pair, 'ann', { clientMsgId: 'x', content: textContent('other') });
    expect(other.error).toBe(errorTable.IDEMPOTENCY_CONFLICT.code);
  });

  it('finds an old retry in history instead of storing it again', async () => {
    await using routers = await RouterFixture.open({
      ...emptyHistory,
      findSend: async () => ({ found: true, seq: 41, messageId: 'old', timeMs: 5, bodyHash: 0 }),
    });
    routers.startRouter('a');
    const retry = await routers.send(pair, 'ann', { isRetry: true });
    expect(retry.error).toBe(errorTable.IDEMPOTENCY_CONFLICT.code);
    expect(await routers.timeline()).toHaveLength(0);
  });

  it('is not caught up while the take-over of a partition is tried again', async () => {
    let answers = (): void => {};
    const historyIsBack = new Promise<void>((resolve) => {
      answers = resolve;
    });
    let failures = 0;
    await using routers = await RouterFixture.open(
      {
        ...emptyHistory,
        getCheckpoint: async (request) => {
          if (request.partition === 1 && failures++ === 0) throw new Error('nobody serves history yet');
          if (request.partition === 1) await historyIsBack;
          return { offset: 0, fence: 0, index: 0 };
        },
      },
      2,
    );
    const { service } = routers.startRouter('a');
    const settled = async (isSettled: () => boolean): Promise<void> => {
      while (!isSettled()) {
        expect(service.owned.unreadyReason).toBeDefined();
        await new Promise(setImmediate);
      }
    };
    await settled(() => service.owned.servedCount === 1 && failures === 2);
    answers();
    await settled(() => service.owned.servedCount === 2);
    expect(service.owned.unreadyReason).toBeUndefined();
  });

  it('lets only the two users write to their conversation', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    expect((await routers.send(pair, 'eve')).error).toBe(errorTable.CONVERSATION_NOT_FOUND.code);
  });

  it('puts membership into the order of the group: before it refused, within accepted, after it refused', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    expect((await routers.send('g:team', 'ann')).error).toBe(errorTable.CONVERSATION_NOT_FOUND.code);
    expect(await routers.change('g:team', { joined: ['ann', 'bob'], version: 1 })).toMatchObject({ error: 0, seq: 1 });
    expect(await routers.send('g:team', 'ann')).toMatchObject({ error: 0, seq: 2 });
    expect(await routers.change('g:team', { left: ['ann'], version: 2 })).toMatchObject({ error: 0, seq: 3 });
    expect((await routers.send('g:team', 'ann')).error).toBe(errorTable.CONVERSATION_NOT_FOUND.code);
    expect((await routers.timeline()).map((event) => event.seq)).toEqual([1, 2, 3]);
  });

  it('applies a forwarded membership change once', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    await routers.change('g:team', { joined: ['ann'], version: 1 });
    await routers.change('g:team', { joined: ['ann'], version: 1 });
    expect(await routers.timeline()).toHaveLength(1);
  });

  it('delivers to both users of a conversation, once per process, and marks the sender’s connection', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    await routers.subscribe('user:ann');
    await routers.subscribe('user:bob');
    await routers.send(pair, 'ann');
    const delivery = await routers.until(() => routers.deliveries[0]);
    expect(delivery).toMatchObject({ channels: ['user:ann', 'user:bob'], exceptPeer: 'gateway', exceptConnection: 1, seq: 1 });
    expect(decodeConversationEvent(delivery.event)).toMatchObject({ conversation: pair, sender: 'ann', seq: 1 });
  });

  it.each([
    ['the router that decides', 1, ['a']],
    ['another router as well', 16, ['a', 'b']],
  ] as const)('tells membership changes on both link classes in the order of the channel: channels of %s', async (_what, partitions, names) => {
    await using routers = await RouterFixture.open(emptyHistory, partitions);
    for (const name of names) routers.startRouter(name);
    await routers.allOwned(names.length);
    // Of two routers each owns the channels of some of them.
    const users = ['bob', 'carl', 'dora', 'eve', 'finn', 'gus'];
    for (const channel of ['g:team', ...users.map((user) => `user:${user}`)]) await routers.subscribe(channel);
    await routers.change('g:team', { joined: ['ann', ...users], version: 1 });
    await routers.send('g:team', 'ann');
    await routers.change('g:team', { left: users, version: 2 });
    await routers.send('g:team', 'ann');
    const normal = await routers.heard(LinkClass.NORMAL, 'g:team', 4);
    expect(normal.map(summary)).toEqual(['joined, no event', 'message', 'left, no event', 'message']);
    expect((await routers.heard(LinkClass.URGENT, 'g:team', 2)).map(summary)).toEqual(['joined', 'left']);
    for (const user of users) {
      expect((await routers.heard(LinkClass.URGENT, `user:${user}`, 1)).map(summary)).toEqual(['joined']);
      expect((await routers.heard(LinkClass.NORMAL, `user:${user}`, 1)).map(summary)).toEqual(['joined, no event']);
    }
  });

  it('passes transient messages on without storing them', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    await routers.subscribe('user:bob');
    expect(await routers.send(pair, 'ann', { content: commandContent() })).toMatchObject({ error: 0, seq: 0 });
    expect(await routers.until(() => routers.deliveries[0])).toMatchObject({ seq: 0 });
    expect(await routers.timeline()).toHaveLength(0);
  });

  it('refuses what waited too long in its lane', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    const stale = await routers.send(pair, 'ann', { ingressMs: systemClock.now() - 60_000 });
    expect(stale.error).toBe(errorTable.OVERLOADED.code);
  });

  it('keeps an undecodable lane record as a dead letter and goes on', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    await routers.log.append(topics.lanes.medium, 0, [{ value: Uint8Array.of(0xff, 0xff, 0xff) }]);
    expect(await routers.send(pair, 'ann')).toMatchObject({ error: 0, seq: 1 });
    expect(await routers.log.read(topics.deadLetters, 0, 0)).toHaveLength(1);
  });

  it('continues the order after a take-over, and remembers what was sent', async () => {
    await using routers = await RouterFixture.open();
    const first = routers.startRouter('a');
    await routers.change('g:team', { joined: ['ann'], version: 1 });
    await routers.send('g:team', 'ann', { clientMsgId: 'x' });
    await first.stop();
    routers.startRouter('b');
    expect(await routers.send('g:team', 'ann', { clientMsgId: 'x', isRetry: true })).toMatchObject({ error: 0, seq: 2 });
    expect(await routers.send('g:team', 'ann')).toMatchObject({ error: 0, seq: 3 });
    expect((await routers.timeline()).map((event) => event.seq)).toEqual([1, 2, 3]);
  });

  it('subscribes channels again at the new owner, with the head they stand at', async () => {
    await using routers = await RouterFixture.open();
    const first = routers.startRouter('a');
    await routers.change('g:team', { joined: ['ann'], version: 1 });
    await routers.subscribe('g:team');
    await first.stop();
    routers.startRouter('b');
    const again = await routers.until(() => routers.subscriptions.find((each) => !each.isFirst));
    expect(again).toMatchObject({ channel: 'g:team', headSeq: 1 });
  });
});
