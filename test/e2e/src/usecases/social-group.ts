import { expect } from '@jest/globals';
import type { GroupChanged, GroupRequestEvent, ParleyClientError } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { expectAlike } from '../world/server-view.js';
import { type Circle, sendOnce } from './circle.js';

const aWhile = 3_600_000;
const slowMs = 500;
/** Slower than any machine. */
const verySlowMs = 600_000;

export async function askToJoin({ ann, bob, cid }: Circle): Promise<void> {
  const { group } = await ann[0].client.createGroup({ options: { join: 'approval', invite: 'admins' }, members: [bob[0].user] });
  await ann[0].client.group(group).setRole(bob[0].user, 'admin');
  expect(await cid.client.joinGroup(group, 'let me in')).toMatchObject({ users: [], asked: [cid.user] });
  await expect(cid.send(`g:${group}`, 'hello?')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
  for (const device of [...ann, ...bob]) {
    const { request } = await hearsRequest(device, group, 'waiting');
    expect(request).toMatchObject({ user: cid.user, kind: 'join', text: 'let me in' });
  }
  expect((await bob[1].client.group(group).requests()).requests).toHaveLength(1);
  await bob[0].client.group(group).answer(cid.user, false);
  await hearsRequest(cid, group, 'rejected');
  await expect(cid.client.group(group).info()).rejects.toMatchObject({ name: 'GROUP_NOT_FOUND' });
  await cid.client.joinGroup(group, 'please');
  await bob[1].client.group(group).answer(cid.user, true);
  await cid.until('being let in', () => cid.noticesIn(`g:${group}`).find(({ joined }) => joined.includes(cid.user)));
  await cid.send(`g:${group}`, 'thank you');
  for (const device of [...ann, ...bob]) await device.sees(`g:${group}`, 'thank you');
  await expect(cid.client.inviteToGroup(group, ['somebody'])).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  expect((await ann[1].client.group(group).requests()).requests).toMatchObject([
    { user: cid.user, state: 'accepted', answeredBy: bob[0].user },
  ]);
}

export async function runGroup(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { group, conversation } = await circle.group();
  const [annUser, bobUser] = [ann[0].user, bob[0].user];
  await ann[0].client.group(group).setRole(bobUser, 'admin');
  await bob[0].client.group(group).setNickname('the admin');
  await expect(cid.client.group(group).setNickname('the fool', bobUser)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  for (const device of circle.everybody) {
    await hearsChange(device, group, ({ change }) => change?.type === 'role' && change.user === bobUser && change.role === 'admin');
    await hearsChange(device, group, ({ change }) => change?.type === 'nickname' && change.nickname === 'the admin');
    const { members } = await device.client.group(group).members();
    expect(members.map(({ user, role, nickname }) => [user, role, nickname]).sort()).toEqual(
      [
        [annUser, 'owner', ''],
        [bobUser, 'admin', 'the admin'],
        [cid.user, 'member', ''],
      ].sort(),
    );
  }
  const { seq: said } = await cid.send(conversation, 'what I said');
  await bob[1].client.group(group).mute([cid.user], aWhile);
  await expect(cid.send(conversation, 'but')).rejects.toMatchObject({ name: 'MUTED' });
  await expect(cid.client.group(group).edit(said, 'what I meant').done).rejects.toMatchObject({ name: 'MUTED' });
  await expect(bob[0].client.group(group).mute([annUser], aWhile)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  await bob[0].client.group(group).unmute([cid.user]);
  await speakSlowly(circle, group);
  await ann[0].client.group(group).transfer(bobUser);
  for (const device of circle.everybody) {
    await hearsChange(device, group, ({ change }) => change?.type === 'owner' && change.owner === bobUser);
    expect(await device.client.group(group).info()).toMatchObject({ owner: bobUser, admins: [annUser], options: { slowModeMs: slowMs } });
  }
  const { seq } = await ann[0].send(conversation, 'yours now');
  await circle.expectSame(conversation, seq);
}

/** One who is told to wait may say it later; the outbox does so by itself. */
async function speakSlowly({ ann, cid }: Circle, group: string): Promise<void> {
  const conversation = `g:${group}`;
  const slowDown = (slowModeMs: number): Promise<unknown> => ann[1].client.group(group).setOptions({ slowModeMs });
  await slowDown(verySlowMs);
  await cid.send(conversation, 'slowly');
  const refusal = (await sendOnce(cid, conversation, 'quickly').catch((error: unknown) => error)) as ParleyClientError;
  expect(refusal).toMatchObject({ name: 'RATE_LIMITED', message: expect.stringContaining('slow mode') });
  expect(refusal.retryAfterMs).toBeGreaterThan(0);
  expect(refusal.retryAfterMs).toBeLessThanOrEqual(verySlowMs);
  for (const text of ['owners', 'are free']) await sendOnce(ann[0], conversation, text);
  await slowDown(slowMs);
  const first = await cid.send(conversation, 'not so slowly');
  const later = await cid.send(conversation, 'with patience');
  expect(later.timeMs - first.timeMs).toBeGreaterThanOrEqual(slowMs);
  await ann[1].sees(conversation, 'with patience');
  expect(ann[1].textsIn(conversation)).not.toContain('quickly');
}

export async function tellOnlySome(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { conversation } = await circle.group();
  await ann[0].send(conversation, 'for all');
  const request = { conversation, content: { text: { text: 'for bob' } }, options: { onlyTo: [bob[0].user] } };
  const seq = Number((await circle.world.backEnd(circle.app).call('router/sendMessage', request))['seq']);
  await expect(cid.client.conversation(conversation).send('for ann', { replyTo: seq }).done).rejects.toMatchObject({
    name: 'MESSAGE_NOT_FOUND',
  });
  await expect(cid.client.conversation(conversation).react(seq, '+1').done).rejects.toMatchObject({ name: 'MESSAGE_NOT_FOUND' });
  const answer = await bob[0].client.conversation(conversation).reply(seq, 'I see').done;
  for (const device of bob) expect(await device.sees(conversation, 'for bob')).toMatchObject({ seq, onlyTo: [bob[0].user] });
  await circle.expectSame(conversation, answer.seq);
  for (const device of circle.everybody) {
    const seqs = device.seqsIn(conversation);
    expect(seqs).toEqual(seqs.map((_, index) => index + (seqs[0] ?? 0)));
    expect(seqs).toContain(seq);
  }
  for (const device of [...ann, cid]) {
    expect(device.textsIn(conversation)).not.toContain('for bob');
    const hidden = device.events.find((event) => event.conversation === conversation && event.seq === seq);
    expect(hidden).toMatchObject({ type: 'hidden', sender: '', messageId: '' });
    expect(JSON.stringify(await device.client.conversation(conversation).messages([seq]))).not.toContain('for bob');
  }
  // What not everybody may read counts as unread for nobody: `for all` and bob's answer do.
  await expectAlike(
    'unread messages',
    async () => (await cid.client.conversation(conversation).item()).unread,
    () => 2,
  );
}

export async function mentionSome(circle: Circle): Promise<void> {
  const { ann, bob, cid } = circle;
  const { conversation } = await circle.group();
  const inGroup = ({ client }: Actor) => client.conversation(conversation);
  const marksOf = async (actor: Actor): Promise<readonly [number, readonly number[]]> => {
    const { unread, mentions } = await inGroup(actor).item();
    return [unread, mentions];
  };
  const named = await inGroup(ann[0]).send('bob, look', { mentions: { users: [bob[0].user] } }).done;
  const all = await inGroup(ann[0]).send('all of you', { mentions: { isEveryone: true } }).done;
  const plain = await inGroup(ann[1]).send('nobody').done;
  for (const device of bob) expect(await device.sees(conversation, 'bob, look')).toMatchObject({ mentions: { users: [bob[0].user] } });
  await expectAlike(
    'marks',
    () => marksOf(bob[1]),
    () => [3, [all.seq, named.seq]] as const,
  );
  await expectAlike(
    'marks',
    () => marksOf(cid),
    () => [3, [all.seq]] as const,
  );
  await expectAlike(
    'marks',
    () => marksOf(ann[0]),
    () => [0, []] as const,
  );
  // An edit may name others: marks follow.
  const edit = await inGroup(ann[0]).edit(plain.seq, 'nobody but cid', { mentions: { users: [cid.user] } }).done;
  await circle.expectSame(conversation, edit.seq);
  await expectAlike(
    'marks',
    () => marksOf(cid),
    () => [3, [plain.seq, all.seq]] as const,
  );
  inGroup(bob[0]).markRead(named.seq);
  await expectAlike(
    'marks',
    () => marksOf(bob[1]),
    () => [2, [all.seq]] as const,
  );
  inGroup(bob[1]).markRead();
  await expectAlike(
    'marks',
    () => marksOf(bob[0]),
    () => [0, []] as const,
  );
  // A muted conversation counts in the whole only what names its user.
  await inGroup(cid).settings.mute().done;
  await expectAlike(
    'the mute',
    async () => (await inGroup(cid).item()).settings.mutedUntilMs > 0,
    () => true,
  );
  const before = (await cid.client.queryConversations()).totalUnread;
  await inGroup(ann[0]).send('and again', { mentions: { users: [cid.user], isSilent: true } }).done;
  const { seq } = await inGroup(ann[0]).send('cid!', { mentions: { users: [cid.user] } }).done;
  await circle.expectSame(conversation, seq);
  await expectAlike(
    'unread messages, here and in all',
    async () => [(await inGroup(cid).item()).unread, (await cid.client.queryConversations()).totalUnread],
    () => [5, before + 1],
  );
}

function hearsChange(device: Actor, group: string, isIt: (event: GroupChanged) => boolean): Promise<GroupChanged> {
  return device.until('the change of the group', () =>
    device.events.find((event): event is GroupChanged => event.type === 'groupChanged' && event.group === group && isIt(event)),
  );
}

function hearsRequest(device: Actor, group: string, state: string): Promise<GroupRequestEvent> {
  return device.until(`a request that is ${state}`, () =>
    device.events.find(
      (event): event is GroupRequestEvent => event.type === 'groupRequest' && event.group === group && event.request.state === state,
    ),
  );
}
