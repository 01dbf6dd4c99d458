import { channelOfUser, partitionOf } from '@parley/kernel';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';

/** Which of the users have no connected session. */
export async function awayAmong(
  { router, partitions }: Pick<PushDeps, 'router' | 'partitions'>,
  app: string,
  users: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const away = new Set(users);
  const calls: Promise<void>[] = [];
  for (const batch of batchesByPartition(app, away, partitions)) {
    const call = router.queryPresence({ app, users: batch });
    calls.push(
      call.then(({ online }) => {
        for (const user of online) away.delete(user);
      }),
    );
  }
  await Promise.all(calls);
  return away;
}

function batchesByPartition(app: string, users: Iterable<string>, partitions: number): string[][] {
  const byPartition = new Map<number, string[]>();
  const batches: string[][] = [];
  for (const user of users) {
    const partition = partitionOf(app, channelOfUser(user), partitions);
    let batch = byPartition.get(partition);
    if (batch === undefined || batch.length >= pushLimits.presenceUsers) {
      batch = [];
      byPartition.set(partition, batch);
      batches.push(batch);
    }
    batch.push(user);
  }
  return batches;
}
