import { describe, expect, it } from '@jest/globals';
import type { SendHandle, SendPriority } from '@parley/sdk';
import { onPostponed } from '../load/answers.js';
import type { Actor } from '../world/actor.js';
import { between, type World } from '../world/world.js';

const priorities: readonly SendPriority[] = ['high', 'low', 'medium'];
/** As many HIGH messages as a client may send at once. */
const highAtOnce = 10;

interface LineOptions {
  readonly conversation: string;
  readonly priority: SendPriority;
}

/** What one device sends with one priority, without waiting. */
class Line {
  readonly #device: Actor;
  readonly #options: LineOptions;
  readonly #sends: SendHandle[] = [];
  /** Those that a busy server has put off: others may overtake them. */
  readonly #postponed = new Set<SendHandle>();

  constructor(device: Actor, options: LineOptions) {
    this.#device = device;
    this.#options = options;
  }

  /** The first of so many more. */
  send(count: number): SendHandle | undefined {
    const { conversation, priority } = this.#options;
    const from = this.#sends.length;
    for (let n = from; n < from + count; n++) {
      const handle = this.#device.client.conversation(conversation).send(`${priority} ${n}`, { priority });
      onPostponed(this.#device, handle, () => this.#postponed.add(handle));
      this.#sends.push(handle);
    }
    return this.#sends[from];
  }

  /** Expects each to have a place of its own, in the order in which they were sent. Answers the places in their order, with ids. */
  async expectOrder(): Promise<readonly (readonly [seq: number, id: string])[]> {
    const places = await Promise.all(this.#sends.map(async (handle) => ({ handle, seq: (await handle.done).seq })));
    const kept = places.filter(({ handle }) => !this.#postponed.has(handle)).map(({ seq }) => seq);
    expect(kept).toEqual(kept.toSorted((a, b) => a - b));
    expect(new Set(places.map(({ seq }) => seq)).size).toBe(this.#sends.length);
    return places.map(({ seq, handle }) => [seq, handle.clientMsgId] as const).sort(([a], [b]) => a - b);
  }

  /** The same in a conversation where nobody else says anything. */
  async expectOrderAlone(): Promise<readonly string[]> {
    const places = await this.expectOrder();
    expect(places.map(([seq]) => seq)).toEqual(places.map((_, index) => index + 1));
    return places.map(([, id]) => id);
  }
}

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
      const line = new Line(await world().join(ann), { conversation: between(ann, bob), priority: 'medium' });
      line.send(150);
      expect(await line.expectOrderAlone()).toHaveLength(150);
    });

    it('keeps the order within every priority when a device sends all of them at once', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const sender = await world().join(ann);
      const lines = priorities.map((priority) => new Line(sender, { conversation: between(ann, bob), priority }));
      for (const line of lines) line.send(highAtOnce);
      for (const line of lines) expect(await line.expectOrder()).toHaveLength(highAtOnce);
    });

    it('keeps the order over connections that break in the middle', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const receivers = await world().joinTwice(bob);
      const sender = await world().join(ann, { gateway: 0 });
      const line = new Line(sender, { conversation, priority: 'medium' });
      for (let round = 0; round < 5; round++) {
        sender.line.moveTo(world().url(round + 1));
        sender.line.cutAfter(1 + (round % 2));
        line.send(5);
        await line.send(20)?.done;
        sender.line.cut();
        line.send(5);
        await sender.comeBack();
      }
      const ids = await line.expectOrderAlone();
      expect(ids).toHaveLength(150);
      for (const device of receivers) {
        await device.reaches(conversation, ids.length);
        expect(device.messagesIn(conversation).map(({ clientMsgId }) => clientMsgId)).toEqual(ids);
      }
    });

    it('keeps the order of what was sent before the first login', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const sender = world().device(ann);
      const line = new Line(sender, { conversation: between(ann, bob), priority: 'high' });
      line.send(highAtOnce);
      await sender.client.connect();
      expect(await line.expectOrderAlone()).toHaveLength(highAtOnce);
    });
  });
}
