import { type CancelTimer, type Clock, partitionOf, systemClock } from '@parley/kernel';
import type { OwnerDirectory } from '@parley/rpc';
import { runtimeLimits } from './limits.js';

/** Name of the gateways in the owner directory. */
export const gatewayService = 'gateway';

/** Gateways own no partitions: their entries are told apart by a number made of their address. */
const slots = 2 ** 31;

export interface GatewayEntryOptions {
  readonly directory: OwnerDirectory;
  readonly address: string;
  readonly peer: string;
  readonly clock?: Clock;
}

/**
 * Makes a gateway known to the operators' calls, and to the others as one that lives, again and again until it is
 * taken off the list, which is what the answer does.
 */
export async function publishGateway({ directory, address, peer, clock = systemClock }: GatewayEntryOptions): Promise<() => Promise<void>> {
  const entry = { service: gatewayService, partition: partitionOf('', address, slots), fence: 0, peer };
  let publishing = directory.publish({ ...entry, address });
  await publishing;
  let cancel: CancelTimer = () => {};
  const arm = (): void => {
    cancel = clock.setTimer(runtimeLimits.gatewayEveryMs, () => {
      // One that fails is made up for by the next.
      publishing = directory.publish({ ...entry, address }).catch(() => {});
      arm();
    });
  };
  arm();
  return async () => {
    cancel();
    await publishing; // else it could come behind the entry with which the gateway leaves
    await directory.publish({ ...entry, address: '' });
  };
}
