import type { PartitionOwner } from './api.js';
import type { SnapshotEntries, SnapshotOptions } from './snapshot-writer.js';

/**
 * Writes a whole snapshot between live appends and moves the partition's pointer to it. `entries` must keep
 * what SnapshotWriter asks for; pass a generator over the live Map:
 * `for (const [key, group] of groups) yield [key, encodeGroup(group)]`. Rejects like `append`; an unfinished
 * snapshot does no harm.
 */
export async function takeSnapshot(owner: PartitionOwner, entries: SnapshotEntries, options?: SnapshotOptions): Promise<void> {
  const writer = owner.beginSnapshot(entries, options);
  while (!(await writer.next()));
}
