import { inParallel } from '../in-parallel.js';
import { userLimits } from '../limits.js';
import type { EraseDeps, Erasure } from './erase-user.js';

/** Takes back what the user has asked in groups and nobody has answered: wishes to join, invitations. Done in one turn. */
export async function eraseGroupRequests({ group, partitions }: EraseDeps, { app, user, call }: Erasure): Promise<boolean> {
  await inParallel([...Array(partitions).keys()], userLimits.eraseWidth, async (partition) => {
    await group.withdrawRequests({ app, user, partition }, call);
  });
  return true;
}
