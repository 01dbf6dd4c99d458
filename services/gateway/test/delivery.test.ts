import { describe, expect, it } from '@jest/globals';
import { type DeliveryInit, LinkClass } from '@parley/contracts/router';
import { ParleyError } from '@parley/kernel';
import { closeCodes, decodeConversationEvent, Priority } from '@parley/wire';
import { gatewayLimits } from '../src/index.js';
import { app, eventBytes, Harness, tokenOf } from './harness.js';
import type { TestClient } from './test-client.js';

interface EventOptions {
  readonly seq?: number;
  readonly priority?: Priority;
  readonly conversation?: string;
}

/** A delivery with an event that is known by its message id. */
function event(messageId: string, channels: readonly string[], options: EventOptions = {}): DeliveryInit {
  const { seq = 0, priority = Priority.MEDIUM, conversation = channels[0] ?? '' } = options;
  return { channels, conversation, seq, priority, event: eventBytes({ conversation, seq, messageId, priority }) };
}

const idsOf = (client: TestClient): string[] => client.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId);

/** Waits until everything that was sent to the client before has arrived. */
const settled = (client: TestClient) => client.ask({ type: 'ping', value: {} });

async function pingUntil(client: TestClient, condition: () => boolean): Promise<void> {
  while (!condition()) await settled(client);
}

describe('deliveries', () => {
  it('reach all sessions of a user, once each, and not the connection that sent it', async () => {
    await using harness = await Harness.start();
    const phone = await harness.member('alice', 'phone');
    const tablet = await harness.member('alice', 'tablet');
    harness.history.join('alice', 'g:team');
    const sent = { ...event('m1', ['user:alice', 'user:bob', 'user:alice'], { seq: 1 }), exceptPeer: 'gateway-1', exceptConnection: 1 };
    harness.router.deliver(sent);
    harness.router.deliver({ ...event('m2', ['user:alice'], { seq: 2 }), exceptPeer: 'gateway-2', exceptConnection: 1 });
    await settled(phone);
    await settled(tablet);
    expect(idsOf(phone)).toEqual(['m2']);
    expect(idsOf(tablet)).toEqual(['m1', 'm2']);
  });

  it('stay within the app', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.router.deliver({ ...event('m1', ['user:alice']), app: 'other' });
    await settled(alice);
    expect(idsOf(alice)).toEqual([]);
  });

  it('carry the event’s bytes as they are', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const delivery = event('m1', ['user:alice'], { seq: 3 });
    harness.router.deliver(delivery);
    await settled(alice);
    expect(Buffer.from(alice.pushed('event')[0] ?? [])).toEqual(Buffer.from(delivery.event ?? []));
  });

  it('of one tick travel in one message, urgent first', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const before = alice.messages.length;
    for (let i = 0; i < 20; i++) harness.router.deliver(event(`low${i}`, ['user:alice'], { priority: Priority.LOW }));
    for (let i = 0; i < 20; i++) harness.router.deliver(event(`medium${i}`, ['user:alice']));
    harness.router.deliver(event('high', ['user:alice'], { priority: Priority.HIGH }));
    await alice.until(() => idsOf(alice).length === 41);
    expect(idsOf(alice)[0]).toBe('high');
    expect(idsOf(alice).slice(1, 21)).toEqual(Array.from({ length: 20 }, (_, i) => `medium${i}`));
    expect(alice.messages.length - before).toBe(3);
  });
});

describe('membership', () => {
  it('of a user’s groups is taken from history at login, before a sync is answered', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const alice = await harness.member('alice');
    harness.router.deliver(event('m1', ['g:team'], { seq: 6 }));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['m1']);
    expect(harness.history.lists.filter((list) => list.changedSinceMs === undefined)).toHaveLength(2);
    expect(alice.pushed('headMoved')).toEqual([]);
  });

  it('lets a sync wait until the subscriptions are active', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    harness.router.activatesByItself = false;
    const alice = await harness.client();
    await alice.login(tokenOf('alice'));
    const sync = alice.send({ type: 'sync', value: {} });
    harness.router.activate('user:alice');
    await harness.router.until(() => harness.router.subscriptions.has('app/g:team'));
    await settled(alice);
    expect(alice.frames.some((frame) => frame.id === sync)).toBe(false);
    harness.router.activate('g:team');
    expect(await alice.answer(sync)).toMatchObject({
      type: 'syncResult',
      value: { cursor: '1000:epoch-1', conversations: [{ conversation: 'g:team' }] },
    });
  });

  it('answers a sync with UNAVAILABLE when the subscriptions do not come', async () => {
    await using harness = await Harness.start();
    harness.router.activatesByItself = false;
    const alice = await harness.client();
    await alice.login(tokenOf('alice'));
    const sync = alice.send({ type: 'sync', value: {} });
    await settled(alice);
    harness.clock.skip(gatewayLimits.readyWithinMs + 1);
    expect(await alice.answer(sync)).toMatchObject({ value: { name: 'UNAVAILABLE' } });
  });

  it('is asked for again while history cannot answer', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    harness.history.failure = new ParleyError('UNAVAILABLE');
    const alice = await harness.client();
    await alice.login(tokenOf('alice'));
    await harness.history.until(() => harness.history.lists.length === 1);
    harness.history.failure = undefined;
    await settled(alice);
    harness.clock.skip(6_000);
    expect((await alice.ask({ type: 'sync', value: {} })).type).toBe('syncResult');
    harness.router.deliver(event('m1', ['g:team'], { seq: 6 }));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['m1']);
  });

  it('begins with the joining on the channel and ends with the leaving, both seen', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    const { router } = harness;
    router.deliver(event('before', ['g:team'], { seq: 6 }));
    router.control({ ...event('join', ['g:team'], { seq: 7 }), control: { channel: 'g:team', joined: ['bob'] } });
    router.deliver(event('within', ['g:team'], { seq: 8 }));
    router.deliver(event('within2', ['g:team'], { seq: 9 }), LinkClass.NORMAL);
    router.control({ ...event('leave', ['g:team'], { seq: 10 }), control: { channel: 'g:team', left: ['bob'] } });
    router.deliver(event('after', ['g:team'], { seq: 11 }));
    router.deliver(event('after2', ['g:team'], { seq: 12 }), LinkClass.NORMAL);
    await settled(alice);
    await settled(bob);
    expect(idsOf(alice)).toHaveLength(7);
    expect(idsOf(bob).sort()).toEqual(['join', 'leave', 'within', 'within2']);
  });

  it('takes effect on each link class at its own place', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    await harness.member('alice');
    const bob = await harness.member('bob');
    const { router } = harness;
    const join = { ...event('join', ['g:team'], { seq: 7 }), control: { channel: 'g:team', joined: ['bob'] } };
    router.deliver(join, LinkClass.URGENT);
    router.deliver(event('normal, older than the join', ['g:team']), LinkClass.NORMAL);
    router.deliver(event('urgent', ['g:team']), LinkClass.URGENT);
    router.deliver({ ...join, event: new Uint8Array(0) }, LinkClass.NORMAL);
    router.deliver(event('normal', ['g:team']), LinkClass.NORMAL);
    await settled(bob);
    expect(idsOf(bob)).toEqual(['join', 'urgent', 'normal']);
  });

  it('ends for everybody when the channel is closed, after the notice', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const alice = await harness.member('alice');
    harness.router.control({ ...event('closed', ['g:team'], { seq: 7 }), control: { channel: 'g:team', closed: true } });
    harness.router.deliver(event('after', ['g:team'], { seq: 8 }));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['closed']);
  });

  it('in a channel that is not heard yet: subscribes, and tells the head of what may have been missed', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.history.join('alice', 'g:new', 12, 10);
    const control = { channel: 'g:new', joined: ['alice'] };
    harness.router.control({ ...event('join', ['g:new', 'user:alice'], { seq: 10 }), control });
    expect(await alice.nextPush('headMoved')).toEqual({ conversation: 'g:new', headSeq: 12 });
    harness.router.deliver(event('too old', ['g:new'], { seq: 9 }));
    harness.router.deliver(event('m13', ['g:new'], { seq: 13 }));
    await settled(alice);
    expect(idsOf(alice)).toEqual(['join', 'm13']);
  });

  it('believes the channel more than an answer that was under way', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    await harness.member('alice');
    harness.history.join('bob', 'g:team');
    let open = (): void => undefined;
    harness.history.gate = new Promise((resolve) => {
      open = resolve;
    });
    const bob = await harness.client();
    await bob.login(tokenOf('bob'));
    const asked = harness.history.lists.length;
    await harness.history.until(() => harness.history.lists.some((list) => list.user === 'bob'));
    expect(harness.history.lists.length).toBeGreaterThanOrEqual(asked);
    harness.router.control({ ...event('leave', ['g:team'], { seq: 7 }), control: { channel: 'g:team', left: ['bob'] } });
    open();
    await bob.ask({ type: 'sync', value: {} });
    harness.router.deliver(event('after', ['g:team'], { seq: 8 }));
    await settled(bob);
    expect(idsOf(bob)).toEqual([]);
  });

  it('is asked for again when a channel became active only while history was answering', async () => {
    await using harness = await Harness.start();
    const { history, router } = harness;
    for (const user of ['alice', 'bob']) history.join(user, 'g:team');
    router.activatesByItself = false;
    for (const user of ['alice', 'bob']) await (await harness.client()).login(tokenOf(user));
    router.activate('user:alice');
    await router.until(() => router.subscriptions.has('app/g:team'));
    let open = (): void => undefined;
    history.gate = new Promise((resolve) => {
      open = resolve;
    });
    const asked = (): number => history.lists.filter((list) => list.user === 'bob').length;
    router.activate('user:bob');
    await history.until(() => asked() === 1);
    router.activate('g:team');
    open();
    await history.until(() => asked() === 2);
  });

  it('after an interruption is asked for again, and nothing is delivered until it is known', async () => {
    await using harness = await Harness.start();
    for (const user of ['alice', 'bob']) harness.history.join(user, 'g:team');
    const alice = await harness.member('alice');
    const bob = await harness.member('bob');
    let open = (): void => undefined;
    harness.history.gate = new Promise((resolve) => {
      open = resolve;
    });
    harness.history.members = ['alice'];
    harness.history.headSeq = 20;
    harness.router.activate('g:team', false, 20);
    await harness.history.until(() => harness.history.filters.length === 1);
    harness.router.deliver(event('held back', ['g:team'], { seq: 21 }));
    open();
    expect(await alice.nextPush('headMoved')).toEqual({ conversation: 'g:team', headSeq: 21 });
    harness.router.deliver(event('m22', ['g:team'], { seq: 22 }));
    await settled(alice);
    await settled(bob);
    expect(idsOf(alice)).toEqual(['m22']);
    expect(idsOf(bob)).toEqual([]);
    expect(bob.pushed('headMoved')).toEqual([]);
  });

  it('of a user is compared again after an interruption of its own channel', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const alice = await harness.member('alice');
    harness.history.leave('alice', 'g:team');
    const asked = harness.history.lists.length;
    harness.router.activate('user:alice', false);
    await alice.nextPush('resyncNeeded');
    await harness.history.until(() => harness.history.lists.length > asked);
    await alice.ask({ type: 'sync', value: {} });
    harness.router.deliver(event('after', ['g:team'], { seq: 8 }));
    await settled(alice);
    expect(idsOf(alice)).toEqual([]);
  });

  it('costs no subscription for long once nobody needs it', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const alice = await harness.member('alice');
    await alice.ask({ type: 'logout', value: {} });
    expect(harness.router.subscriptions.has('app/g:team')).toBe(true);
    harness.clock.skip(gatewayLimits.unusedKeptMs + 1_000);
    await harness.router.until(() => harness.router.subscriptions.size === 0);
  });
});

describe('resume', () => {
  it('takes a session up again with its subscriptions, complete when nothing happened', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const first = await harness.client();
    const { resumeKey, session } = await first.login(tokenOf('alice'));
    await first.ask({ type: 'sync', value: {} });
    first.socket.terminate();
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    const again = await harness.client();
    const resumed = await again.login(tokenOf('alice'), 'phone', resumeKey);
    expect(resumed).toMatchObject({ session, isResumed: true, isComplete: true });
    expect(resumed.resumeKey).not.toBe(resumeKey);
    expect(harness.router.presence).toEqual(['user:alice=true', 'g:team=false', 'user:alice=false', 'user:alice=true']);
    harness.router.deliver(event('m1', ['g:team'], { seq: 6 }));
    await settled(again);
    expect(idsOf(again)).toEqual(['m1']);
  });

  it('says so when events came meanwhile', async () => {
    await using harness = await Harness.start();
    const first = await harness.client();
    const { resumeKey } = await first.login(tokenOf('alice'));
    await first.ask({ type: 'sync', value: {} });
    first.socket.terminate();
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    harness.router.deliver(event('missed', ['user:alice'], { seq: 1 }));
    const again = await harness.client();
    expect(await again.login(tokenOf('alice'), 'phone', resumeKey)).toMatchObject({ isResumed: true, isComplete: false });
  });

  it('is incomplete when an event was sent shortly before the connection was lost', async () => {
    await using harness = await Harness.start();
    const first = await harness.client();
    const { resumeKey } = await first.login(tokenOf('alice'));
    await first.ask({ type: 'sync', value: {} });
    harness.router.deliver(event('in flight', ['user:alice'], { seq: 1 }));
    first.socket.terminate();
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    const again = await harness.client();
    expect(await again.login(tokenOf('alice'), 'phone', resumeKey)).toMatchObject({ isResumed: true, isComplete: false });
  });

  it('replaces a connection that is still there', async () => {
    await using harness = await Harness.start();
    const first = await harness.client();
    const { resumeKey } = await first.login(tokenOf('alice'));
    const again = await harness.client();
    expect(await again.login(tokenOf('alice'), 'phone', resumeKey)).toMatchObject({ isResumed: true, isComplete: false });
    expect(await first.closed()).toBe(closeCodes.SESSION_REPLACED);
    expect((await again.ask({ type: 'ping', value: {} })).type).toBe('pong');
    expect(harness.router.presence).toEqual(['user:alice=true']);
  });

  it.each<[string, (key: string) => string, string, string]>([
    ['a wrong secret', (key) => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, 'alice', 'phone'],
    ['an unknown session', (key) => `x${key}`, 'alice', 'phone'],
    ['nonsense', () => '...', 'alice', 'phone'],
    ['the key of another user', (key) => key, 'bob', 'phone'],
    ['the key of another device', (key) => key, 'alice', 'tablet'],
  ])('ignores %s', async (_what, change, user, device) => {
    await using harness = await Harness.start();
    const first = await harness.client();
    const { resumeKey } = await first.login(tokenOf('alice'));
    const again = await harness.client();
    expect((await again.login(tokenOf(user), device, change(resumeKey))).isResumed).toBe(false);
  });

  it('works once per key', async () => {
    await using harness = await Harness.start();
    const first = await harness.client();
    const { resumeKey } = await first.login(tokenOf('alice'));
    const second = await harness.client();
    await second.login(tokenOf('alice'), 'phone', resumeKey);
    const third = await harness.client();
    expect((await third.login(tokenOf('alice'), 'phone', resumeKey)).isResumed).toBe(false);
  });

  it('is over after the time a session is kept', async () => {
    await using harness = await Harness.start({ appOf: () => app });
    const first = await harness.client();
    const { resumeKey } = await first.login(tokenOf('alice'));
    first.socket.terminate();
    await harness.router.until(() => harness.router.subscriptions.get('app/user:alice') === false);
    harness.clock.skip(gatewayLimits.resumeWithinMs + 1_000);
    const again = await harness.client();
    expect((await again.login(tokenOf('alice'), 'phone', resumeKey)).isResumed).toBe(false);
    await pingUntil(again, () => harness.router.subscriptions.get('app/user:alice') === true);
  });
});
