import { describe, expect, it } from '@jest/globals';
import type { OutboxStore, PendingSend } from '@parley/sdk';
import { between, type World } from '../world/world.js';

/** Outlives a client, as a disk outlives an application. */
function lastingStore(): OutboxStore & { readonly sends: Map<string, PendingSend> } {
  const sends = new Map<string, PendingSend>();
  return {
    sends,
    load: () => [...sends.values()],
    put: (send) => {
      sends.set(send.clientMsgId, send);
    },
    remove: (id) => {
      sends.delete(id);
    },
  };
}

/** G4: one (sender, clientMsgId) has one place. */
export function describeNoDuplicates(world: () => World): void {
  describe('G4 no duplicates', () => {
    it('answers the same send again with its first place, on any device and gateway', async () => {
      const [ann, bob, id] = world().ids('ann', 'bob', 'id');
      const conversation = between(ann, bob);
      const [phone, tablet] = await world().joinTwice(ann);
      const first = await phone.send(conversation, 'once', id);
      const other = await phone.send(conversation, 'in between');
      expect(await phone.send(conversation, 'once', id)).toMatchObject({ seq: first.seq, messageId: first.messageId });
      expect(await tablet.send(conversation, 'once', id)).toMatchObject({ seq: first.seq, messageId: first.messageId });
      expect((await phone.send(conversation, 'the next')).seq).toBe(other.seq + 1);
    });

    it('gives one place to a send that arrives through several gateways at once', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const devices = [...(await world().joinTwice(ann)), ...(await world().joinTwice(ann))];
      for (let n = 1; n <= 10; n++) {
        const id = world().id('id');
        const places = await Promise.all(devices.map((device) => device.send(conversation, `${n}`, id)));
        expect(places.map(({ seq }) => seq)).toEqual(devices.map(() => n));
      }
      for (const device of devices) {
        await device.reaches(conversation, 10);
        expect(device.seqsIn(conversation)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      }
    });

    it('repeats a send whose acknowledgement was lost, through another gateway, without a second message', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const receiver = await world().join(bob, { gateway: 0 });
      const sender = await world().join(ann, { gateway: 0 });
      sender.line.deafen();
      const handle = sender.client.conversation(conversation).send('did you get it?');
      const seen = await receiver.sees(conversation, 'did you get it?');
      expect(handle.state).toBe('sent');
      sender.line.moveTo(world().url(1));
      sender.line.heal();
      await sender.reconnect();
      expect(await handle.done).toMatchObject({ seq: seen.seq, messageId: seen.messageId });
      const next = await sender.send(conversation, 'good');
      await receiver.sees(conversation, 'good');
      expect(next.seq).toBe(seen.seq + 1);
      expect(receiver.textsIn(conversation)).toEqual(['did you get it?', 'good']);
    });

    it('goes on with the sends of an application that ended before they were answered', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const receiver = await world().join(bob);
      const store = lastingStore();
      const before = await world().join(ann, { store, gateway: 0 });
      before.line.deafen();
      for (const text of ['one', 'two', 'three']) before.client.conversation(conversation).send(text);
      await receiver.sees(conversation, 'three');
      before.client.close();
      expect(store.sends.size).toBe(3);
      const after = await world().join(ann, { store, gateway: 1 });
      const handles = after.client.pending;
      const last = await after.send(conversation, 'four');
      await Promise.all(handles.map(({ done }) => done));
      await receiver.reaches(conversation, last.seq);
      expect(receiver.textsIn(conversation)).toEqual(['one', 'two', 'three', 'four']);
      expect(after.textsIn(conversation)).toEqual(['one', 'two', 'three', 'four']);
      expect(store.sends.size).toBe(0);
    });

    it('refuses an id that was used for another message, and stores nothing of it', async () => {
      const [ann, bob, id] = world().ids('ann', 'bob', 'id');
      const conversation = between(ann, bob);
      const [phone, tablet] = await world().joinTwice(ann);
      const { seq } = await phone.send(conversation, 'the first', id);
      for (const device of [phone, tablet]) {
        await expect(device.send(conversation, 'another', id)).rejects.toMatchObject({ name: 'IDEMPOTENCY_CONFLICT' });
      }
      const urgent = phone.client.conversation(conversation).send('the first', { clientMsgId: id, priority: 'high' });
      await expect(urgent.done).rejects.toMatchObject({ name: 'IDEMPOTENCY_CONFLICT' });
      const after = await phone.send(conversation, 'the next');
      expect(after.seq).toBe(seq + 1);
      const events = await world().backEnd().history(conversation, after.seq);
      expect(events.map(({ body }) => body)).toEqual(['the first', 'the next']);
    });

    it('lets two users use the same id', async () => {
      const [ann, bob, id] = world().ids('ann', 'bob', 'id');
      const conversation = between(ann, bob);
      const [one, other] = await Promise.all([world().join(ann), world().join(bob)]);
      const first = await one.send(conversation, 'from ann', id);
      const second = await other.send(conversation, 'from bob', id);
      expect([first.seq, second.seq]).toEqual([1, 2]);
    });

    it('hands out every message once, however often connections break meanwhile', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      const receivers = await world().joinTwice(bob);
      const sends = Array.from({ length: 80 }, (_, n) => sender.client.conversation(conversation).send(`${n}`));
      for (const at of [10, 30, 50, 70]) {
        await sends[at]?.done;
        await Promise.all([sender, ...receivers].map((device) => device.reconnect()));
      }
      // A busy server may put some of them off.
      const places = await Promise.all(sends.map(async ({ done }, n) => ({ seq: (await done).seq, text: `${n}` })));
      const texts = places.toSorted((a, b) => a.seq - b.seq).map(({ text }) => text);
      for (const device of [sender, ...receivers]) {
        await device.reaches(conversation, sends.length);
        expect(device.textsIn(conversation)).toEqual(texts);
      }
      expect((await sender.send(conversation, 'the next')).seq).toBe(sends.length + 1);
    });
  });
}
