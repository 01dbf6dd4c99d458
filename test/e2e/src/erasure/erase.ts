import { eventually } from '../world/eventually.js';
import type { World } from '../world/world.js';

/** Erases a user, call by call, until nothing is left to do. */
export async function eraseUser(world: World, user: string): Promise<void> {
  await eventually(`the erasure of ${user}`, async () => {
    const { isComplete } = await world.backEnd().call('user/eraseUser', { user });
    return isComplete === true ? true : undefined;
  });
}
