import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../world/actor.js';
import type { ReadEvent } from '../world/back-end.js';
import { readTexts } from '../world/pages.js';
import { patiently } from '../world/patiently.js';
import type { World } from '../world/world.js';

/** What a user may see of a conversation, read from its notices: texts between joining and leaving. */
function textsFor(user: string, events: readonly ReadEvent[]): readonly string[] {
  let isIn = false;
  const texts: string[] = [];
  for (const { joined, left, clientMsgId, body } of events) {
    if (joined.includes(user)) isIn = true;
    if (left.includes(user)) isIn = false;
    if (isIn && clientMsgId !== '') texts.push(body);
  }
  return texts;
}

/** G10: a user receives what falls into their membership, nothing else. */
export function describeMembership(world: () => World): void {
  describe('G10 membership', () => {
    it('shows who left nothing of what follows, live or in history, on any device', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const owner = await world().join(ann);
      const leaver = await world().joinTwice(bob);
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      await owner.send(conversation, 'inside');
      await leaver[0].client.leaveGroup(group);
      for (const n of [1, 2, 3]) await owner.send(conversation, `secret ${n}`);
      for (const device of leaver) {
        expect(await readTexts(device, conversation)).toEqual(['inside']);
        // Once the return has arrived, everything before it would have arrived as well.
        await device.sees(conversation, 'inside');
      }
      await owner.client.inviteToGroup(group, [bob]);
      await owner.send(conversation, 'welcome back');
      for (const device of leaver) {
        await device.sees(conversation, 'welcome back');
        expect(device.textsIn(conversation)).toEqual(['inside', 'welcome back']);
        expect(await readTexts(device, conversation)).toEqual(['inside', 'welcome back']);
      }
    });

    it('shows who left nothing of what is done to older messages, but that they are gone', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const [owner, leaver] = [await world().join(ann), await world().join(bob)];
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      const sent = [];
      for (const text of ['kept', 'first words', 'regretted']) sent.push((await owner.send(conversation, text)).seq);
      const [kept = 0, edited = 0, gone = 0] = sent;
      await leaver.sees(conversation, 'regretted');
      await leaver.client.leaveGroup(group);
      const club = owner.client.group(group);
      await club.react(kept, '👍').done;
      await club.edit(edited, 'secret').done;
      await club.recall(gone).done;
      expect(await readTexts(leaver, conversation)).toEqual(['kept']);
      const { events } = await leaver.client.group(group).history();
      const shown = events.find(({ seq }) => seq === kept);
      expect(shown).toMatchObject({ type: 'message', details: { reactions: [] } });
      expect(await readTexts(owner, conversation)).toEqual(['kept', 'secret']);
    });

    it('shows a new member nothing of what was said before', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const [owner, guest] = [await world().join(ann), await world().join(bob)];
      const { group } = await owner.client.createGroup();
      const conversation = `g:${group}`;
      await owner.send(conversation, 'before');
      await guest.client.joinGroup(group);
      await owner.send(conversation, 'after');
      await guest.sees(conversation, 'after');
      const later = await world().join(bob);
      for (const device of [guest, later]) {
        expect(device.textsIn(conversation)).toEqual(['after']);
        expect(await readTexts(device, conversation)).toEqual(['after']);
      }
    });

    it('lets a new member write and read at once', async () => {
      const [ann, ...guests] = world().ids('ann', 'bob', 'eve', 'joe');
      const owner = await world().join(ann);
      const { group } = await owner.client.createGroup();
      for (const user of guests) {
        const guest = await world().join(user);
        await guest.client.joinGroup(group);
        await guest.send(`g:${group}`, `${user} is here`);
        await owner.send(`g:${group}`, `hello ${user}`);
        await guest.sees(`g:${group}`, `hello ${user}`);
        expect(guest.textsIn(`g:${group}`)).toEqual([`${user} is here`, `hello ${user}`]);
      }
    });

    it('shows a member who was kicked while away what fell into the membership, and no more', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const owner = await world().join(ann);
      const member = await world().join(bob);
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      await owner.send(conversation, 'one');
      await member.sees(conversation, 'one');
      member.line.deafen();
      await owner.send(conversation, 'two');
      await world().backEnd().kick(group, bob);
      await owner.send(conversation, 'three');
      member.line.heal();
      await member.reconnect();
      await member.sees(conversation, 'two');
      expect(await readTexts(member, conversation)).toEqual(['one', 'two']);
      await expect(member.send(conversation, 'hey')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await world().backEnd().invite(group, bob);
      await owner.send(conversation, 'four');
      await member.sees(conversation, 'four');
      expect(member.textsIn(conversation)).toEqual(['one', 'two', 'four']);
    });

    it('cuts the stream exactly at joining and leaving while messages flow', async () => {
      const users = world().ids('ann', 'bob', 'eve', 'joe');
      const [ann, ...churning] = users;
      const owner = await world().join(ann);
      const devices = new Map<string, readonly Actor[]>();
      for (const user of churning) devices.set(user, await world().joinTwice(user));
      const { group } = await owner.client.createGroup();
      const conversation = `g:${group}`;
      let isOver = false;
      const talk = (async () => {
        for (let n = 0; !isOver; n++) await owner.send(conversation, `${n}`);
      })();
      const come = async (user: string, turns: number): Promise<void> => {
        for (let turn = 0; turn < turns; turn++) {
          const [device] = devices.get(user) ?? [];
          await device?.client.joinGroup(group);
          await device?.send(conversation, `${user} ${turn}`);
          if (turn % 2 === 0) await device?.client.leaveGroup(group);
          else await world().backEnd().kick(group, user);
        }
      };
      await Promise.all(churning.map((user, index) => come(user, 4 + index)));
      isOver = true;
      await talk;
      await world()
        .backEnd()
        .invite(group, ...churning);
      const { seq } = await owner.send(conversation, 'the end');
      const events = await world().backEnd().history(conversation, seq);
      for (const [user, [first, second]] of devices) {
        for (const device of [first, second]) {
          await device?.sees(conversation, 'the end');
          expect(device?.textsIn(conversation)).toEqual(textsFor(user, events));
        }
      }
    });

    it('ends a dismissed group for everybody', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const [owner, member] = [await world().join(ann), await world().join(bob)];
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      await owner.send(conversation, 'last words');
      await expect(member.client.dismissGroup(group)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
      await owner.client.dismissGroup(group);
      await member.until('the end of the group', () => member.noticesIn(conversation).find(({ closed }) => closed));
      for (const device of [owner, member]) {
        await expect(device.send(conversation, 'anyone?')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      }
      expect(member.textsIn(conversation)).toEqual(['last words']);
    });

    it('shows who enters a room what is said from then on, until they leave it', async () => {
      const [ann, bob, room] = world().ids('ann', 'bob', 'room');
      const [host, guest] = [await world().join(ann), await world().join(bob)];
      const conversation = `r:${room}`;
      await host.client.enterRoom(room);
      await host.send(conversation, 'before');
      await guest.client.enterRoom(room);
      await host.send(conversation, 'during');
      await guest.sees(conversation, 'during');
      await guest.client.leaveRoom(room);
      await host.send(conversation, 'after');
      await expect(guest.send(conversation, 'still here?')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await guest.client.enterRoom(room);
      await host.send(conversation, 'again');
      await guest.sees(conversation, 'again');
      expect(guest.textsIn(conversation)).toEqual(['during', 'again']);
    });

    it('keeps commands and bullets inside the membership', async () => {
      const [ann, bob, eve, room] = world().ids('ann', 'bob', 'eve', 'room');
      const [host, guest, stranger] = [await world().join(ann), await world().join(bob), await world().join(eve)];
      await host.client.enterRoom(room);
      await guest.client.enterRoom(room);
      const conversation = `r:${room}`;
      const payload = new TextEncoder().encode('wave');
      const wave = ({ client }: Actor) => patiently(() => client.room(room).send({ type: 'command', payload }).done);
      await wave(host);
      await guest.until('the command', () => guest.messagesIn(conversation).find(({ content }) => content.type === 'command'));
      await expect(wave(stranger)).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await stranger.client.enterRoom(room);
      await host.send(conversation, 'welcome');
      await stranger.sees(conversation, 'welcome');
      expect(stranger.messagesIn(conversation)).toHaveLength(1);
    });

    it('tells strangers neither what a group says nor who is in it', async () => {
      const [ann, bob, eve] = world().ids('ann', 'bob', 'eve');
      const [owner, stranger] = [await world().join(ann), await world().join(eve)];
      const { group } = await owner.client.createGroup({ members: [bob] });
      const { seq } = await owner.send(`g:${group}`, 'private');
      await world().backEnd().history(`g:${group}`, seq);
      await expect(readTexts(stranger, `g:${group}`)).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await expect(stranger.client.listGroupMembers(group)).rejects.toMatchObject({ name: 'GROUP_NOT_FOUND' });
      await expect(stranger.client.inviteToGroup(group, [eve])).rejects.toMatchObject({ name: 'GROUP_NOT_FOUND' });
      expect((await owner.client.listGroupMembers(group)).users).toEqual([ann, bob].sort());
    });
  });
}
