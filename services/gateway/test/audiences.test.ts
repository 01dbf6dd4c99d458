import { describe, expect, it } from '@jest/globals';
import { type DeliveryInit, LinkClass } from '@parley/contracts/router';
import { decodeConversationEvent, Priority } from '@parley/wire';
import { gatewayLimits } from '../src/index.js';
import { eventBytes, Harness, tokenOf } from './harness.js';
import type { TestClient } from './test-client.js';

const conversation = 'g:team';
const idsOf = (client: TestClient): string[] =>
  client.pushed('event').map((bytes) => {
    const { messageId, seq } = decodeConversationEvent(bytes);
    return messageId === '' ? `withheld ${seq}` : messageId;
  });
/** Waits until everything that was sent to the client before has arrived. */
const settled = (client: TestClient) => client.ask({ type: 'ping', value: {} });

async function team(harness: Harness, ...users: readonly string[]): Promise<TestClient[]> {
  for (const user of users) harness.history.join(user, conversation);
  const clients: TestClient[] = [];
  for (const user of users) clients.push(await harness.member(user));
  return clients;
}

describe('an event for some of a group', () => {
  const targeted = (seq: number, onlyTo: readonly string[], more: DeliveryInit = {}): DeliveryInit => ({
    ...{ channels: [conversation], conversation, seq, onlyTo, event: eventBytes({ conversation, seq, messageId: `m${seq}` }) },
    withheld: eventBytes({ conversation, seq }),
    ...more,
  });

  it('reaches every session of theirs; the others get an empty place', async () => {
    await using harness = await Harness.start();
    const [alice, bob, carol] = await team(harness, 'alice', 'bob', 'carol');
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('unreachable');
    const tablet = await harness.member('bob', 'tablet');
    harness.router.deliver(targeted(6, ['alice', 'bob']));
    harness.router.deliver({ ...targeted(7, []), withheld: new Uint8Array(0) });
    for (const client of [alice, bob, tablet, carol]) await settled(client);
    for (const client of [alice, bob, tablet]) expect(idsOf(client)).toEqual(['m6', 'm7']);
    expect(idsOf(carol)).toEqual(['withheld 6', 'm7']);
  });

  it('is nothing at all for the others where nothing stands in its place', async () => {
    await using harness = await Harness.start();
    const [alice, bob] = await team(harness, 'alice', 'bob');
    if (alice === undefined || bob === undefined) throw new Error('unreachable');
    const nothing = { withheld: new Uint8Array(0) };
    harness.router.deliver(targeted(0, ['alice'], { channels: [conversation, 'user:bob', 'user:alice'], ...nothing }));
    for (const client of [alice, bob]) await settled(client);
    expect(idsOf(alice)).toEqual(['m0']);
    expect(idsOf(bob)).toEqual([]);
  });

  it('counts as missed by those who were away only where it would have reached them', async () => {
    await using harness = await Harness.start();
    await team(harness, 'carol');
    const keys = new Map<string, string>();
    for (const user of ['alice', 'bob']) {
      harness.history.join(user, conversation);
      const client = await harness.client();
      keys.set(user, (await client.login(tokenOf(user))).resumeKey);
      await client.ask({ type: 'sync', value: {} });
      client.socket.terminate();
      await harness.router.until(() => harness.router.subscriptions.get(`app/user:${user}`) === false);
    }
    harness.router.deliver(targeted(0, ['alice'], { withheld: new Uint8Array(0) }));
    for (const [user, isComplete] of [
      ['alice', false],
      ['bob', true],
    ] as const) {
      const again = await harness.client();
      expect(await again.login(tokenOf(user), 'phone', keys.get(user))).toMatchObject({ isResumed: true, isComplete });
    }
  });
});

describe('typing', () => {
  const typing = (sender: string, isOver = false, more: DeliveryInit = {}): DeliveryInit => ({
    ...{ channels: [conversation], conversation, priority: Priority.LOW, isForLookers: true },
    event: eventBytes({
      conversation,
      sender,
      messageId: `${sender}${isOver ? ' is over' : ''}`,
      body: { type: 'typing', value: { isOver } },
    }),
    ...more,
  });
  const look = (at: string) => ({ type: 'look', value: { conversation: at } }) as const;
  const tell = (harness: Harness, delivery: DeliveryInit): void => harness.router.deliver(delivery, LinkClass.NORMAL);

  it('is told to connections that look at the conversation, and to no others', async () => {
    await using harness = await Harness.start();
    const [alice, bob, carol] = await team(harness, 'alice', 'bob', 'carol');
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('unreachable');
    const tablet = await harness.member('alice', 'tablet');
    const outsider = await harness.member('dave');
    for (const client of [alice, bob, outsider]) expect(await client.ask(look(conversation))).toEqual({ type: 'done', value: {} });
    await carol.ask(look('g:other'));
    tell(harness, typing('bob'));
    for (const client of [alice, bob, carol, tablet, outsider]) await settled(client);
    expect(idsOf(alice)).toEqual(['bob']);
    // Not to who types, on whatever device; not to who looks elsewhere; not to who is no member.
    for (const client of [bob, carol, tablet, outsider]) expect(idsOf(client)).toEqual([]);
    await alice.ask(look(''));
    tell(harness, typing('carol'));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['bob']);
  });

  it('in a conversation of two is told on the channel of the user', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    await alice.ask(look('u:alice|bob'));
    tell(harness, typing('bob', false, { channels: ['user:alice'], conversation: 'u:alice|bob' }));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['bob']);
  });

  it('is told once per user, conversation and two seconds, and so is its end', async () => {
    await using harness = await Harness.start();
    const [alice] = await team(harness, 'alice');
    if (alice === undefined) throw new Error('unreachable');
    await alice.ask(look(conversation));
    for (let i = 0; i < 5; i++) for (const sender of ['bob', 'carol']) tell(harness, typing(sender));
    for (let i = 0; i < 5; i++) tell(harness, typing('bob', true));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['bob', 'carol', 'bob is over']);
    harness.clock.freeze(gatewayLimits.typingEveryMs);
    for (let i = 0; i < 3; i++) tell(harness, typing('bob'));
    await settled(alice);
    expect(idsOf(alice).slice(3)).toEqual(['bob']);
  });

  it('is not missed by who was away: the session goes on as complete', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', conversation);
    const alice = await harness.client();
    const { resumeKey } = await alice.login(tokenOf('alice'));
    await alice.ask({ type: 'sync', value: {} });
    await alice.ask(look(conversation));
    alice.socket.terminate();
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    tell(harness, typing('bob'));
    const again = await harness.client();
    expect(await again.login(tokenOf('alice'), 'phone', resumeKey)).toMatchObject({ isComplete: true });
  });

  it.each([
    ['x', 'INVALID_ARGUMENT'],
    ['u:bob|carol', 'CONVERSATION_NOT_FOUND'],
  ])('is not to be had by looking at %s', async (at, name) => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    expect(await alice.ask(look(at))).toMatchObject({ type: 'error', value: { name } });
  });
});
