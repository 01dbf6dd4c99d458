import type { OwnedLogDeps, OwnedPosition, Recovered, RecoverOptions } from './api.js';
import { startOfLog } from './api.js';
import { ownedLogLimits } from './limits.js';
import { PartitionFold } from './partition-fold.js';
import { pause, untilDone } from './retry.js';
import { createSnapshotPointers } from './snapshot-pointers.js';

/**
 * Folds a partition up to its present end without claiming it; for readers that keep state of their own and
 * go on with followOwned. Rejects with the signal's reason, OffsetOutOfRangeError when the log no longer
 * reaches back to the start, OwnedLogGapError, OwnedRecordInvalidError or SnapshotBrokenError.
 */
export async function recoverPartition(deps: OwnedLogDeps, options: RecoverOptions): Promise<Recovered> {
  const fold = await beginFold(deps, options);
  await foldToEnd(deps, fold, options.signal);
  fold.finish();
  return { position: fold.position, positions: fold.positions };
}

/** A fold that stands where recovery has to start. */
export async function beginFold(deps: OwnedLogDeps, options: RecoverOptions): Promise<PartitionFold> {
  const { snapshots, from, signal } = options;
  if (snapshots === undefined) return new PartitionFold(options, from ?? startOfLog, false);
  const pointers = snapshots.pointers ?? createSnapshotPointers(deps);
  const pointer = await pointers.newest(options, signal);
  if (from !== undefined && from.offset < (pointer ?? startOfLog).offset) return new PartitionFold(options, from, false);
  return new PartitionFold(options, pointer ?? startOfLog, pointer !== undefined);
}

/** Folds everything that the log holds now. */
export async function foldToEnd(deps: OwnedLogDeps, fold: PartitionFold, signal: AbortSignal): Promise<void> {
  const { topic, partition } = fold.source;
  const { end } = await untilDone(deps, fold.source, signal, () => deps.log.range(topic, partition));
  await foldUntil(deps, fold, end, signal);
}

/** Folds the records below an offset, which must be in the log. */
export async function foldUntil(deps: OwnedLogDeps, fold: PartitionFold, until: number, signal: AbortSignal): Promise<void> {
  const { topic, partition } = fold.source;
  for (let idle = 0; fold.position.offset < until; ) {
    const from: OwnedPosition = fold.position;
    const read = () => deps.log.read(topic, partition, from.offset, { maxBytes: ownedLogLimits.foldReadBytes });
    const records = await untilDone(deps, fold.source, signal, read);
    signal.throwIfAborted();
    for (const record of records) {
      if (record.offset >= until) return;
      fold.take(record);
    }
    if (records.length === 0) await pause(deps, idle++, signal);
  }
}
