import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { appToken, type TokenClaims } from '@parley/testkit';
import { patiently } from '../world/patiently.js';
import { between, type World } from '../world/world.js';

/** G11: nothing crosses an app id. */
export function describeTenancy(world: () => World): void {
  describe('G11 tenancy', () => {
    it('keeps users of the same name in two apps apart', async () => {
      const [ann, bob, id] = world().ids('ann', 'bob', 'id');
      const conversation = between(ann, bob);
      const here = { ann: await world().join(ann), bob: await world().join(bob) };
      const there = { ann: await world().join(ann, { app: 1 }), bob: await world().join(bob, { app: 1 }) };
      const first = await here.ann.send(conversation, 'in one', id);
      const second = await there.ann.send(conversation, 'in two', id);
      expect([first.seq, second.seq]).toEqual([1, 1]);
      await here.bob.sees(conversation, 'in one');
      await there.bob.sees(conversation, 'in two');
      await here.bob.send(conversation, 'over');
      await there.bob.send(conversation, 'over');
      for (const device of [here.ann, here.bob]) await device.reaches(conversation, 2);
      for (const device of [there.ann, there.bob]) await device.reaches(conversation, 2);
      for (const device of [here.ann, here.bob]) expect(device.textsIn(conversation)).toEqual(['in one', 'over']);
      for (const device of [there.ann, there.bob]) expect(device.textsIn(conversation)).toEqual(['in two', 'over']);
    });

    it('keeps groups of the same id in two apps apart', async () => {
      const [ann, bob, group] = world().ids('ann', 'bob', 'group');
      const conversation = `g:${group}`;
      const here = await world().join(ann);
      const there = await world().join(bob, { app: 1 });
      await here.client.createGroup({ id: group });
      await expect(there.client.joinGroup(group)).rejects.toMatchObject({ name: 'GROUP_NOT_FOUND' });
      await expect(there.send(conversation, 'hello?')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await expect(there.client.group(group).history()).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await there.client.createGroup({ id: group });
      const ours = await here.send(conversation, 'ours');
      const theirs = await there.send(conversation, 'theirs');
      await here.sees(conversation, 'ours');
      await there.sees(conversation, 'theirs');
      expect(here.textsIn(conversation)).toEqual(['ours']);
      expect(there.textsIn(conversation)).toEqual(['theirs']);
      const textsOf = async (app: number, seq: number): Promise<readonly string[]> =>
        (await world().backEnd(app).history(conversation, seq)).flatMap(({ sender, body }) => (body === '' ? [] : [`${sender}: ${body}`]));
      expect(await textsOf(0, ours.seq)).toEqual([`${ann}: ours`]);
      expect(await textsOf(1, theirs.seq)).toEqual([`${bob}: theirs`]);
    });

    it('keeps rooms of the same id in two apps apart, messages that are not stored included', async () => {
      const [ann, bob, room] = world().ids('ann', 'bob', 'room');
      const conversation = `r:${room}`;
      const here = [await world().join(ann), await world().join(bob)] as const;
      const there = [await world().join(ann, { app: 1 }), await world().join(bob, { app: 1 })] as const;
      for (const device of [...here, ...there]) await device.client.enterRoom(room);
      const payload = new TextEncoder().encode('x');
      await patiently(() => here[0].client.room(room).send({ type: 'command', payload }).done);
      await here[0].send(conversation, 'ours');
      await there[0].send(conversation, 'theirs');
      await here[1].sees(conversation, 'ours');
      await there[1].sees(conversation, 'theirs');
      expect(there[1].messagesIn(conversation).map(({ content }) => content.type)).toEqual(['text']);
      expect(there[1].textsIn(conversation)).toEqual(['theirs']);
      await here[1].until('the command', () => here[1].messagesIn(conversation).find(({ content }) => content.type === 'command'));
    });

    it.each<[string, (world: World, user: string) => string]>([
      ['names one app and is signed by another', (of, user) => appToken({ ...of.app(1), id: of.app(0).id }, user)],
      [
        'is signed with the secret of another app under the own key id',
        (of, user) => appToken({ ...of.app(0), secret: of.app(1).secret }, user),
      ],
      ['names an app that is not there', (of, user) => forged(of, user, { iss: 'nobody' })],
      ['has ended', (of, user) => forged(of, user, { exp: Math.floor(systemClock.now() / 1000) - 3_600 })],
    ])('refuses a token that %s', async (_, tokenFor) => {
      const user = world().id('ann');
      const device = world().device(user, { token: () => tokenFor(world(), user) });
      await expect(device.client.connect()).rejects.toMatchObject({ name: expect.stringMatching(/^(UNAUTHENTICATED|TOKEN_EXPIRED)$/) });
      expect(device.client.status.state).toBe('closed');
    });
  });
}

const forged = (world: World, user: string, claims: TokenClaims): string => appToken(world.app(0), user, claims);
