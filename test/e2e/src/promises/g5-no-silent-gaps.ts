import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../world/actor.js';
import { readAll } from '../world/pages.js';
import { between, type World } from '../world/world.js';

const numbers = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function sendNumbers(sender: Actor, conversation: string, [from, to]: readonly [number, number]): Promise<void> {
  await Promise.all(numbers(from, to).map((n) => sender.send(conversation, `${n}`)));
}

/** G5: a receiver sees every seq it is entitled to, or sees the gap and fetches it. */
export function describeNoSilentGaps(world: () => World): void {
  describe('G5 no silent gaps', () => {
    it('brings a device that was away what it missed, in order and once', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      const receiver = await world().join(bob);
      await sendNumbers(sender, conversation, [1, 5]);
      await receiver.reaches(conversation, 5);
      // The line is dead, but the server believes in it: what it sends there is lost.
      receiver.line.deafen();
      await sendNumbers(sender, conversation, [6, 60]);
      receiver.line.heal();
      await receiver.reconnect();
      await sendNumbers(sender, conversation, [61, 65]);
      await receiver.reaches(conversation, 65);
      expect(receiver.seqsIn(conversation)).toEqual(numbers(1, 65));
      expect(receiver.gaps).toEqual([]);
    });

    it('loses nothing of what flows while receivers come and go', async () => {
      const users = world().ids('ann', 'bob', 'eve');
      const sender = await world().join(users[0]);
      const receivers = [...(await world().joinTwice(users[1])), ...(await world().joinTwice(users[2]))];
      const { group } = await sender.client.createGroup({ members: users });
      const conversation = `g:${group}`;
      const sends = Array.from({ length: 120 }, (_, n) => sender.client.conversation(conversation).send(`${n}`));
      for (const [n, device] of receivers.entries()) {
        await sends[n * 20 + 10]?.done;
        device.line.moveTo(world().url(n + 1));
        await device.reconnect();
      }
      const head = Math.max(...(await Promise.all(sends.map(({ done }) => done))).map(({ seq }) => seq));
      for (const device of receivers) {
        await device.reaches(conversation, head);
        expect(device.seqsIn(conversation)).toEqual(numbers(1, head));
      }
    });

    it('tells a new device everything that was said before it was there', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      const { group } = await sender.client.createGroup({ members: [bob] });
      await sendNumbers(sender, conversation, [1, 12]);
      await sendNumbers(sender, `g:${group}`, [1, 12]);
      const late = await world().join(bob);
      expect(late.seqsIn(conversation)).toEqual(numbers(1, 12));
      expect(late.textsIn(`g:${group}`)).toHaveLength(12);
    });

    it('says what it leaves out when too much was missed, and has it in history', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      await sendNumbers(sender, conversation, [1, 60]);
      const late = await world().join(bob, { limits: { catchUpMax: 20 } });
      expect(late.seqsIn(conversation)).toEqual(numbers(41, 60));
      expect(late.gaps).toEqual([{ conversation, fromSeq: 1, toSeq: 40, reason: 'catch-up-limit' }]);
      const fetched = await readAll(late.client.conversation(conversation), { from: 40, limit: 15 });
      expect(fetched.map(({ seq }) => seq)).toEqual(numbers(1, 40).toReversed());
    });

    it('goes on where an earlier run of the application stopped', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      const before = await world().join(bob, { gateway: 0 });
      await sendNumbers(sender, conversation, [1, 10]);
      await before.reaches(conversation, 10);
      const position = JSON.parse(JSON.stringify(before.client.position));
      before.client.close();
      await sendNumbers(sender, conversation, [11, 20]);
      const after = await world().join(bob, { gateway: 1, position });
      expect(after.seqsIn(conversation)).toEqual(numbers(11, 20));
    });

    it('puts events in order that overtook each other by priority', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      const receivers = await world().joinTwice(bob);
      const sends = Array.from({ length: 90 }, (_, n) =>
        sender.client.conversation(conversation).send(`${n}`, { priority: n % 10 === 5 ? 'high' : n % 2 === 0 ? 'medium' : 'low' }),
      );
      await Promise.all(sends.map(({ done }) => done));
      for (const device of [sender, ...receivers]) {
        await device.reaches(conversation, 90);
        expect(device.seqsIn(conversation)).toEqual(numbers(1, 90));
        expect(device.gaps).toEqual([]);
      }
    });
  });
}
