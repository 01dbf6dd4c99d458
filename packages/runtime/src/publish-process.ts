import { type CancelTimer, type Clock, partitionOf, systemClock } from '@parley/kernel';
import type { OwnerDirectory } from '@parley/rpc';
import { runtimeLimits } from './limits.js';

/** Name of the gateways in the owner directory. */
export const gatewayService = 'gateway';

/** These processes own no partitions: their entries are told apart by a number made of their address. */
const slots = 2 ** 31;

export interface GatewayEntryOptions {
  readonly directory: OwnerDirectory;
  readonly address: string;
  readonly peer: string;
  readonly clock?: Clock;
}

export interface ProcessEntryOptions extends GatewayEntryOptions {
  /** Name in the owner directory. */
  readonly service: string;
}

/** Makes a gateway known to the operators' calls, and to the others as one that lives. See publishProcess. */
export const publishGateway = (options: GatewayEntryOptions): Promise<() => Promise<void>> =>
  publishProcess({ ...options, service: gatewayService });

/**
 * Makes a process known that serves without owning partitions, and says again and again that it lives until it is
 * taken off the list, which is what the answer does.
 */
export async function publishProcess(options: ProcessEntryOptions): Promise<() => Promise<void>> {
  const { service, directory, address, peer, clock = systemClock } = options;
  const entry = { service, partition: partitionOf('', address, slots), fence: 0, peer };
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
    await publishing; // else it could come behind the entry with which the process leaves
    await directory.publish({ ...entry, address: '' });
  };
}
