import { expect } from '@jest/globals';
import { sleep, systemClock } from '@parley/kernel';
import type { SettingsPatch, TypingChanged } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { expectAlike } from '../world/server-view.js';
import { between } from '../world/world.js';
import type { Circle } from './circle.js';
import { socialRules } from './use-case-apps.js';

const keyEveryMs = 100;

export async function typeToOnlookers(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { conversation } = await circle.group();
  const [looking, elsewhere] = bob;
  await ann[0].send(conversation, 'hello');
  for (const device of [...bob, cid]) await device.sees(conversation, 'hello');
  looking.client.look(conversation);
  elsewhere.client.look(between(elsewhere.user, cid.user));
  // Looking is told on the same line as what is asked after it.
  for (const device of bob) await device.client.conversation(conversation).item();
  const typed = await typeUntil(
    ann[0],
    conversation,
    looking.until('typing', () => typingOn(looking).at(-1)),
  );
  expect(typed).toMatchObject({ user: ann[0].user, conversation, isTyping: true, seq: 0 });
  await ann[0].send(conversation, 'that was it');
  for (const device of circle.everybody) await device.sees(conversation, 'that was it');
  // Whoever has said it does not type any more.
  await looking.until('the end of typing', () => typingOn(looking).find(({ isTyping }) => !isTyping));
  for (const device of [...ann, elsewhere, cid]) expect(typingOn(device)).toEqual([]);
}

export async function reactTogether(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { conversation } = await circle.group();
  const { seq: target } = await ann[0].send(conversation, 'shall we?');
  for (const device of circle.everybody) await device.sees(conversation, 'shall we?');
  const on = ({ client }: Actor) => client.conversation(conversation);
  const all = [...ann, ...bob, cid].map((device) => on(device).react(target, '+1').done);
  const others = [on(bob[0]).react(target, 'party').done, on(cid).react(target, 'party').done, on(cid).react(target, '-1').done];
  await Promise.all([...all, ...others]);
  await Promise.all([on(cid).unreact(target, '+1').done, on(bob[1]).unreact(target, 'party').done]);
  const { seq } = await ann[1].send(conversation, 'counted');
  await circle.expectSame(conversation, seq);
  const counted = circle.viewOf(cid).message(conversation, target);
  // Two devices of one user are one who reacts.
  expect(counted?.reactions.map((reaction) => reaction.split(' ').slice(0, 2).join(' ')).sort()).toEqual(['+1 2', '-1 1', 'party 1']);
  expect(counted?.ownReactions).toEqual(['-1', 'party']);
  const { reactions } = await on(ann[1]).reactions(target);
  expect(reactions.map(({ user, reaction }) => `${user} ${reaction}`).sort()).toEqual(
    [`${ann[0].user} +1`, `${bob[0].user} +1`, `${cid.user} -1`, `${cid.user} party`].sort(),
  );
}

export async function recallInTime(circle: Circle): Promise<void> {
  const { ann, bob } = circle;
  const { conversation } = await circle.group();
  const on = ({ client }: Actor) => client.conversation(conversation);
  const { seq: mistake } = await ann[0].send(conversation, 'my password is 1234');
  const { seq: kept } = await ann[0].send(conversation, 'hello');
  for (const device of circle.everybody) await device.reaches(conversation, kept);
  await on(bob[0]).react(mistake, 'oh').done;
  await on(ann[1]).pin(mistake).done;
  bob[1].line.deafen();
  await expect(on(bob[0]).recall(mistake).done).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  await on(ann[1]).recall(mistake, 'wrong window').done;
  await expect(on(ann[0]).edit(mistake, 'it is another one').done).rejects.toMatchObject({ name: 'MESSAGE_NOT_FOUND' });
  await expect(on(bob[0]).react(mistake, 'ha').done).rejects.toMatchObject({ name: 'MESSAGE_NOT_FOUND' });
  const { seq } = await ann[0].send(conversation, 'forget it');
  bob[1].line.heal();
  await bob[1].reconnect();
  for (const device of circle.everybody) {
    const recalled = await device.until('the recall', () =>
      device.events.find((event) => event.type === 'messageRecalled' && event.target === mistake && event.conversation === conversation),
    );
    expect(recalled).toMatchObject({ sender: ann[0].user, reason: 'wrong window' });
    expect(circle.viewOf(device).message(conversation, mistake)).toBeUndefined();
    const [left] = await on(device).messages([mistake]);
    expect(left).toMatchObject({ type: 'hidden', details: { removed: { cause: 'recalled', by: ann[0].user }, reactions: [] } });
  }
  await circle.expectSame(conversation, seq);
  const stored = await circle.world.backEnd(circle.app).call('history/queryHistory', { conversation, limit: 100 });
  expect(JSON.stringify(stored)).not.toContain('1234');
  expect((await ann[0].client.conversation(conversation).search('password')).messages).toEqual([]);
}

export async function recallTooLate(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { group, conversation } = await circle.group();
  const { seq, timeMs } = await bob[0].send(conversation, 'said is said');
  // The server's clock has gone on for long enough once it says so.
  for (let now = timeMs; now - timeMs <= socialRules.recallWithinMs; ) ({ timeMs: now } = await ann[0].send(conversation, 'tick'));
  await expect(bob[1].client.conversation(conversation).recall(seq).done).rejects.toMatchObject({ name: 'TOO_LATE' });
  const end = await cid.send(conversation, 'we all read it');
  await circle.expectSame(conversation, end.seq);
  expect(circle.viewOf(cid).message(conversation, seq)?.words).toBe('said is said');
  // Those who run the group have all the time in the world.
  await ann[1].client.group(group).recall(seq).done;
  await cid.until('the recall', () => cid.events.find((event) => event.type === 'messageRecalled' && event.target === seq));
}

export async function deleteForOneself(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { conversation } = await circle.group();
  const seqs: number[] = [];
  for (const text of ['one', 'two', 'three']) seqs.push((await ann[0].send(conversation, text)).seq);
  const [, two = 0, three = 0] = seqs;
  for (const device of circle.everybody) await device.reaches(conversation, three);
  await bob[0].client.conversation(conversation).hide(two).done;
  for (const device of bob) {
    await device.until('the deletion', () =>
      device.events.find((event) => event.type === 'conversationChanged' && event.what === 'messagesHidden' && event.targets.includes(two)),
    );
    await expectAlike(
      'what is left of it',
      async () => (await device.client.conversation(conversation).history()).events.find(({ seq }) => seq === two)?.type,
      () => 'hidden',
    );
  }
  await bob[1].client.conversation(conversation).hide([three]).done;
  const { seq } = await cid.send(conversation, 'four');
  await circle.expectSame(conversation, seq);
  const wordsOn = (device: Actor): readonly string[] =>
    circle
      .viewOf(device)
      .messagesIn(conversation)
      .map(({ words }) => words);
  for (const device of bob) expect(wordsOn(device)).toEqual(['one', 'four']);
  for (const device of [...ann, cid]) {
    expect(wordsOn(device)).toEqual(['one', 'two', 'three', 'four']);
    expect(device.events.some((event) => event.type === 'conversationChanged' && event.what === 'messagesHidden')).toBe(false);
  }
}

export async function settleOnOneDevice(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { conversation } = await circle.group();
  const { seq } = await cid.send(conversation, 'hello');
  const [phone, tablet] = bob;
  const own = phone.client.conversation(conversation).settings;
  await Promise.all([
    own.draft('I wanted to sa').done,
    own.pin().done,
    own.mute(3_600_000).done,
    own.alias('the lot').done,
    own.mark([3, 1]).done,
  ]);
  const isIn = (field: keyof SettingsPatch): true | undefined =>
    tablet.events.some(
      (event) => event.type === 'conversationChanged' && event.what === 'settings' && event.settings[field] !== undefined,
    ) || undefined;
  for (const field of ['draft', 'pinnedMs', 'mutedUntilMs', 'alias', 'marks'] as const) await tablet.until(field, () => isIn(field));
  await circle.expectSame(conversation, seq);
  const { settings } = await tablet.client.conversation(conversation).item();
  expect(settings).toMatchObject({ draft: 'I wanted to sa', alias: 'the lot', marks: [1, 3], isMarkedUnread: false, hiddenSeq: 0 });
  expect([settings.pinnedMs > 0, settings.mutedUntilMs > 0]).toEqual([true, true]);
  await expectAlike(
    'the first of the list',
    async () => (await tablet.client.queryConversations()).conversations[0]?.conversation,
    () => conversation,
  );
  const theirs = tablet.client.conversation(conversation).settings;
  await Promise.all([theirs.draft('').done, theirs.unpin().done, theirs.unmute().done, theirs.mark([]).done]);
  await circle.expectSame(conversation, seq);
  expect((await phone.client.conversation(conversation).item()).settings).toMatchObject({
    draft: '',
    pinnedMs: 0,
    mutedUntilMs: 0,
    marks: [],
  });
  // Nobody else hears of it.
  for (const device of [...ann, cid]) {
    const heard = device.events.filter(
      (event) => event.type === 'conversationChanged' && event.conversation === conversation && !event.isOwn,
    );
    expect(heard).toEqual([]);
  }
}

/** Key after key: the SDK tells it now and then, and a server that is busy leaves it out. */
async function typeUntil<T>({ client }: Actor, conversation: string, seen: Promise<T>): Promise<T> {
  for (;;) {
    client.conversation(conversation).typing();
    const isSeen = await Promise.race([seen.then(() => true), sleep(systemClock, keyEveryMs).then(() => false)]);
    if (isSeen) return seen;
  }
}

const typingOn = ({ events }: Actor): readonly TypingChanged[] => events.filter((event): event is TypingChanged => event.type === 'typing');
