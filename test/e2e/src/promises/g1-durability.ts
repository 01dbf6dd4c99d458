import { describe, expect, it } from '@jest/globals';
import { between, type World } from '../world/world.js';

const priorities = ['low', 'medium', 'high'] as const;

/** G1: an acknowledged stored message is in history. */
export function describeDurability(world: () => World): void {
  describe('G1 durability', () => {
    it('has a 1:1 message of any priority in history once it is acknowledged', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const sender = await world().join(ann);
      for (const priority of priorities) {
        const { seq, messageId } = await sender.client.user(bob).send(priority, { priority }).done;
        const stored = (await world().backEnd().history(between(ann, bob), seq)).find((event) => event.seq === seq);
        expect(stored).toMatchObject({ seq, messageId, sender: ann, body: priority });
      }
    });

    it('has messages of groups and rooms in history once they are acknowledged', async () => {
      const [ann, bob, room] = world().ids('ann', 'bob', 'room');
      const sender = await world().join(ann);
      const { group } = await sender.client.createGroup({ members: [bob] });
      await sender.client.enterRoom(room);
      for (const conversation of [`g:${group}`, `r:${room}`]) {
        const { seq } = await sender.send(conversation, 'to stay');
        const events = await world().backEnd().history(conversation, seq);
        expect(events.find((event) => event.seq === seq)).toMatchObject({ sender: ann, body: 'to stay' });
      }
    });

    it('shows every receiver, and the other devices of the sender, what was acknowledged', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const [phone, tablet] = await world().joinTwice(ann);
      const receivers = await world().joinTwice(bob);
      const { seq, messageId } = await phone.send(conversation, 'hello');
      for (const device of [tablet, ...receivers]) {
        expect(await device.sees(conversation, 'hello')).toMatchObject({ seq, messageId, sender: ann });
      }
    });

    it('keeps what was acknowledged just before the sender was lost', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      const places = [];
      for (const text of ['one', 'two', 'three']) places.push((await sender.send(conversation, text)).seq);
      sender.line.cut();
      sender.client.close();
      const receiver = await world().join(bob);
      await receiver.sees(conversation, 'three');
      expect(receiver.seqsIn(conversation)).toEqual(places);
      expect(receiver.textsIn(conversation)).toEqual(['one', 'two', 'three']);
    });

    it('stores what the back end says, once per id', async () => {
      const [ann, bob, id] = world().ids('ann', 'bob', 'notice');
      const conversation = between(ann, bob);
      const receivers = await world().joinTwice(bob);
      const seq = await world().backEnd().say(conversation, 'maintenance at noon', id);
      expect(await world().backEnd().say(conversation, 'maintenance at noon', id)).toBe(seq);
      for (const device of receivers) expect((await device.sees(conversation, 'maintenance at noon')).seq).toBe(seq);
      expect(await world().backEnd().say(conversation, 'that was it')).toBe(seq + 1);
    });
  });
}
