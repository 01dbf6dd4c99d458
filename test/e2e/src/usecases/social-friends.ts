import { expect } from '@jest/globals';
import type { RelationEvent, RelationInfo } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { expectAlike } from '../world/server-view.js';
import { between } from '../world/world.js';
import { actOnce, type Circle, sendOnce } from './circle.js';

export async function becomeFriends({ ann, bob, cid }: Circle): Promise<void> {
  const [annUser, bobUser] = [ann[0].user, bob[0].user];
  await ann[0].client.people.ask(bobUser, { text: 'it is me' });
  for (const device of bob) {
    const asked = await learns(device, annUser, ({ received }) => received?.state === 'waiting');
    expect(asked).toMatchObject({ isFriend: false, received: { text: 'it is me' } });
  }
  await learns(ann[1], bobUser, ({ sent }) => sent?.state === 'waiting');
  await expectAlike(
    'requests',
    async () => (await bob[1].client.people.requests()).relations.map(({ other, received }) => [other, received?.state]),
    () => [[annUser, 'waiting']],
  );
  await bob[1].client.people.answer(annUser, true);
  for (const device of ann) await learns(device, bobUser, ({ isFriend, isBefriended }) => isFriend && isBefriended);
  for (const device of bob) await learns(device, annUser, ({ isFriend, isBefriended }) => isFriend && isBefriended);
  await cid.client.people.ask(annUser);
  await learns(ann[0], cid.user, ({ received }) => received?.state === 'waiting');
  await ann[0].client.people.answer(cid.user, false);
  for (const device of ann) await learns(device, cid.user, ({ received }) => received?.state === 'rejected');
  await learns(cid, annUser, ({ sent }) => sent?.state === 'rejected');
  await expect(ann[1].client.people.answer(cid.user, true)).rejects.toMatchObject({ name: 'REQUEST_NOT_FOUND' });
  await expect(cid.client.people.add(annUser)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  for (const device of ann) await expectFriends(device, [bobUser]);
  for (const device of bob) await expectFriends(device, [annUser]);
  await expectFriends(cid, []);
}

export async function nameFriends({ ann, bob }: Circle): Promise<void> {
  const bobUser = bob[0].user;
  await ann[0].client.people.describe(bobUser, { alias: 'Bobby', set: { since: 'school' } });
  const seen = await learns(ann[1], bobUser, ({ alias }) => alias === 'Bobby');
  expect([...seen.attributes]).toEqual([['since', 'school']]);
  for (const device of ann) {
    await expectAlike(
      'the alias',
      async () => (await device.client.people.friends()).relations.map(({ alias }) => alias),
      () => ['Bobby'],
    );
  }
  // Friends see the names that users give themselves, and not what others call them.
  await ann[1].client.people.update({ name: 'Ann' });
  for (const device of bob) {
    await device.until('the name', () => device.events.find((event) => event.type === 'userChanged' && event.profile.name === 'Ann'));
    expect((await device.client.people.friends()).relations).toMatchObject([{ alias: '', isFriend: true }]);
  }
}

export async function beBlocked(circle: Circle): Promise<void> {
  const { ann, bob } = circle;
  const [annUser, bobUser] = [ann[0].user, bob[0].user];
  const conversation = between(annUser, bobUser);
  const ownOfBob = await bob[0].send(conversation, 'before the quarrel');
  const ownOfAnn = await ann[0].send(conversation, 'what did you say?');
  const { group } = await circle.group([]);
  const bobs = await bob[0].client.createGroup();
  await ann[0].client.people.block(bobUser);
  for (const device of ann) await learns(device, bobUser, ({ isBlocked }) => isBlocked);
  const theirs = bob[1].client.conversation(conversation);
  const [annSeq, bobSeq] = [ownOfAnn.seq, ownOfBob.seq];
  await bob[0].client.user(annUser).recall(bobSeq, 'sorry').done;
  const attempts = {
    'a message of the blocked': () => sendOnce(bob[0], conversation, 'please'),
    'a message of the other': () => sendOnce(ann[1], conversation, 'no'),
    'a reaction of the blocked': () => theirs.react(annSeq, '+1').done,
    'a reaction of the other': () => ann[0].client.user(bobUser).react(annSeq, '+1').done,
    'an edit of the other': () => ann[0].client.user(bobUser).edit(annSeq, 'what?').done,
    'a pin of the blocked': () => theirs.pin(annSeq).done,
    'typing of the blocked': () => actOnce(bob[1], conversation, { type: 'typing', value: {} }),
    'typing of the other': () => actOnce(ann[0], conversation, { type: 'typing', value: {} }),
    'an invitation of the blocked': () => ann[0].client.inviteToGroup(group, [bobUser]),
    'an invitation of the other': () => bob[0].client.inviteToGroup(bobs.group, [annUser]),
    'a request of the blocked': () => bob[0].client.people.ask(annUser),
  };
  for (const [what, attempt] of Object.entries(attempts)) expect([what, await refusalOf(attempt)]).toEqual([what, 'BLOCKED']);
  // Those who are blocked are not told, and the friendship stays what it was.
  for (const device of bob) expect(relationsOn(device, annUser).some(({ isBlocked }) => isBlocked)).toBe(false);
  await expectBlocked(ann[1], [bobUser]);
  await ann[1].client.people.unblock(bobUser);
  for (const device of ann) await learns(device, bobUser, ({ isBlocked }) => !isBlocked);
  await expectBlocked(ann[0], []);
  await theirs.react(annSeq, '+1').done;
  const { seq } = await ann[0].send(conversation, 'where were we?');
  await circle.expectSame(conversation, seq, [...ann, ...bob]);
  expect(
    circle
      .viewOf(bob[0])
      .messagesIn(conversation)
      .map(({ words }) => words),
  ).toEqual(['what did you say?', 'where were we?']);
  expect((await ann[0].client.inviteToGroup(group, [bobUser])).users).toEqual([bobUser]);
}

export async function beBlockedOneWay(circle: Circle): Promise<void> {
  const { ann, bob } = circle;
  const [annUser, bobUser] = [ann[0].user, bob[0].user];
  const conversation = between(annUser, bobUser);
  await ann[0].client.people.block(bobUser);
  expect(await refusalOf(() => sendOnce(bob[0], conversation, 'please'))).toBe('BLOCKED');
  const { seq } = await ann[0].send(conversation, 'listen');
  for (const device of bob) await device.sees(conversation, 'listen');
  expect(await refusalOf(() => bob[0].client.user(annUser).react(seq, '-1').done)).toBe('BLOCKED');
  const { group } = await circle.group([]);
  expect((await ann[0].client.inviteToGroup(group, [bobUser])).users).toEqual([bobUser]);
  await ann[0].client.people.unblock(bobUser);
  await bob[0].send(conversation, 'I do');
  await ann[1].sees(conversation, 'I do');
}

const relationsOn = ({ events }: Actor, other: string): readonly RelationInfo[] =>
  events.flatMap((event) =>
    event.type === 'relationChanged' && event.relation.other === other ? [(event as RelationEvent).relation] : [],
  );

/** What the device was told last of the other one, as soon as it is so. */
function learns(device: Actor, other: string, isSo: (relation: RelationInfo) => boolean): Promise<RelationInfo> {
  return device.until(`news of ${other}`, () => {
    const last = relationsOn(device, other).at(-1);
    return last !== undefined && isSo(last) ? last : undefined;
  });
}

const othersOf = ({ relations }: { readonly relations: readonly RelationInfo[] }): readonly string[] =>
  relations.map(({ other }) => other).sort();

async function expectFriends({ client }: Actor, expected: readonly string[]): Promise<void> {
  await expectAlike(
    'friends',
    async () => othersOf(await client.people.friends()),
    () => [...expected].sort(),
  );
}

async function expectBlocked({ client }: Actor, expected: readonly string[]): Promise<void> {
  await expectAlike(
    'blocked users',
    async () => othersOf(await client.people.blocked()),
    () => expected,
  );
}

/** Name of the error; undefined where there is none. */
async function refusalOf(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}
