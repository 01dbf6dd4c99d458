import { encodeOwnedRecord, OwnedRecordKind } from '@parley/contracts/events';
import { randomId } from '@parley/kernel';
import type { ClaimOptions, OwnedLogDeps, PartitionOwner } from './api.js';
import { OwnedLogGapError, type PartitionName } from './errors.js';
import { FencedAppender } from './fenced-appender.js';
import { LogPartitionOwner } from './log-partition-owner.js';
import { beginFold, foldToEnd, foldUntil } from './recover-partition.js';
import { untilDone } from './retry.js';

/**
 * Makes the caller the owner of a partition: folds what is there, appends a claim, folds up to that claim.
 * Folding first keeps the time short in which the former owner is fenced and the new one not ready.
 * Rejects with the signal's reason, or like recoverPartition.
 */
export async function claimPartition(deps: OwnedLogDeps, options: ClaimOptions): Promise<PartitionOwner> {
  const { topic, partition, signal } = options;
  const source: PartitionName = { topic, partition };
  const fold = await beginFold(deps, options);
  await foldToEnd(deps, fold, signal);
  const nonce = randomId(deps.random);
  const claim = encodeOwnedRecord({ kind: OwnedRecordKind.CLAIM, nonce, timeMs: deps.clock.now() });
  // An unknown outcome may leave several copies; the one that is known to be in the log is the fence.
  const append = () => deps.log.append(topic, partition, [{ value: claim }]);
  const { firstOffset: fence } = await untilDone(deps, source, signal, append);
  await foldUntil(deps, fold, fence + 1, signal);
  fold.finish();
  if (fold.position.fence !== fence || fold.nonce !== nonce) {
    throw new OwnedLogGapError(source, fence, 'the claim is not where the log said');
  }
  const appender = new FencedAppender(deps, { source, position: fold.position, nonce, signal });
  return new LogPartitionOwner(appender, fold.positions, options.onAppended);
}
