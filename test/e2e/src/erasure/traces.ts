import { createHash } from 'node:crypto';
import type { Message } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { between, type World } from '../world/world.js';
import { Canaries } from './canaries.js';

/** A user who has left something everywhere, and those who have seen it. */
export interface Traces {
  readonly eve: string;
  readonly bob: Actor;
  readonly carol: Actor;
  /** Has never connected. */
  readonly dave: string;
  readonly canaries: Canaries;
  readonly conversations: readonly string[];
  readonly groups: readonly string[];
  readonly room: string;
  /** Signed URLs that have worked. */
  readonly urls: readonly string[];
}

/** Places of which the user's own export knows. */
export const exportedPlaces: readonly string[] = [
  ...[
    'a text',
    'an edit',
    'a summary',
    'a reply',
    'a forwarded text',
    'an imported text',
    'a push',
    'an extension',
    'a text of a left group',
  ],
  ...['a name', 'an avatar', 'a profile extension', 'an alias of a friend', 'an attribute of a friend', 'a request'],
  ...['a draft', 'an alias of a conversation', 'a file name', 'a file name in a message'],
];

/** Places whose words the server holds no longer than it has to: they are gone before anybody is erased. */
export const passedPlaces: readonly string[] = ['a text that was edited', 'a recalled text', 'a deleted text'];

export async function leaveTraces(world: World): Promise<Traces> {
  const canaries = new Canaries();
  const [eveId, bobId, carolId, dave] = world.ids('eve', 'bob', 'carol', 'dave');
  const [eve, bob, carol] = [await world.join(eveId), await world.join(bobId), await world.join(carolId)];
  const scene: Scene = { world, canaries, eve, bob, carol, dave };
  await leaveInPeople(scene);
  const pair = between(eveId, bobId);
  const last = await leaveInPair(scene, pair);
  const unread = between(eveId, dave);
  await eve.send(unread, canaries.plant('a text that nobody has read'));
  const { groups, urls } = await leaveInGroups(scene);
  const room = await leaveInRoom(scene);
  await bob.reaches(pair, last);
  eve.client.close();
  const conversations = [pair, unread, ...groups.map((group) => `g:${group}`), `r:${room}`];
  return { eve: eveId, bob, carol, dave, canaries, conversations, groups, room, urls };
}

interface Scene {
  readonly world: World;
  readonly canaries: Canaries;
  readonly eve: Actor;
  readonly bob: Actor;
  readonly carol: Actor;
  readonly dave: string;
}

async function leaveInPeople({ canaries, eve, bob, carol }: Scene): Promise<void> {
  const { people } = eve.client;
  await people.update({
    name: canaries.plant('a name'),
    avatar: `https://example.org/${canaries.plant('an avatar')}.png`,
    extension: canaries.plant('a profile extension'),
  });
  await people.ask(bob.user, { text: canaries.plant('a request that was answered'), alias: 'Bob' });
  await bob.client.people.answer(eve.user, true);
  await people.describe(bob.user, {
    alias: canaries.plant('an alias of a friend'),
    set: { note: canaries.plant('an attribute of a friend') },
  });
  await people.ask(carol.user, { text: canaries.plant('a request') });
}

/** Leaves something in the conversation of the two; its head then. */
async function leaveInPair({ canaries, eve, bob }: Scene, conversation: string): Promise<number> {
  const handle = eve.client.conversation(conversation);
  const theirs = await bob.send(conversation, 'what do you say?');
  await eve.sees(conversation, 'what do you say?');
  await eve.send(conversation, canaries.plant('a text'));
  const edited = await eve.send(conversation, canaries.plant('a text that was edited'));
  await handle.edit(edited.seq, canaries.plant('an edit')).done;
  const recalled = await eve.send(conversation, canaries.plant('a recalled text'));
  await handle.recall(recalled.seq, canaries.plant('a reason of a recall')).done;
  const payload = Buffer.from(canaries.plant('a payload'));
  await handle.send({ type: 'custom', subType: 7, payload, summary: canaries.plant('a summary') }).done;
  await handle.reply(theirs.seq, canaries.plant('a reply')).done;
  const original = await eve.send(conversation, canaries.plant('a forwarded text'));
  const own = await eve.until('the own message', () => eve.messagesIn(conversation).find(({ seq }) => seq === original.seq));
  await handle.forward(own).done;
  await handle.forward([own as Message], { title: canaries.plant('a title') }).done;
  const push = { title: canaries.plant('a push'), body: 'news' };
  await handle.send({ type: 'text', text: 'look', extension: canaries.plant('an extension') }, { push }).done;
  await handle.react(theirs.seq, canaries.plant('a reaction')).done;
  await handle.report(theirs.seq, canaries.plant('a reason of a report')).done;
  await handle.settings.draft(canaries.plant('a draft')).done;
  await handle.settings.alias(canaries.plant('an alias of a conversation')).done;
  const said = await eve.send(conversation, canaries.plant('a reported text'));
  await bob.client.conversation(conversation).report(said.seq, 'rude').done;
  await bob.client.conversation(conversation).pin(said.seq).done;
  await bob.client.conversation(conversation).react(said.seq, 'no').done;
  await bob.client.conversation(conversation).reply(said.seq, 'no need to be rude').done;
  return said.seq;
}

async function leaveInGroups(scene: Scene): Promise<{ readonly groups: readonly string[]; readonly urls: readonly string[] }> {
  const { world, canaries, eve, bob, carol } = scene;
  const { group } = await bob.client.createGroup({ members: [eve.user, carol.user] });
  const conversation = `g:${group}`;
  await eve.client.group(group).setNickname(canaries.plant('a nickname'));
  const urls = await uploadTo(scene, conversation);
  const deleted = await eve.send(conversation, canaries.plant('a deleted text'));
  await bob.client.conversation(conversation).delete(deleted.seq).done;
  const messages = [
    { sender: eve.user, clientMsgId: 'old', originalMs: '1500000000000', content: { text: { text: canaries.plant('an imported text') } } },
  ];
  await world.backEnd().call('router/importMessages', { conversation, messages });
  const { group: left } = await bob.client.createGroup({ members: [eve.user] });
  await eve.send(`g:${left}`, canaries.plant('a text of a left group'));
  await eve.client.leaveGroup(left);
  const { group: closed } = await bob.client.createGroup({ options: { join: 'approval' } });
  await eve.client.joinGroup(closed, canaries.plant('a wish to join'));
  return { groups: [group, left, closed], urls };
}

async function uploadTo({ world, canaries, eve }: Scene, conversation: string): Promise<readonly string[]> {
  const back = world.backEnd();
  const bytes = Buffer.from(canaries.plant('a file'));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const name = `${canaries.plant('a file name')}.txt`;
  const about = { kind: 'file', name, mimeType: 'text/plain', sizeBytes: `${bytes.length}`, sha256 };
  const { media, uploadUrl } = await back.call('media/createUpload', { user: eve.user, conversation, ...about });
  const headers = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  await fetch(String(uploadUrl), { method: 'PATCH', headers, body: bytes });
  await back.call('media/completeUpload', { user: eve.user, media });
  const shown = `${canaries.plant('a file name in a message')}.txt`;
  await eve.client.conversation(conversation).send({ type: 'file', media: String(media), name: shown, sizeBytes: bytes.length }).done;
  const { url } = await back.call('media/getDownloadUrl', { conversation, media });
  return [String(url)];
}

async function leaveInRoom({ world, canaries, eve, bob }: Scene): Promise<string> {
  const room = world.id('room');
  await bob.client.rooms.create({ id: room });
  const entered = await eve.client.rooms.join(room);
  await eve.send(`r:${room}`, canaries.plant('a text of a room'));
  await entered.setMemberAttributes({ mood: canaries.plant('an attribute of a member') });
  return room;
}
