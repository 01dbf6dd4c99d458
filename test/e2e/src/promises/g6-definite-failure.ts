import { describe, expect, it } from '@jest/globals';
import { between, type World } from '../world/world.js';

/** G6: a send that was refused for good never appears; one of unknown outcome is settled by the same send. */
export function describeDefiniteFailure(world: () => World): void {
  describe('G6 definite failure', () => {
    it('never shows what a stranger tried to say in a group', async () => {
      const [ann, bob, eve] = world().ids('ann', 'bob', 'eve');
      const [owner, stranger] = [await world().join(ann), await world().join(eve)];
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      for (const priority of ['low', 'medium', 'high'] as const) {
        const refused = stranger.client.conversation(conversation).send('let me in', { priority });
        await expect(refused.done).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      }
      const { seq } = await owner.send(conversation, 'among us');
      const events = await world().backEnd().history(conversation, seq);
      expect(events.map(({ sender, body }) => `${sender} ${body}`)).not.toContain(`${eve} let me in`);
      expect(events.at(-1)).toMatchObject({ seq, body: 'among us' });
    });

    it('refuses to write into a conversation of two others, a group and a room that are not there', async () => {
      const [ann, bob, eve] = world().ids('ann', 'bob', 'eve');
      const stranger = await world().join(eve);
      for (const conversation of [between(ann, bob), `g:${world().id('nowhere')}`, `r:${world().id('nowhere')}`]) {
        await expect(stranger.send(conversation, 'hello?')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
        expect(await world().backEnd().headOf(conversation)).toBe(0);
      }
      expect(await world().backEnd().say(between(ann, bob), 'the first')).toBe(1);
    });

    it('refuses what is too long, and goes on with the next', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const sender = await world().join(ann);
      await expect(sender.send(conversation, 'x'.repeat(40_000))).rejects.toMatchObject({ name: 'MESSAGE_TOO_LARGE' });
      await expect(sender.send(conversation, 'x'.repeat(3_000))).rejects.toMatchObject({ name: 'MESSAGE_TOO_LARGE' });
      const { seq } = await sender.send(conversation, 'short');
      expect(seq).toBe(1);
      expect(sender.line.opened).toBe(1);
    });

    it('never shows what was refused after the sender had left, not even when the sender returns', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const [owner, leaver] = [await world().join(ann), await world().join(bob)];
      const { group } = await owner.client.createGroup({ members: [bob] });
      const conversation = `g:${group}`;
      await leaver.send(conversation, 'bye');
      await leaver.client.leaveGroup(group);
      await expect(leaver.send(conversation, 'one more thing')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await leaver.client.joinGroup(group);
      const { seq } = await leaver.send(conversation, 'back');
      const events = await world().backEnd().history(conversation, seq);
      expect(events.filter(({ sender }) => sender === bob).map(({ body }) => body)).toEqual(['bye', 'back']);
    });

    it('accepts a refused id for another attempt once it may succeed', async () => {
      const [ann, bob, id] = world().ids('ann', 'bob', 'id');
      const [owner, guest] = [await world().join(ann), await world().join(bob)];
      const { group } = await owner.client.createGroup();
      const conversation = `g:${group}`;
      const handle = guest.client.conversation(conversation).send('hello', { clientMsgId: id });
      await expect(handle.done).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await guest.client.joinGroup(group);
      handle.retry();
      const { seq } = await handle.done;
      await owner.sees(conversation, 'hello');
      expect((await world().backEnd().history(conversation, seq)).filter(({ clientMsgId }) => clientMsgId === id)).toHaveLength(1);
    });

    it('settles sends of unknown outcome by the same sends', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const ids = Array.from({ length: 20 }, () => world().id('id'));
      const first = await world().join(ann, { gateway: 0 });
      first.line.cutAfter(1);
      for (const id of ids.slice(0, 12)) first.client.conversation(conversation).send(id, { clientMsgId: id });
      await first.until('the end of the connection', () => first.client.status.state !== 'online' || undefined);
      first.client.close();
      const second = await world().join(ann, { gateway: 1 });
      await Promise.all(ids.map((id) => second.send(conversation, id, id)));
      const events = await world().backEnd().history(conversation, ids.length);
      expect(events.map(({ clientMsgId }) => clientMsgId).toSorted()).toEqual(ids.toSorted());
    });
  });
}
