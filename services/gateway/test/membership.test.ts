import { describe, expect, it } from '@jest/globals';
import { LinkClass } from '@parley/contracts/router';
import { decodeConversationEvent } from '@parley/wire';
import { eventBytes, Harness } from './harness.js';

describe('a membership', () => {
  it('that ended before its channel was heard is not missed: clients are told how far it went', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    const ended = { conversation: 'g:brief', headSeq: 3, firstSeq: 1, updatedMs: 1, isMember: false, memberSinceSeq: 0 };
    harness.history.conversations.set('alice', [ended]);
    harness.router.deliver({ channels: ['user:alice'], seq: 1, control: { channel: 'g:brief', joined: ['alice'] } });
    expect(await alice.nextPush('headMoved')).toEqual({ conversation: 'g:brief', headSeq: 3 });
  });

  it('that ended according to history before the channel said so is told of as well', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team', 5);
    const alice = await harness.member('alice');
    const ended = { conversation: 'g:team', headSeq: 8, firstSeq: 1, updatedMs: 1, isMember: false, memberSinceSeq: 0 };
    harness.history.join('alice', 'g:other');
    const others = harness.history.conversations.get('alice')?.filter(({ conversation }) => conversation === 'g:other') ?? [];
    harness.history.conversations.set('alice', [ended, ...others]);
    harness.router.deliver({ channels: ['user:alice'], seq: 1, control: { channel: 'g:other', joined: ['alice'] } });
    await alice.until(() => alice.pushed('headMoved').some(({ conversation, headSeq }) => conversation === 'g:team' && headSeq === 8));
  });

  it('that ended unheard makes clients sync where history does not know how far it went', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    harness.router.deliver({ channels: ['user:alice'], seq: 1, control: { channel: 'g:brief', joined: ['alice'] } });
    expect(await alice.nextPush('resyncNeeded')).toEqual({});
  });

  it('that was resumed hears nothing of what was said in between, though that is still on its way', async () => {
    await using harness = await Harness.start();
    harness.history.join('bob', 'g:team');
    await harness.member('bob');
    const alice = await harness.member('alice');
    const resumed = { conversation: 'g:team', headSeq: 12, firstSeq: 1, updatedMs: 1, isMember: true, memberSinceSeq: 12 };
    harness.history.conversations.set('alice', [resumed]);
    harness.router.deliver({ channels: ['user:alice'], seq: 12, control: { channel: 'g:team', joined: ['alice'] } });
    await alice.nextPush('headMoved');
    for (const seq of [11, 13]) {
      const bytes = eventBytes({ conversation: 'g:team', seq, messageId: `m${seq}` });
      harness.router.deliver({ channels: ['g:team'], conversation: 'g:team', seq, event: bytes }, LinkClass.NORMAL);
    }
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event').map((event) => decodeConversationEvent(event).messageId)).toEqual(['m13']);
  });

  it('is told up to where others heard the channel while history was asked about it', async () => {
    await using harness = await Harness.start();
    harness.history.join('bob', 'g:team');
    await harness.member('bob');
    const alice = await harness.member('alice');
    let answers = (): void => {};
    harness.history.gate = new Promise((resolve) => {
      answers = resolve;
    });
    const joined = { conversation: 'g:team', headSeq: 5, firstSeq: 1, updatedMs: 1, isMember: true, memberSinceSeq: 1 };
    harness.history.conversations.set('alice', [joined]);
    harness.router.deliver({ channels: ['user:alice'], seq: 1, control: { channel: 'g:team', joined: ['alice'] } });
    const event = eventBytes({ conversation: 'g:team', seq: 9, messageId: 'm9' });
    harness.router.deliver({ channels: ['g:team'], conversation: 'g:team', seq: 9, event }, LinkClass.NORMAL);
    answers();
    expect(await alice.nextPush('headMoved')).toEqual({ conversation: 'g:team', headSeq: 9 });
  });

  it('that ended during an interruption makes clients sync', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'g:team');
    const alice = await harness.member('alice');
    harness.history.members = [];
    harness.history.headSeq = 20;
    harness.router.activate('g:team', false, 20);
    expect(await alice.nextPush('resyncNeeded')).toEqual({});
  });

  it('is heard once entering a room has been answered, messages that are not stored included', async () => {
    await using harness = await Harness.start();
    const { router, history } = harness;
    const alice = await harness.member('alice');
    router.activatesByItself = false;
    history.join('alice', 'r:hall');
    let isAnswered = false;
    const entered = alice.ask({ type: 'enterRoom', value: { room: 'hall' } }).then(() => {
      isAnswered = true;
    });
    await router.until(() => router.subscriptions.has('app/r:hall'));
    await alice.ask({ type: 'ping', value: {} });
    expect(isAnswered).toBe(false);
    router.activate('r:hall');
    await entered;
    router.deliver({ channels: ['r:hall'], conversation: 'r:hall', event: eventBytes({ conversation: 'r:hall', messageId: 'wave' }) });
    await alice.ask({ type: 'ping', value: {} });
    expect(alice.pushed('event').map((bytes) => decodeConversationEvent(bytes).messageId)).toEqual(['wave']);
  });
});
