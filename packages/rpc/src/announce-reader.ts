import type { CancelTimer, Clock } from '@parley/kernel';
import type { Owner, OwnerDirectory } from './owner-directory.js';
import { rpcLimits } from './limits.js';

/**
 * Publishes a reader of a partition. Readers claim nothing, so two may believe for a moment that the partition is
 * theirs, and one that was frozen does not learn that it was replaced. When another one has published itself and this
 * one still serves the partition a while later, it does so again. Resolves with the way to stop; rejects when nothing
 * could be published.
 */
export async function announceReader(
  deps: { readonly directory: OwnerDirectory; readonly clock: Clock },
  reader: Owner,
): Promise<() => void> {
  const { directory, clock } = deps;
  const { service, partition, peer } = reader;
  let isStopped = false;
  let cancel: CancelTimer | undefined;
  const repeat = (): void => {
    cancel = undefined;
    if (directory.ownerOf(service, partition)?.peer !== peer) directory.publish(reader).catch(repeatLater);
  };
  const repeatLater = (): void => {
    if (!isStopped) cancel ??= clock.setTimer(rpcLimits.announceAgainMs, repeat);
  };
  const unwatch = directory.onChange((owner) => {
    if (owner.service === service && owner.partition === partition && owner.peer !== peer) repeatLater();
  });
  const stop = (): void => {
    isStopped = true;
    unwatch();
    cancel?.();
  };
  try {
    await directory.publish(reader);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
