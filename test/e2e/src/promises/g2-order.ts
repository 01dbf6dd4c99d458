import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../world/actor.js';
import { between, type World } from '../world/world.js';

const priorities = ['low', 'medium', 'high'] as const;

/** What a device was handed, as `seq id`. */
const linesOf = (device: Actor, conversation: string): readonly string[] =>
  device.messagesIn(conversation).map(({ seq, clientMsgId }) => `${seq} ${clientMsgId}`);

/** G2: one total order per conversation, dense from 1, the same for everybody. */
export function describeOrder(world: () => World): void {
  describe('G2 order', () => {
    it('gives all devices of all members the same dense order while all of them send', async () => {
      const users = world().ids('ann', 'bob', 'eve');
      const devices = (await Promise.all(users.map((user) => world().joinTwice(user)))).flat();
      const { group } = await world()
        .backEnd()
        .call('group/createGroup', { group: world().id('g'), owner: users[0], members: users })
        .then(groupOf);
      const conversation = `g:${group}`;
      const sends = devices.flatMap((device, index) =>
        Array.from(
          { length: 15 },
          (_, n) => device.client.conversation(conversation).send(`${index}.${n}`, { priority: priorities[n % 3] ?? 'low' }).done,
        ),
      );
      const head = Math.max(...(await Promise.all(sends)).map(({ seq }) => seq));
      await Promise.all(devices.map((device) => device.reaches(conversation, head)));
      const events = await world().backEnd().history(conversation, head);
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
      const expected = events.filter(({ clientMsgId }) => clientMsgId !== '').map(({ seq, clientMsgId }) => `${seq} ${clientMsgId}`);
      expect(expected).toHaveLength(sends.length);
      for (const device of devices) expect(linesOf(device, conversation)).toEqual(expected);
    });

    it('gives both sides of a 1:1 conversation one order while both write', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const devices = [...(await world().joinTwice(ann)), ...(await world().joinTwice(bob))];
      const sends = devices.flatMap((device, index) =>
        Array.from({ length: 10 }, (_, n) => device.client.conversation(conversation).send(`${index}.${n}`).done),
      );
      const seqs = (await Promise.all(sends)).map(({ seq }) => seq).sort((a, b) => a - b);
      expect(seqs).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      await Promise.all(devices.map((device) => device.reaches(conversation, 40)));
      const [first, ...others] = devices.map((device) => linesOf(device, conversation));
      for (const other of others) expect(other).toEqual(first);
    });

    it('puts notices of membership into the same order as messages', async () => {
      const [ann, bob, eve] = world().ids('ann', 'bob', 'eve');
      const owner = await world().join(ann);
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      const first = await owner.send(conversation, 'before');
      await owner.client.inviteToGroup(group, [eve]);
      const last = await owner.send(conversation, 'after');
      await owner.reaches(conversation, last.seq);
      const [notice] = owner.noticesIn(conversation).filter(({ joined }) => joined.includes(eve));
      expect([first.seq, notice?.seq, last.seq]).toEqual([first.seq, first.seq + 1, first.seq + 2]);
      expect(owner.seqsIn(conversation)).toEqual(Array.from({ length: last.seq }, (_, index) => index + 1));
    });

    it('counts every conversation by itself', async () => {
      const [ann, bob, eve] = world().ids('ann', 'bob', 'eve');
      const sender = await world().join(ann);
      const places = [];
      for (const peer of [bob, eve, bob, eve]) places.push((await sender.send(between(ann, peer), 'hi')).seq);
      expect(places).toEqual([1, 1, 2, 2]);
    });
  });
}

const groupOf = (answer: Readonly<Record<string, unknown>>): { readonly group: string } => answer['group'] as { readonly group: string };
