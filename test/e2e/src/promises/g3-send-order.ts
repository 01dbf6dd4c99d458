import { describe, expect, it } from '@jest/globals';
import type { SendHandle, SendPriority } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { between, type World } from '../world/world.js';

const priorities: readonly SendPriority[] = ['high', 'low', 'medium'];

function sendMany(
  device: Actor,
  conversation: string,
  { count, priority }: { readonly count: number; readonly priority: SendPriority },
): SendHandle[] {
  return Array.from({ length: count }, (_, n) => device.client.conversation(conversation).send(`${priority} ${n}`, { priority }));
}

const placesOf = async (handles: readonly SendHandle[]): Promise<readonly number[]> =>
  (await Promise.all(handles.map(({ done }) => done))).map(({ seq }) => seq);

const rising = (seqs: readonly number[]): readonly number[] => seqs.toSorted((a, b) => a - b);

/** G3: what was acknowledged before comes before; one device's sends of one priority keep their order. */
export function describeSendOrder(world: () => World): void {
  describe('G3 send order', () => {
    it('gives a later send a later place, whoever sent the earlier one and however urgent it is', async () => {
      const users = world().ids('ann', 'bob');
      const conversation = between(...users);
      const devices = (await Promise.all(users.map((user) => world().joinTwice(user)))).flat();
      const places: number[] = [];
      for (let n = 0; n < 24; n++) {
        const device = devices[(n * 3) % devices.length];
        if (device === undefined) throw new Error('no device');
        const { seq } = await device.client.conversation(conversation).send(`${n}`, { priority: priorities[n % 3] ?? 'low' }).done;
        places.push(seq);
      }
      expect(places).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    });

    it('keeps the order of what one device sends without waiting', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const sender = await world().join(ann);
      const places = await placesOf(sendMany(sender, between(ann, bob), { count: 150, priority: 'medium' }));
      expect(places).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
    });

    it('keeps the order within every priority when a device sends all of them at once', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const sender = await world().join(ann);
      const lines = priorities.map((priority) => sendMany(sender, between(ann, bob), { count: 30, priority }));
      for (const line of lines) {
        const places = await placesOf(line);
        expect(places).toEqual(rising(places));
      }
    });

    it('keeps the order over connections that break in the middle', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const receivers = await world().joinTwice(bob);
      const sender = await world().join(ann, { gateway: 0 });
      const sends: SendHandle[] = [];
      for (let round = 0; round < 5; round++) {
        sender.line.moveTo(world().url(round + 1));
        sender.line.cutAfter(1 + (round % 2));
        sends.push(...sendMany(sender, conversation, { count: 25, priority: 'medium' }));
        await sends.at(-20)?.done;
        sender.line.cut();
        sends.push(...sendMany(sender, conversation, { count: 5, priority: 'medium' }));
        await sender.comeBack();
      }
      const places = await placesOf(sends);
      expect(places).toEqual(Array.from({ length: sends.length }, (_, index) => index + 1));
      for (const device of receivers) {
        await device.reaches(conversation, places.length);
        expect(device.messagesIn(conversation).map(({ clientMsgId }) => clientMsgId)).toEqual(sends.map(({ clientMsgId }) => clientMsgId));
      }
    });

    it('keeps the order of what was sent before the first login', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const sender = world().device(ann);
      const sends = sendMany(sender, between(ann, bob), { count: 20, priority: 'high' });
      await sender.client.connect();
      expect(await placesOf(sends)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    });
  });
}
