import { describe, expect, it } from '@jest/globals';
import type { Conversation } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { between, type World } from '../world/world.js';

const rounds = 5;

/** G1: what was acknowledged shows in whatever is asked for after that, by whomever and through whichever gateway. */
export function describeReads(world: () => World): void {
  describe('G1 reads', () => {
    it('show what was acknowledged before they were asked for', async () => {
      const [ann, bob] = world().ids('ann', 'bob');
      const conversation = between(ann, bob);
      const [phone, tablet] = await world().joinTwice(ann);
      const others = await world().joinTwice(bob);
      const asTold = (device: Actor): Conversation => device.client.conversation(conversation);
      for (let round = 1; round <= rounds; round++) {
        const root = await asTold(phone).send(`root ${round}`).done;
        await asTold(phone).edit(root.seq, `edited ${round}`).done;
        for (const device of [tablet, ...others]) expect(textsOf(await asTold(device).messages([root.seq]))).toEqual([`edited ${round}`]);

        const answer = await asTold(others[0]).reply(root.seq, 'an answer').done;
        for (const device of [phone, tablet]) {
          expect((await asTold(device).replies(root.seq)).messages.map(({ seq }) => seq)).toEqual([answer.seq]);
        }
        await asTold(others[1]).react(root.seq, 'yes').done;
        expect((await asTold(phone).reactions(root.seq)).reactions).toMatchObject([{ user: bob, reaction: 'yes' }]);
        await asTold(others[0]).pin(root.seq).done;
        expect((await asTold(tablet).pins()).map(({ seq }) => seq)[0]).toBe(root.seq);

        // What takes no place in the conversation's order is told all the same.
        await asTold(phone).hide(answer.seq).done;
        const { events } = await asTold(tablet).history({ limit: 10 });
        expect(events.find(({ seq }) => seq === answer.seq)?.type).toBe('hidden');
        await asTold(phone).settings.mark([round]).done;
        expect((await tablet.client.queryConversations({ mark: round })).conversations.map((item) => item.conversation)).toEqual([
          conversation,
        ]);
        expect(await world().backEnd().headOf(conversation)).toBeGreaterThan(answer.seq);
      }
    });
  });
}

const textsOf = (events: readonly { readonly type: string; readonly content?: unknown }[]): readonly unknown[] =>
  events.map(({ content }) => (content as { readonly text?: string } | undefined)?.text);
