import { afterAll, describe, it } from '@jest/globals';
import type { World } from '../world/world.js';
import { Circle } from './circle.js';
import { beBlocked, beBlockedOneWay, becomeFriends, nameFriends } from './social-friends.js';
import { askToJoin, mentionSome, runGroup, tellOnlySome } from './social-group.js';
import { deleteForOneself, reactTogether, recallInTime, recallTooLate, settleOnOneDevice, typeToOnlookers } from './social-messages.js';
import { socialApp } from './use-case-apps.js';

/** Friends, those who are not, and a group of them. */
export function describeSocial(world: () => World): void {
  describe('a circle of friends', () => {
    let gathering: Promise<Circle> | undefined;
    let strictGathering: Promise<Circle> | undefined;
    const circle = (): Promise<Circle> => {
      gathering ??= Circle.gather(world());
      return gathering;
    };
    const strictCircle = (): Promise<Circle> => {
      strictGathering ??= Circle.gather(world(), { app: socialApp });
      return strictGathering;
    };
    afterAll(async () => {
      (await gathering)?.close();
      (await strictGathering)?.close();
    });

    it('makes friends of those who ask and are accepted, on all their devices', async () => becomeFriends(await circle()));
    it('calls friends what one user calls them, on that user’s devices only', async () => nameFriends(await circle()));
    it('shows who types to those who look, and to nobody else', async () => typeToOnlookers(await circle()));
    it('stops all that comes from either side of a block until it is lifted', async () => beBlocked(await circle()));
    it('leaves those who block free to write where the app says so', async () => beBlockedOneWay(await strictCircle()));
    it('lets in who is let in', async () => askToJoin(await circle()));
    it('keeps to roles, mutes and slow mode, and shows names of the group', async () => runGroup(await circle()));
    it('shows a message for some to them, and to the others that there is one', async () => tellOnlySome(await circle()));
    it('marks what names somebody until they have read it', async () => mentionSome(await circle()));
    it('counts reactions alike on all devices and on the server', async () => reactTogether(await circle()));
    it('takes a message back everywhere, also from a device that was away', async () => recallInTime(await circle()));
    it('takes nothing back when the time for it is over', async () => recallTooLate(await strictCircle()));
    it('deletes for one user what the others keep', async () => deleteForOneself(await circle()));
    it('brings drafts, pins, mutes and names to the user’s other device at once', async () => settleOnOneDevice(await circle()));
  });
}
